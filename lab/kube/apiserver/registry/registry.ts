// The table of served resources, changed while running as CustomResourceDefinitions come and go.
import type { Definition } from './definition.ts';
import { collectionId } from './definition.ts';

export interface Registry {
  /** The served resource of a path, or `undefined`. */
  find(group: string, version: string, plural: string): Definition | undefined;
  /** Any served version of a resource. */
  findAny(group: string, plural: string): Definition | undefined;
  findKind(group: string, version: string, kind: string): Definition | undefined;
  /** Everything served, in the order of registration. */
  list(): readonly Definition[];
  add(definition: Definition): void;
  /** Removes every version of a resource. */
  remove(group: string, plural: string): void;
  /** Called after each change; returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /** Rises with every change; discovery documents carry it as their hash. */
  readonly generation: number;
}

export function createRegistry(): Registry {
  const definitions = new Map<string, Definition>();
  const listeners = new Set<() => void>();
  let generation = 0;
  const changed = (): void => {
    generation += 1;
    for (const listener of listeners) listener();
  };
  const key = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`;
  return {
    find: (group, version, plural) => definitions.get(key(group, version, plural)),
    findAny: (group, plural) =>
      [...definitions.values()].find((definition) => definition.group === group && definition.plural === plural),
    findKind: (group, version, kind) =>
      [...definitions.values()].find(
        (definition) => definition.group === group && definition.version === version && definition.kind === kind,
      ),
    list: () => [...definitions.values()],
    add(definition) {
      definitions.set(key(definition.group, definition.version, definition.plural), definition);
      changed();
    },
    remove(group, plural) {
      const wanted = collectionId({ group, plural });
      for (const [name, definition] of definitions) if (collectionId(definition) === wanted) definitions.delete(name);
      changed();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get generation() {
      return generation;
    },
  };
}
