// What a node that is frozen, cut off or gone does to its kubelet: calls wait, or fail, instead of being made.
import type { KubeClient } from '../../../src/kube/types.ts';
import type { LabHost } from '../../host/types.ts';

/**
 * `open`: nothing is held back. `cut`: calls to the API wait. `frozen`: those to the machine too. `ended`: calls to the API fail, those to
 * the machine pass, so that what runs can be ended.
 */
export type GateState = 'open' | 'cut' | 'frozen' | 'ended';

export interface Gate {
  readonly state: GateState;
  /** Nothing leads back from `ended`. */
  set(state: GateState): void;
  /** Resolves when a call to the API may be made, or its answer seen. Rejects once the node is gone. */
  toApi(): Promise<void>;
  /** Resolves when a call to the machine may be made. */
  toMachine(): Promise<void>;
}

/** Open. */
export function createGate(): Gate {
  let state: GateState = 'open';
  let changed = Promise.withResolvers<void>();
  const until = async (passes: (now: GateState) => boolean): Promise<void> => {
    while (!passes(state)) await changed.promise;
  };
  return {
    get state() {
      return state;
    },
    set: (next) => {
      if (state === 'ended') return;
      state = next;
      changed.resolve();
      changed = Promise.withResolvers<void>();
    },
    toApi: async () => {
      await until((now) => now === 'open' || now === 'ended');
      if (state === 'ended') throw new Error('the node is gone');
    },
    toMachine: async () => await until((now) => now !== 'frozen'),
  };
}

/** The client of a program behind the gate: a call waits before it is made, and its answer before it is seen. */
export function gatedClient(client: KubeClient, gate: Gate): KubeClient {
  const pass = async <T>(call: () => Promise<T>): Promise<T> => {
    await gate.toApi();
    // A failure is an answer as well.
    const settled = await Promise.allSettled([call()]);
    await gate.toApi();
    const [answer] = settled;
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  };
  return {
    get: async (resource, name, options) => await pass(() => client.get(resource, name, options)),
    list: async (resource, options) => await pass(() => client.list(resource, options)),
    ...(client.listPages === undefined
      ? {}
      : { listPages: (resource, options) => stream(gate, () => client.listPages?.(resource, options) ?? nothing()) }),
    create: async (resource, object, options) => await pass(() => client.create(resource, object, options)),
    replace: async (resource, object, options) => await pass(() => client.replace(resource, object, options)),
    patch: async (resource, name, patch, options) => await pass(() => client.patch(resource, name, patch, options)),
    delete: async (resource, name, options) => await pass(() => client.delete(resource, name, options)),
    watch: (resource, options) => stream(gate, () => client.watch(resource, options)),
    request: async (method, path, body, options) => await pass(() => client.request(method, path, body, options)),
  };
}

async function* nothing(): AsyncGenerator<never> {}

async function* stream<T>(gate: Gate, open: () => AsyncIterable<T>): AsyncGenerator<T> {
  await gate.toApi();
  for await (const item of open()) {
    await gate.toApi();
    yield item;
  }
}

/** The machine of a program behind the gate. */
export function gatedHost(host: LabHost, gate: Gate): LabHost {
  const pass =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await gate.toMachine();
      return await call(...args);
    };
  const gated: Partial<LabHost> = {
    exec: pass((argv, options) => host.exec(argv, options)),
    spawn: pass((argv, options) => host.spawn(argv, options)),
    makeRoot: pass((spec) => host.makeRoot(spec)),
    removeRoot: pass((root) => host.removeRoot(root)),
    addNetns: pass((name) => host.addNetns(name)),
    deleteNetns: pass((name) => host.deleteNetns(name)),
    open: pass((argv, options) => host.open(argv, options)),
    attach: pass((socket) => host.attach(socket)),
    dial: pass((netns, port) => host.dial(netns, port)),
  };
  // Everything else, getters included, is the machine's own.
  return new Proxy(host, {
    get: (target, key) => Reflect.get(gated, key) ?? Reflect.get(target, key, target),
  });
}
