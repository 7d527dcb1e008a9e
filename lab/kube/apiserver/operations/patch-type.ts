// Which patch formats a resource takes, and reading the body of each.
import type { Definition } from '../registry/definition.ts';
import { badRequest, StatusError } from '../status.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const mediaTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** The format that a content type names. Throws 415 for others, and for strategic merge patches of custom resources. */
export function patchTypeOf({ custom }: Pick<Definition, 'custom'>, contentType: string): PatchType {
  const types = (Object.keys(mediaTypes) as PatchType[]).filter((type) => !custom || type !== 'strategic');
  const found = types.find((type) => mediaTypes[type] === contentType);
  if (found !== undefined) return found;
  // The router of built-in kinds refuses before the handler of patches sees the request.
  const text = custom
    ? `the body of the request was in an unknown format - accepted media types include: ${types.map((type) => mediaTypes[type]).join(', ')}`
    : '415: Unsupported Media Type';
  throw new StatusError(415, 'UnsupportedMediaType', text, {});
}

const PARSE_FAULT = "couldn't get version/kind; json parse error: ";

/** The body of a patch; the answers to bodies that cannot be read are those of the format. Throws 400. */
export async function readPatch(type: PatchType, read: () => Promise<unknown>): Promise<unknown> {
  let body: unknown;
  try {
    body = await read();
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error;
    if (type === 'apply') throw badRequest(`error decoding YAML: ${error.message}`);
    throw undecodable(type, error.message.replace(PARSE_FAULT, ''));
  }
  if (type === 'apply') {
    if (body === undefined || body === null || (typeof body === 'object' && !Array.isArray(body))) return body;
    throw badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonType(body)} into Go value of type map[string]interface {}`,
    );
  }
  if (body === undefined) throw undecodable(type, 'unexpected end of JSON input');
  const fits =
    body === null || (type === 'json' ? Array.isArray(body) : typeof body === 'object' && !Array.isArray(body));
  if (fits) return body;
  const goType = type === 'json' ? '[]handlers.jsonPatchOp' : 'map[string]interface {}';
  throw undecodable(type, `json: cannot unmarshal ${jsonType(body)} into Go value of type ${goType}`);
}

const undecodable = (type: PatchType, text: string): StatusError =>
  badRequest(type === 'strategic' ? text : `error decoding patch: ${text}`);

/** A value's type, as Go's decoder names it. */
export function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
