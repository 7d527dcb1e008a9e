// From what a person types to the one object that is meant: exact names first, then beginnings; several are listed, never guessed between. Pure.
import type { KubeObject } from '../../kube/types.ts';

export type Found<T> =
  | { readonly kind: 'found'; readonly object: T }
  /** Names near what was typed, at most ten. */
  | { readonly kind: 'unknown'; readonly near: readonly string[] }
  | { readonly kind: 'ambiguous'; readonly candidates: readonly string[] };

export interface Wanted {
  /** NAME, NAMESPACE/NAME, or the beginning of a name. */
  readonly text: string;
  /** Where a name without a namespace is looked for first. */
  readonly namespace: string;
  /** False: nowhere else. */
  readonly elsewhere: boolean;
}

const MOST = 10;

/** The namespaced object that is meant; a unique beginning of a name is enough. */
export function findNamespaced<T extends KubeObject>(objects: readonly T[], wanted: Wanted): Found<T> {
  const slash = wanted.text.indexOf('/');
  const name = wanted.text.slice(slash + 1);
  const namespace = slash < 0 ? wanted.namespace : wanted.text.slice(0, slash);
  const here = objects.filter((object) => object.metadata.namespace === namespace);
  const others = slash < 0 && wanted.elsewhere ? objects.filter((object) => !here.includes(object)) : [];
  return (
    decided(here.filter((object) => object.metadata.name === name)) ??
    decided(here.filter((object) => object.metadata.name.startsWith(name))) ??
    decided(others.filter((object) => object.metadata.name === name)) ??
    decided(others.filter((object) => object.metadata.name.startsWith(name))) ?? {
      kind: 'unknown',
      near: nearTo(name, [...here, ...others]),
    }
  );
}

/** The same for objects without a namespace; `also` gives further names of one, such as its addresses. */
export function findClusterWide<T extends KubeObject>(
  objects: readonly T[],
  text: string,
  also: (object: T) => readonly string[] = () => [],
): Found<T> {
  return (
    decided(objects.filter((object) => object.metadata.name === text || also(object).includes(text))) ??
    decided(objects.filter((object) => object.metadata.name.startsWith(text))) ?? {
      kind: 'unknown',
      near: nearTo(text, objects),
    }
  );
}

function decided<T extends KubeObject>(objects: readonly T[]): Found<T> | undefined {
  const [only] = objects;
  if (only === undefined) return undefined;
  if (objects.length === 1) return { kind: 'found', object: only };
  return { kind: 'ambiguous', candidates: objects.map(nameOf).toSorted() };
}

/** `namespace/name`, or `name`. */
export function nameOf({ metadata }: KubeObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/** Those that contain what was typed, or a word of it. */
function nearTo(text: string, objects: readonly KubeObject[]): readonly string[] {
  const words = text.split(/[^a-z0-9]+/i).filter((word) => word.length > 2);
  const near = objects.filter(
    ({ metadata: { name } }) => name.includes(text) || words.some((word) => name.includes(word)),
  );
  return near.map(nameOf).toSorted().slice(0, MOST);
}
