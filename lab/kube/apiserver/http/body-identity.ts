// Is the object in a body of the kind that the path is about? Answers as a real server's decoders do.
import { isObject, stringAt } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import { badRequest } from '../status.ts';

/** Where a real server registers its kinds; its answers name the place. */
const SCHEME = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30';

/** Checks apiVersion, kind and the form of metadata. Throws 400. */
export function checkIdentity(registry: Registry, definition: Definition, body: unknown): void {
  if (!isObject(body)) return;
  const expected = apiVersionOf(definition);
  const apiVersion = stringAt(body, 'apiVersion') || expected;
  const kind = stringAt(body, 'kind') || definition.kind;
  if (definition.custom) checkCustom(definition, stringAt(body, 'apiVersion') ?? '');
  else if (apiVersion !== expected || kind !== definition.kind) throw otherKind(registry, definition, apiVersion, kind);
  const { metadata } = body;
  if (metadata === undefined || metadata === null || isObject(metadata)) return;
  const type = Array.isArray(metadata) ? 'array' : typeof metadata === 'boolean' ? 'bool' : typeof metadata;
  throw badRequest(
    `${kind} in version ${JSON.stringify(definition.version)} cannot be handled as a ${kind}: json: cannot unmarshal ${type} into Go struct field ${kind}.metadata of type v1.ObjectMeta`,
  );
}

/** Their kind is checked where they are decoded. */
function checkCustom(definition: Definition, apiVersion: string): void {
  const expected = apiVersionOf(definition);
  if (apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
}

function otherKind(registry: Registry, definition: Definition, apiVersion: string, kind: string): Error {
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  const known = registry.findKind(group, version, kind);
  const packageName = definition.group === '' ? 'core' : (definition.group.split('.')[0] ?? '');
  const why =
    known === undefined || known.custom
      ? `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme ${JSON.stringify(SCHEME)}`
      : `converting (${version}.${kind}) to (${packageName}.${definition.kind}): unknown conversion`;
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${definition.kind}: ${why}`);
}
