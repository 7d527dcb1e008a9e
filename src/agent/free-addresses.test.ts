// When a shared address is freed: never on the watch's word, never while something is wired, never twice.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from '../kube/types.ts';
import { apiFailure } from '../kube/testing/memory-objects.ts';
import type { Pod } from '../kube/resources.ts';
import { allocate } from './address-book.ts';
import { freeAddress } from './free-addresses.ts';
import { createFakeKernel } from './testing/fake-kernel.ts';
import { createServiceWorld, podOf, type ServiceWorld } from './testing/service-world.ts';
import { sharedWiringOf } from './testing/wirings.ts';

const web = podOf('web', { networks: null });
const never = new AbortController().signal;

let world: ServiceWorld;
let calls: string[];
let server: { pods: Pod[]; failure?: Error };

beforeEach(() => {
  world = createServiceWorld(createFakeKernel(), { name: 'veth', ensure: () => Promise.resolve('') });
  calls = [];
  server = { pods: [] };
  world.deps.addresses.setName('uid-web', { namespace: 'ns', name: 'web' });
  world.deps.addresses.change((book) => allocate(book, 'uid-shared-2', '10.0.35.21', 'uid-web'));
});
afterEach(() => world.close());

const free = (): Promise<unknown> => {
  const client: Pick<KubeClient, 'get' | 'list'> = {
    get: (_resource, name) => {
      calls.push(`get ${name}`);
      const found = server.pods.find(({ metadata }) => metadata.name === name);
      if (server.failure !== undefined) return Promise.reject(server.failure);
      return found === undefined ? Promise.reject(apiFailure(404, 'NotFound')) : (Promise.resolve(found) as never);
    },
    list: (_resource, options) => {
      calls.push(`list ${options?.fieldSelector}`);
      return Promise.resolve({ items: server.pods, resourceVersion: '1' }) as never;
    },
  };
  return freeAddress({ ...world.deps, client }, 'uid-web', never);
};
const isTaken = (): boolean => '10.0.35.21' in world.deps.addresses.book.allocations;

describe('a shared address', () => {
  it('is freed when the server says that the Pod is gone, and rests from then', async () => {
    await free();
    expect(isTaken()).toBe(false);
    expect(world.deps.addresses.book.freedAt).toEqual({ '10.0.35.21': world.clock.now().getTime() });
    expect(calls).toEqual(['get web']);
  });

  it.each(['Succeeded', 'Failed'] as const)('is freed when the Pod is %s', async (phase) => {
    const ended = podOf('web', { networks: null, phase });
    world.addPod(ended);
    server.pods = [ended];
    await free();
    expect(isTaken()).toBe(false);
  });

  it('is freed when the name belongs to another Pod now', async () => {
    server.pods = [podOf('web', { uid: 'uid-new' })];
    await free();
    expect(isTaken()).toBe(false);
  });

  it('stays, and nobody is asked, while the watch says that the Pod lives', async () => {
    world.addPod(web);
    await free();
    expect([isTaken(), calls]).toEqual([true, []]);
  });

  it('stays when only the watch says that the Pod is gone, and is looked at again', async () => {
    server.pods = [web];
    expect(await free()).toEqual({ requeueAfterMs: 30_000 });
    expect(isTaken()).toBe(true);
  });

  it('stays while the server does not answer, which is asked again soon', async () => {
    server.failure = apiFailure(503, 'ServiceUnavailable');
    expect(await free()).toEqual({ requeueAfterMs: 10_000 });
    expect(isTaken()).toBe(true);
  });

  it('stays while something of the Pod is wired, though the Pod is gone', async () => {
    await world.deps.store.put({
      sequence: 1,
      phase: 'wired',
      containerId: 'c1',
      pod: { namespace: 'ns', name: 'web', uid: 'uid-web' },
      wiring: sharedWiringOf(),
    });
    await free();
    expect([isTaken(), calls]).toEqual([true, []]);
  });

  it('stays when an ADD of the Pod that is being served has wired it meanwhile', async () => {
    const held = Promise.withResolvers<void>();
    const adding = world.deps.lock.hold('uid-web', async () => {
      await held.promise;
      await world.deps.store.put({
        sequence: 1,
        phase: 'wiring',
        containerId: 'c1',
        pod: { namespace: 'ns', name: 'web', uid: 'uid-web' },
        wiring: sharedWiringOf(),
      });
    });
    const freeing = free();
    held.resolve();
    await Promise.all([adding, freeing]);
    expect([isTaken(), calls]).toEqual([true, []]);
  });

  it('of a Pod whose name was lost with the disk is freed when no Pod of the node has its UID', async () => {
    world.deps.addresses.change((book) => ({
      ...book,
      allocations: { '10.0.35.21': { eni: 'uid-shared-2', podUID: 'uid-web' } },
    }));
    await world.deps.addresses.saved();
    const nameless = { ...world.deps.addresses, nameOf: () => undefined, book: world.deps.addresses.book };
    const list: KubeClient['list'] = (_resource, options) => {
      calls.push(`list ${options?.fieldSelector}`);
      return Promise.resolve({ items: server.pods, resourceVersion: '1' }) as never;
    };
    const deps = { ...world.deps, addresses: nameless, client: { list, get: () => Promise.reject(new Error('no')) } };
    server.pods = [web];
    expect(await freeAddress(deps, 'uid-web', never)).toEqual({ requeueAfterMs: 30_000 });
    server.pods = [podOf('web', { uid: 'uid-new' })];
    await freeAddress(deps, 'uid-web', never);
    expect([isTaken(), calls]).toEqual([false, Array.from({ length: 2 }, () => 'list spec.nodeName=10.0.32.11')]);
  });
});
