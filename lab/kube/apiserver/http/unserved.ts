// What Kubernetes has and this server does not: refused by name with 501, where an unknown path is a plain 404; also the source of the documentation's list.
import type { Definition } from '../registry/definition.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { StatusError } from '../status.ts';
import { notImplemented } from '../status.ts';
import type { ReleaseResource } from './release-resources.ts';
import { releaseResources } from './release-resources.ts';
import { reviewResources } from './reviews.ts';

/** What is served, as far as it matters here: a registry has it. */
export interface Served {
  list(): readonly Pick<Definition, 'group' | 'version' | 'plural' | 'subresources'>[];
}

/** One thing that is refused with 501, as the documentation names it. */
export interface Unserved {
  /** `autoscaling/v2 horizontalpodautoscalers`, `pods/proxy`, `/debug/pprof`. */
  readonly what: string;
  readonly kind: 'resource' | 'subresource' | 'path' | 'form';
  /** What to use instead; '' when there is nothing. */
  readonly instead: string;
}

/** Paths of a real server outside its API. */
const PATHS = ['/debug/pprof', '/logs'];

/** Ways to talk that are not understood; whoever insists on one is told so. */
const FORMS: readonly Unserved[] = [
  { kind: 'form', what: 'answers as protobuf (406)', instead: 'name application/json in Accept as well' },
  { kind: 'form', what: 'requests as CBOR (415)', instead: 'application/json' },
  { kind: 'form', what: 'fields of protobuf requests beyond what kubectl sends (415)', instead: 'application/json' },
  { kind: 'form', what: 'documents nested more than 1,000 levels deep', instead: '' },
  { kind: 'form', what: 'HTTP/2', instead: 'HTTP/1.1, which every client speaks' },
];

/** Everything in the release that a server with these resources refuses, in the release's order. */
export function unserved(served: Served): readonly Unserved[] {
  const found: Unserved[] = [];
  for (const resource of releaseResources()) {
    const name = `${resource.group === '' ? '' : `${apiVersionOf(resource)} `}${resource.plural}`;
    const definition = servedAs(served, resource);
    if (definition === undefined) found.push({ kind: 'resource', what: name, instead: '' });
    const missing = resource.subresources.filter((sub) => definition?.some((word) => word === sub) === false);
    for (const sub of missing) found.push({ kind: 'subresource', what: `${name}/${sub}`, instead: '' });
  }
  return [...found, ...PATHS.map((what): Unserved => ({ kind: 'path', what, instead: '' })), ...FORMS];
}

/** The subresources of a served resource; `undefined` when it is not served. */
function servedAs(served: Served, { group, version, plural }: ReleaseResource): readonly string[] | undefined {
  if (version === 'v1' && reviewResources.some((review) => review.group === group && review.plural === plural))
    return [];
  return served.list().find((one) => one.group === group && one.version === version && one.plural === plural)
    ?.subresources;
}

/** The 501 for a resource or subresource of the release; `undefined` for what Kubernetes does not have either. */
export function unservedResource(
  asked: { readonly group: string; readonly version: string; readonly plural: string },
  subresource = '',
): StatusError | undefined {
  const known = releaseResources().find(
    ({ group, version, plural }) => group === asked.group && version === asked.version && plural === asked.plural,
  );
  if (known === undefined) return undefined;
  const where = asked.group === '' ? '' : ` of ${apiVersionOf(asked)}`;
  if (subresource === '') return notImplemented(`the resource ${asked.plural}${where}`);
  if (!known.subresources.includes(subresource)) return undefined;
  return notImplemented(`the subresource ${asked.plural}/${subresource}${where}`);
}

/** The 501 for a path outside resources: a group or version of the release that is not served, or another part of a real server. */
export function unservedPath(segments: readonly string[]): StatusError | undefined {
  const [root, group, version, more] = segments;
  if (root === 'apis' && group !== undefined && more === undefined) {
    const known = releaseResources().some(
      (one) => one.group === group && (version === undefined || one.version === version),
    );
    return known ? notImplemented(`the API group ${version === undefined ? group : `${group}/${version}`}`) : undefined;
  }
  const path = PATHS.find((one) => `/${segments.join('/')}/`.startsWith(`${one}/`));
  return path === undefined ? undefined : notImplemented(path);
}

/** Is it a group that Kubernetes itself owns? Paths in it are answered with a Status; those of unknown groups are not. */
export const isReleaseGroup = (group: string): boolean => releaseResources().some((one) => one.group === group);
