// What a request's target is about: a resource, or one of the server's own documents.

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
  /** The old form of a watch: `/api/v1/watch/...`. */
  readonly watch: boolean;
}

/** A request's target, decoded. */
export interface RequestTarget {
  /** The whole path, percent-decoded; neither dot segments nor doubled slashes are tidied, as on a real server. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Reads a request's target, origin form or absolute form; `undefined` when its escapes are broken. */
export function parseTarget(target: string): RequestTarget | undefined {
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*(.*)$/i.exec(target)?.[1] ?? target;
  const mark = origin.indexOf('?');
  const raw = mark < 0 ? origin : origin.slice(0, mark);
  try {
    return {
      path: decodeURIComponent(raw === '' ? '/' : raw),
      query: new URLSearchParams(mark < 0 ? '' : origin.slice(mark + 1)),
    };
  } catch {
    return undefined;
  }
}

/**
 * The segments of a path: one slash at the end does not count, an empty segment in between does (and matches nothing).
 * An escaped slash is a slash, since the path was decoded as a whole.
 */
export function segmentsOf(path: string): readonly string[] {
  const start = path.startsWith('/') ? 1 : 0;
  const end = path.endsWith('/') ? path.length - 1 : path.length;
  return start >= end ? [] : path.slice(start, end).split('/');
}

/** The resource that a path names, or `undefined` for every other path. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const [root, ...more] = segmentsOf(path);
  if (root === 'api') return afterVersion('', more);
  if (root !== 'apis') return undefined;
  const [group = '', ...afterGroup] = more;
  return group === '' ? undefined : afterVersion(group, afterGroup);
}

/** Subresources of Namespaces; any other third word is a resource inside the Namespace. */
const NAMESPACE_SUBRESOURCES = ['status', 'finalize'];

function afterVersion(group: string, [version = '', ...given]: readonly string[]): ResourcePath | undefined {
  const watch = given[0] === 'watch' && given.length > 1;
  const parts = watch ? given.slice(1) : given;
  const [first, namespace, third] = parts;
  if (version === '' || first === undefined) return undefined;
  const inNamespace =
    first === 'namespaces' &&
    third !== undefined &&
    !(parts.length === 3 && NAMESPACE_SUBRESOURCES.includes(third) && group === '');
  const [plural = '', name = '', subresource = '', ...rest] = inNamespace ? parts.slice(2) : parts;
  // An empty segment stands for nothing that could be found.
  if (parts.includes('')) return { group, version, namespace, plural: '', name: '', subresource: '', rest: [], watch };
  return { group, version, namespace: inNamespace ? namespace : undefined, plural, name, subresource, rest, watch };
}

/** Why a name cannot be part of a path, in Kubernetes' words (path.IsValidPathSegmentName); `undefined` when it can. */
export function pathNameFault(name: string): string | undefined {
  if (name === '.' || name === '..') return `may not be '${name}'`;
  return name.includes('%') ? "may not contain '%'" : undefined;
}

/** Does a query ask for a watch? Anything but a clear no does, as Kubernetes decodes booleans. */
export function asksToWatch(query: URLSearchParams): boolean {
  const given = query.get('watch');
  return given !== null && given !== '0' && given.toLowerCase() !== 'false';
}

/** The old form of a watch made into the present one: the collection, with `watch` and a selector of the name set in `query`. */
export function watchAsList(path: ResourcePath, query: URLSearchParams): ResourcePath {
  if (!path.watch) return path;
  query.set('watch', 'true');
  if (path.name !== '') query.set('fieldSelector', `metadata.name=${path.name}`);
  return { ...path, name: '' };
}
