// Reading request bodies: bounded, JSON or YAML, and answered with Kubernetes' Status when they are neither.
import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { errorText } from '../../../../src/base/errors.ts';
import { badRequest, StatusError } from '../status.ts';

/** As a real server's limit for resource requests. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** The media type of a request without its parameters, lower case; '' when absent. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BODY_BYTES)
      throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The body as a value; `undefined` when empty. Throws 400, 413 or 415. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  if (text.trim() === '') return undefined;
  const type = mediaType(request);
  if (type.includes('protobuf') || type.includes('cbor'))
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`,
    );
  const isYaml = type.endsWith('yaml');
  try {
    return isYaml ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body of the request is not ${isYaml ? 'YAML' : 'JSON'}: ${errorText(error)}`);
  }
}
