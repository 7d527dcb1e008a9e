// Our finalizer on Namespaces: on before the first record of something that their Pods have in the cloud, off when there is nothing left.
import { finalizers } from '../../../api/keys.ts';
import { isConflict, isNotFound } from '../../../kube/api-error.ts';
import { namespaces } from '../../../kube/resources.ts';
import type { Namespace } from '../../../kube/resources.ts';
import type { Informer, KubeClient } from '../../../kube/types.ts';
import { createWriteMemory } from '../../write-memory.ts';

export interface NamespaceHolds {
  /**
   * Runs `work`, which writes the record of something in the cloud, once the namespace carries our finalizer: no call when it does already, one for
   * all who ask at the same time. Answers false, with nothing run, when the namespace is on its way out or gone.
   */
  holding(namespace: string, signal: AbortSignal, work: () => Promise<void>): Promise<boolean>;
  /** Puts the finalizer on; false when the namespace is on its way out or gone. */
  putOn(namespace: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Takes the finalizer off when `isEmpty` says so, during which nothing begins to hold; false when something does, or it is not empty. Answers
   * the namespace as it then is, undefined when it went.
   */
  takeOff(
    namespace: string,
    signal: AbortSignal,
    isEmpty: () => Promise<boolean>,
  ): Promise<false | { readonly left: Namespace | undefined }>;
  /** Our own last write, or what the cache has. */
  latest(namespace: string): Namespace | undefined;
}

/** Others write Namespaces too, but not all the time. */
const TRIES = 8;

export const isHeld = ({ metadata }: Namespace): boolean =>
  metadata.finalizers?.includes(finalizers.namespace) ?? false;
export const isLeaving = ({ metadata }: Namespace): boolean => metadata.deletionTimestamp !== undefined;

type Client = Pick<KubeClient, 'get' | 'patch'>;

export function createNamespaceHolds(client: Client, informer: Informer<Namespace>): NamespaceHolds {
  const memory = createWriteMemory(informer);
  const holders = new Map<string, number>();
  const puttingOn = new Map<string, Promise<boolean>>();
  const takingOff = new Map<string, Promise<unknown>>();

  const write = async (namespace: Namespace, list: readonly string[], signal: AbortSignal): Promise<Namespace> => {
    const { name, resourceVersion } = namespace.metadata;
    const body = { metadata: { resourceVersion, finalizers: list } };
    const written = await client.patch(namespaces, name, { type: 'merge', body }, { signal });
    memory.wrote(written);
    return written;
  };

  /** Repeats on a newer object when somebody else wrote meanwhile; undefined when the namespace is gone. */
  const change = async (
    name: string,
    signal: AbortSignal,
    wanted: (namespace: Namespace) => readonly string[] | 'nothing',
  ): Promise<Namespace | undefined> => {
    try {
      let known = memory.latest(name) ?? (await client.get(namespaces, name, { signal }));
      for (let tries = 1; ; tries += 1) {
        const list = wanted(known);
        if (list === 'nothing') return known;
        try {
          return await write(known, list, signal);
        } catch (error) {
          if (!isConflict(error) || tries === TRIES) throw error;
          known = await client.get(namespaces, name, { signal });
        }
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
      memory.forget(name);
      return undefined;
    }
  };

  const put = async (name: string, signal: AbortSignal): Promise<boolean> => {
    const now = await change(name, signal, (namespace) =>
      isHeld(namespace) || isLeaving(namespace)
        ? 'nothing'
        : [...(namespace.metadata.finalizers ?? []), finalizers.namespace],
    );
    return now !== undefined && !isLeaving(now);
  };

  const putOn: NamespaceHolds['putOn'] = async (name, signal) => {
    await takingOff.get(name);
    const known = memory.latest(name);
    if (known !== undefined && isHeld(known)) return !isLeaving(known);
    const running = puttingOn.get(name);
    if (running !== undefined) return running;
    const started = put(name, signal).finally(() => puttingOn.delete(name));
    puttingOn.set(name, started);
    return started;
  };

  return {
    putOn,
    holding: async (name, signal, work) => {
      holders.set(name, (holders.get(name) ?? 0) + 1);
      try {
        if (!(await putOn(name, signal))) return false;
        await work();
        return true;
      } finally {
        const others = (holders.get(name) ?? 1) - 1;
        if (others === 0) holders.delete(name);
        else holders.set(name, others);
      }
    },
    takeOff: async (name, signal, isEmpty) => {
      if (holders.has(name) || takingOff.has(name)) return false;
      const running = (async () => {
        if (!(await isEmpty())) return false;
        const without = ({ metadata }: Namespace): readonly string[] | 'nothing' =>
          metadata.finalizers?.includes(finalizers.namespace) === true
            ? metadata.finalizers.filter((finalizer) => finalizer !== finalizers.namespace)
            : 'nothing';
        return { left: await change(name, signal, without) };
      })();
      // Who waits for it only waits; whether it failed is its caller's.
      const settled = running.then(
        () => undefined,
        () => undefined,
      );
      takingOff.set(name, settled);
      try {
        return await running;
      } finally {
        takingOff.delete(name);
      }
    },
    latest: (name) => memory.latest(name),
  };
}
