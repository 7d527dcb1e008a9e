// What a request's path is about: a resource, or one of the server's own documents.

/** A path under /api or /apis that names a resource. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly plural: string;
  /** '' when the path is the collection's. */
  readonly name: string;
  /** '' when the path is the object's. */
  readonly subresource: string;
  /** What follows the subresource (`proxy/...`). */
  readonly rest: readonly string[];
}

/** The resource that a path names, or `undefined` for every other path. */
export function parseResourcePath(pathname: string): ResourcePath | undefined {
  const parts = segments(pathname);
  if (parts === undefined) return undefined;
  const [root, ...more] = parts;
  if (root === 'api') return afterVersion('', more);
  if (root !== 'apis') return undefined;
  const [group = '', ...afterGroup] = more;
  return group === '' ? undefined : afterVersion(group, afterGroup);
}

function segments(pathname: string): string[] | undefined {
  try {
    return pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** Subresources of Namespaces; any other third word is a resource inside the Namespace. */
const NAMESPACE_SUBRESOURCES = ['status', 'finalize'];

function afterVersion(group: string, [version = '', ...parts]: readonly string[]): ResourcePath | undefined {
  const [first, namespace, third] = parts;
  if (version === '' || first === undefined) return undefined;
  const inNamespace =
    first === 'namespaces' &&
    third !== undefined &&
    !(parts.length === 3 && NAMESPACE_SUBRESOURCES.includes(third) && group === '');
  const [plural = '', name = '', subresource = '', ...rest] = inNamespace ? parts.slice(2) : parts;
  return { group, version, namespace: inNamespace ? namespace : undefined, plural, name, subresource, rest };
}
