// Our finalizer on Namespaces, against a client whose answers the test gives.
import { describe, expect, it } from 'vitest';
import { finalizers } from '../../../api/keys.ts';
import { ApiError } from '../../../kube/api-error.ts';
import type { Namespace } from '../../../kube/resources.ts';
import type { Informer, KubeClient, ObjectMeta } from '../../../kube/types.ts';
import { createNamespaceHolds } from './holds.ts';

const OURS = finalizers.namespace;
const OTHER = 'example.com/other';
const { signal } = new AbortController();
const namespace = (metadata: Partial<ObjectMeta> = {}): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', resourceVersion: '1', ...metadata },
});
const failure = (status: number, reason: string): ApiError => new ApiError({ status, reason, message: reason });

/** An API with one namespace, of which the cache knows only `cached`. */
function setUp(stored: Namespace | undefined, cached: Namespace | undefined = stored) {
  const api = { stored, patches: 0, gets: 0 };
  const client = {
    get: () => {
      api.gets += 1;
      return api.stored === undefined ? Promise.reject(failure(404, 'NotFound')) : Promise.resolve(api.stored);
    },
    patch: (_resource: unknown, _name: string, patch: { readonly body: unknown }) => {
      api.patches += 1;
      const { stored: now } = api;
      if (now === undefined) return Promise.reject(failure(404, 'NotFound'));
      const { metadata } = patch.body as { metadata: ObjectMeta };
      if (metadata.resourceVersion !== now.metadata.resourceVersion) return Promise.reject(failure(409, 'Conflict'));
      const version = String(Number(now.metadata.resourceVersion) + 1);
      api.stored = { ...now, metadata: { ...now.metadata, ...metadata, resourceVersion: version } };
      return Promise.resolve(api.stored);
    },
  } as unknown as KubeClient;
  const informer = { get: () => cached, onChange: () => () => undefined } as unknown as Informer<Namespace>;
  return { api, holds: createNamespaceHolds(client, informer) };
}

describe('holding a namespace', () => {
  it('keeps the finalizers of others and runs the work after the write', async () => {
    const { api, holds } = setUp(namespace({ finalizers: [OTHER] }));
    const seen: unknown[] = [];
    const held = await holds.holding('shop', signal, () => {
      seen.push(api.stored?.metadata.finalizers);
      return Promise.resolve();
    });
    expect(held).toBe(true);
    expect(seen).toEqual([[OTHER, OURS]]);
  });

  it('costs no call when the cache shows it, and one for all who ask at once', async () => {
    const shown = setUp(namespace({ finalizers: [OURS] }));
    await shown.holds.holding('shop', signal, () => Promise.resolve());
    expect(shown.api).toMatchObject({ patches: 0, gets: 0 });
    const fresh = setUp(namespace());
    await Promise.all([1, 2, 3].map(() => fresh.holds.holding('shop', signal, () => Promise.resolve())));
    await fresh.holds.holding('shop', signal, () => Promise.resolve());
    expect(fresh.api).toMatchObject({ patches: 1, gets: 0 });
  });

  it('reads again when somebody else wrote meanwhile', async () => {
    const { api, holds } = setUp(namespace({ resourceVersion: '7', labels: { a: 'b' } }), namespace());
    expect(await holds.holding('shop', signal, () => Promise.resolve())).toBe(true);
    expect(api.stored?.metadata).toMatchObject({ labels: { a: 'b' }, finalizers: [OURS] });
  });

  it.each([
    ['is on its way out, as the cache knows', namespace({ deletionTimestamp: 'now' }), undefined],
    ['is on its way out with our finalizer on', namespace({ deletionTimestamp: 'now', finalizers: [OURS] }), undefined],
    [
      'is on its way out, as only the API knows',
      namespace({ resourceVersion: '2', deletionTimestamp: 'now' }),
      namespace(),
    ],
    ['is gone', undefined, namespace()],
  ])('runs nothing in a namespace that %s', async (_what, stored, cached) => {
    const { holds } = setUp(stored, cached ?? stored);
    let ran = false;
    const held = await holds.holding('shop', signal, () => {
      ran = true;
      return Promise.resolve();
    });
    expect({ held, ran }).toEqual({ held: false, ran: false });
  });

  it('passes on why a write failed', async () => {
    const { holds } = setUp(namespace());
    await expect(holds.holding('shop', signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await holds.takeOff('shop', signal, () => Promise.resolve(true))).not.toBe(false);
  });
});

describe('taking the finalizer off', () => {
  it('leaves those of others', async () => {
    const { api, holds } = setUp(namespace({ finalizers: [OURS, OTHER] }));
    await holds.takeOff('shop', signal, () => Promise.resolve(true));
    expect(api.stored?.metadata.finalizers).toEqual([OTHER]);
  });

  it('does nothing when something is left', async () => {
    const { api, holds } = setUp(namespace({ finalizers: [OURS] }));
    expect(await holds.takeOff('shop', signal, () => Promise.resolve(false))).toBe(false);
    expect(api.patches).toBe(0);
  });

  it('does nothing while a record is being written', async () => {
    const { api, holds } = setUp(namespace({ finalizers: [OURS] }));
    const writing = Promise.withResolvers<void>();
    const held = holds.holding('shop', signal, () => writing.promise);
    expect(await holds.takeOff('shop', signal, () => Promise.resolve(true))).toBe(false);
    expect(api.patches).toBe(0);
    writing.resolve();
    await held;
  });

  it('makes who begins meanwhile wait, and puts it on again for them', async () => {
    const { api, holds } = setUp(namespace({ finalizers: [OURS] }));
    const looking = Promise.withResolvers<boolean>();
    const off = holds.takeOff('shop', signal, () => looking.promise);
    const seen: unknown[] = [];
    const held = holds.holding('shop', signal, () => {
      seen.push(api.stored?.metadata.finalizers);
      return Promise.resolve();
    });
    looking.resolve(true);
    await off;
    expect(await held).toBe(true);
    expect(seen).toEqual([[OURS]]);
    expect(api.patches).toBe(2);
  });

  it('answers that the namespace went', async () => {
    const { holds } = setUp(undefined, namespace({ deletionTimestamp: 'now', finalizers: [OURS] }));
    expect(await holds.takeOff('shop', signal, () => Promise.resolve(true))).toEqual({ left: undefined });
  });
});
