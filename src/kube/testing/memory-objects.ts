// For tests: objects in a map with resourceVersions, conflicts and not-founds, behind the write half of `KubeClient`.
import { ApiError } from '../api-error.ts';
import { keyOf } from '../object-key.ts';
import type { KubeClient, KubeObject, Resource } from '../types.ts';

export interface MemoryObjects {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace' | 'patch'>;
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Calls so far, as `verb name`. */
  readonly calls: readonly string[];
  remove(key: string): void;
  put(object: KubeObject): void;
  /** Asked before each call is carried out; what it throws is the call's failure, what it awaits delays it. */
  intercept(fn: ((verb: string) => Promise<void> | void) | undefined): void;
  /** Asked after a call was carried out; what it throws is the lost answer. */
  interceptAnswer(fn: ((verb: string) => Promise<void> | void) | undefined): void;
}

export const apiFailure = (status: number, reason: string): ApiError =>
  new ApiError({ status, reason, message: `${status} ${reason}` });

/** One resource at a time; `patch` merges the top level only. */
export function createMemoryObjects(): MemoryObjects {
  const objects = new Map<string, KubeObject>();
  const calls: string[] = [];
  let version = 0;
  let before: ((verb: string) => Promise<void> | void) | undefined;
  let after: ((verb: string) => Promise<void> | void) | undefined;
  const put = (object: KubeObject): KubeObject => {
    const stored = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } });
    objects.set(keyOf(stored), stored);
    return structuredClone(stored);
  };
  const call = async <T extends KubeObject>(verb: string, name: string, act: () => KubeObject): Promise<T> => {
    calls.push(`${verb} ${name}`);
    await before?.(verb);
    const result = act();
    await after?.(verb);
    return result as T;
  };
  const existing = (key: string): KubeObject => {
    const object = objects.get(key);
    if (object === undefined) throw apiFailure(404, 'NotFound');
    return structuredClone(object);
  };
  const keyFor = (name: string, namespace: string | undefined): string =>
    namespace === undefined ? name : `${namespace}/${name}`;
  return {
    client: {
      get: <T extends KubeObject>(_: Resource<T>, name: string, options: { namespace?: string } = {}) =>
        call<T>('get', name, () => existing(keyFor(name, options.namespace))),
      create: <T extends KubeObject>(_: Resource<T>, object: T) =>
        call<T>('create', object.metadata.name, () => {
          if (objects.has(keyOf(object))) throw apiFailure(409, 'AlreadyExists');
          return put(object);
        }),
      replace: <T extends KubeObject>(_: Resource<T>, object: T) =>
        call<T>('replace', object.metadata.name, () => {
          if (existing(keyOf(object)).metadata.resourceVersion !== object.metadata.resourceVersion)
            throw apiFailure(409, 'Conflict');
          return put(object);
        }),
      patch: <T extends KubeObject>(
        _: Resource<T>,
        name: string,
        patch: { body: unknown },
        options: { namespace?: string } = {},
      ) =>
        call<T>('patch', name, () => put({ ...existing(keyFor(name, options.namespace)), ...(patch.body as object) })),
    },
    objects,
    calls,
    remove: (key) => objects.delete(key),
    put: (object) => void put(object),
    intercept: (fn) => {
      before = fn;
    },
    interceptAnswer: (fn) => {
      after = fn;
    },
  };
}
