// Pods that slipped past admission are found at once, told once, counted, and evicted only where that is switched on.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import { labels } from '../../../api/keys.ts';
import { securityGroupPolicies, type SecurityGroupPolicy } from '../../../api/security-group-policy.ts';
import { silentLogger } from '../../../base/logger.ts';
import { ApiError } from '../../../kube/api-error.ts';
import { namespaces, type Namespace, type Pod, serviceAccounts } from '../../../kube/resources.ts';
import { createManualInformer } from '../../../kube/testing/manual-informer.ts';
import type { EventInput, KubeClient, KubeObject, Resource } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { projectPod, type WorkingPod } from '../../views.ts';
import { createPodMissedPolicy } from './controller.ts';
import { createMissedPods } from './memory.ts';

const byNamespace = { namespace: (each: KubeObject): readonly string[] => [each.metadata.namespace ?? ''] };
const workingPods: Resource<WorkingPod> = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
const EVICT = 'vpcCni.trunkingEni.evictMissedPods';

const policy = (generation = 1): SecurityGroupPolicy => ({
  apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { name: 'web', namespace: 'shop', uid: 'u', generation, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { podSelector: { matchLabels: { app: 'web' } }, securityGroups: { groupIds: ['sg-xxxxyyyy'] } },
});
const storedPod = (name: string, more: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    creationTimestamp: '2026-01-01T00:00:05Z',
    labels: { app: 'web' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'r', controller: true }],
    ...more,
  },
  spec: { containers: [] },
});
const working = (pod: Pod): WorkingPod => projectPod(pod, (each) => each);

function start() {
  const clock = createFakeClock('2026-01-01T00:00:05.000Z');
  const informers = {
    pods: createManualInformer(workingPods, byNamespace),
    policies: createManualInformer(securityGroupPolicies, byNamespace),
    namespaces: createManualInformer<Namespace>(namespaces),
    serviceAccounts: createManualInformer<KubeObject>(serviceAccounts as Resource),
  };
  const told: EventInput[] = [];
  const evicted: string[] = [];
  const api: { pod: Pod; refuse: ApiError | undefined } = { pod: storedPod('slipped'), refuse: undefined };
  const values: Record<string, boolean> = { [EVICT]: false };
  const onSettings = new Set<() => void>();
  const memory = createMissedPods();
  const looked: string[] = [];
  const missed: typeof memory = {
    ...memory,
    set: (key, policies) => {
      looked.push(key);
      memory.set(key, policies);
    },
  };
  const deps = {
    client: {
      get: () => Promise.resolve(api.pod),
      create: (_: unknown, eviction: KubeObject, options: { subresource: string }) => {
        if (api.refuse !== undefined) return Promise.reject(api.refuse);
        evicted.push(`${options.subresource} ${eviction.metadata.name}`);
        return Promise.resolve(eviction);
      },
    } as unknown as KubeClient,
    clock,
    logger: silentLogger,
    recorder: { record: (event: EventInput) => void told.push(event) },
    settings: {
      current: () => values,
      onChange: (handler: () => void) => (onSettings.add(handler), () => onSettings.delete(handler)),
    },
    missed,
    informers,
  } as unknown as IpamdDeps;
  informers.namespaces.put({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { [labels.securityGroupPolicy]: '' } },
  });
  informers.policies.put(policy());
  for (const informer of Object.values(informers)) informer.sync();
  const stop = new AbortController();
  const ended = createPodMissedPolicy(deps).run(stop.signal);
  return {
    clock,
    informers,
    told,
    looked,
    evicted,
    api,
    missed,
    switchOn: () => {
      values[EVICT] = true;
      for (const handler of onSettings) handler();
    },
    end: () => (stop.abort(), ended),
  };
}

describe('a Pod that went past a policy', () => {
  let world: ReturnType<typeof start>;
  beforeEach(() => {
    world = start();
  });
  afterEach(() => world.end());
  const slip = async (): Promise<void> => {
    world.informers.pods.put(working(world.api.pod));
    await world.clock.settle();
  };

  it('is told so, and counted in the policy, as soon as it is seen', async () => {
    const changes: string[] = [];
    world.missed.onChange((key) => changes.push(key));
    await slip();
    expect(world.told).toMatchObject([
      {
        reason: 'MissedSecurityGroupPolicy',
        type: 'Warning',
        message: expect.stringMatching(/^SecurityGroupPolicy web: admission never decided about this Pod/) as string,
      },
    ]);
    expect(world.missed.count('shop/web')).toBe(1);
    expect(changes).toEqual(['shop/web']);
    expect(world.evicted).toEqual([]);
  });

  it('is told once, however often it is looked at', async () => {
    await slip();
    world.informers.policies.remove('shop/web');
    world.informers.policies.put(policy());
    world.informers.policies.put(policy());
    await world.clock.settle();
    expect(world.told).toHaveLength(1);
  });

  it('counts no longer when it is gone, has ended, or the policy is deleted', async () => {
    await slip();
    world.informers.pods.put({ ...working(world.api.pod), ended: true });
    await world.clock.settle();
    expect(world.missed.count('shop/web')).toBe(0);
    world.informers.pods.put(working(storedPod('other')));
    await world.clock.settle();
    expect(world.missed.count('shop/web')).toBe(1);
    world.informers.pods.remove('shop/other');
    await world.clock.settle();
    expect(world.missed.count('shop/web')).toBe(0);
    await slip();
    world.informers.policies.remove('shop/web');
    await world.clock.settle();
    expect(world.missed.count('shop/web')).toBe(0);
  });

  it('is looked for after an edit among the Pods that the policy selected or selects, and no others', async () => {
    const old = { creationTimestamp: '2025-12-31T00:00:00Z' };
    for (const app of ['web', 'db', 'cache'])
      world.informers.pods.put(working(storedPod(app, { ...old, labels: { app } })));
    await world.clock.settle();
    const looks = async (edited: SecurityGroupPolicy): Promise<string[]> => {
      world.looked.length = 0;
      world.informers.policies.put(edited);
      await world.clock.settle();
      return world.looked.toSorted();
    };
    expect(await looks(policy(2))).toEqual(['shop/web']);
    const turned = { ...policy(3).spec, podSelector: { matchLabels: { app: 'db' } } };
    expect(await looks({ ...policy(3), spec: turned })).toEqual(['shop/db', 'shop/web']);
  });

  it('is not looked for in an exempt namespace', async () => {
    world.informers.namespaces.put({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'not-add-pod-eni-ip-limit': '' } },
    });
    await slip();
    expect([world.told, world.missed.count('shop/web')]).toEqual([[], 0]);
  });

  it('is evicted once that is switched on', async () => {
    await slip();
    world.switchOn();
    await world.clock.settle();
    expect(world.evicted).toEqual(['eviction slipped']);
  });

  it.each<[string, Partial<Pod['metadata']>]>([
    ['nobody would make it anew', { ownerReferences: [] }],
    ['another Pod has its name by now', { uid: 'uid-another' }],
  ])('is not evicted when %s', async (_name, more) => {
    world.switchOn();
    world.api.pod = storedPod('slipped', more);
    world.informers.pods.put(working(storedPod('slipped')));
    await world.clock.settle();
    expect([world.told.length, world.evicted]).toEqual([1, []]);
  });

  it('is not evicted when it is old, since its labels may have been changed after it was created', async () => {
    world.switchOn();
    await world.clock.advance(600_000);
    await slip();
    expect([world.told.length, world.evicted]).toEqual([1, []]);
  });

  it('is not evicted where its replacement could slip through, too', async () => {
    world.switchOn();
    world.informers.namespaces.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    await slip();
    expect(world.evicted).toEqual([]);
  });

  it('is evicted as soon as its disruption budget allows', async () => {
    world.switchOn();
    world.api.refuse = new ApiError({ status: 429, reason: 'TooManyRequests', message: 'budget' });
    await slip();
    world.api.refuse = undefined;
    await world.clock.advance(10_000);
    expect(world.evicted).toEqual(['eviction slipped']);
  });

  it('is told that the right to evict is missing', async () => {
    world.switchOn();
    world.api.refuse = new ApiError({ status: 403, reason: 'Forbidden', message: 'no' });
    await slip();
    expect(world.told.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('apply deploy/missed-pod-eviction'),
    );
  });
});
