// The label follows the policies of a namespace: at once on, late and only on proof off.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import { annotations, labels } from '../../../api/keys.ts';
import { securityGroupPolicies, type SecurityGroupPolicy } from '../../../api/security-group-policy.ts';
import { silentLogger } from '../../../base/logger.ts';
import { ApiError } from '../../../kube/api-error.ts';
import { namespaces, type Namespace } from '../../../kube/resources.ts';
import { createManualInformer } from '../../../kube/testing/manual-informer.ts';
import type { KubeClient, Resource } from '../../../kube/types.ts';
import { defaultTimings } from '../../program.ts';
import { projectPod, type WorkingPod } from '../../views.ts';
import { createNamespacePolicyLabel } from './controller.ts';

const KEY = labels.securityGroupPolicy;
const namespace = (mark?: string, version = '1'): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', resourceVersion: version, ...(mark === undefined ? {} : { labels: { [KEY]: mark } }) },
});
const policy: SecurityGroupPolicy = {
  apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { podSelector: {}, securityGroups: { groupIds: ['sg-xxxxyyyy'] } },
};

const workingPods: Resource<WorkingPod> = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

function start() {
  const clock = createFakeClock();
  const known = createManualInformer<Namespace>(namespaces);
  const watched = createManualInformer(securityGroupPolicies, {
    namespace: (each: SecurityGroupPolicy) => [each.metadata.namespace ?? ''],
  });
  const pods = createManualInformer(workingPods, {
    namespace: (each: WorkingPod) => [each.metadata.namespace ?? ''],
  });
  const patches: unknown[] = [];
  const api = { policies: [] as SecurityGroupPolicy[], refuse: undefined as ApiError | undefined };
  const client = {
    list: () => Promise.resolve({ items: api.policies, resourceVersion: '1' }),
    patch: (_resource: unknown, _name: string, patch: { body: unknown }) => {
      if (api.refuse !== undefined) return Promise.reject(api.refuse);
      patches.push(patch.body);
      return Promise.resolve(namespace());
    },
  } as unknown as KubeClient;
  const informers = { namespaces: known, policies: watched, pods };
  const timings = { ...defaultTimings };
  const controller = createNamespacePolicyLabel({ client, clock, logger: silentLogger, informers, timings });
  const stop = new AbortController();
  known.sync();
  watched.sync();
  const ended = controller.run(stop.signal);
  return { clock, known, watched, pods, patches, api, end: () => (stop.abort(), ended) };
}

describe('the label of a namespace', () => {
  let world: ReturnType<typeof start>;
  beforeEach(() => {
    world = start();
  });
  afterEach(() => world.end());

  it('is put on with the first policy', async () => {
    world.known.put(namespace());
    await world.clock.settle();
    expect(world.patches).toEqual([]);
    world.watched.put(policy);
    await world.clock.settle();
    expect(world.patches).toEqual([{ metadata: { labels: { [KEY]: '' } } }]);
  });

  it('that a person takes off is put back', async () => {
    world.watched.put(policy);
    world.known.put(namespace(''));
    await world.clock.settle();
    world.known.put(namespace(undefined, '2'));
    await world.clock.settle();
    expect(world.patches).toEqual([{ metadata: { labels: { [KEY]: '' } } }]);
  });

  it('goes a minute after the last policy did, under the version that was looked at', async () => {
    world.watched.put(policy);
    world.known.put(namespace('', '7'));
    await world.clock.settle();
    world.watched.remove('shop/web');
    await world.clock.advance(59_000);
    expect(world.patches).toEqual([]);
    await world.clock.advance(2_000);
    expect(world.patches).toEqual([{ metadata: { resourceVersion: '7', labels: { [KEY]: null } } }]);
  });

  it('stays when a policy comes back within the minute', async () => {
    world.known.put(namespace(''));
    await world.clock.advance(30_000);
    world.watched.put(policy);
    await world.clock.advance(120_000);
    expect(world.patches).toEqual([]);
  });

  it('stays while the API knows a policy that the watch has not brought', async () => {
    world.api.policies = [policy];
    world.known.put(namespace(''));
    await world.clock.advance(150_000);
    expect(world.patches).toEqual([]);
    world.api.policies = [];
    await world.clock.advance(60_000);
    expect(world.patches).toHaveLength(1);
  });

  it('stays while a Pod that a policy decided about lives', async () => {
    const pod = projectPod(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web-1', namespace: 'shop', annotations: { [annotations.networks]: 'tke-sub-eni' } },
        spec: { containers: [] },
      },
      (each) => each,
    );
    world.pods.put(pod);
    world.known.put(namespace(''));
    await world.clock.advance(150_000);
    expect(world.patches).toEqual([]);
    world.pods.remove('shop/web-1');
    await world.clock.advance(60_000);
    expect(world.patches).toHaveLength(1);
  });

  it('that stands on kube-system by mistake goes at once', async () => {
    const system = namespace('');
    system.metadata.name = 'kube-system';
    world.known.put(system);
    await world.clock.settle();
    expect(world.patches).toHaveLength(1);
  });

  it('is tried again when the namespace changed under the removal', async () => {
    world.api.refuse = new ApiError({ status: 409, reason: 'Conflict', message: 'changed' });
    world.known.put(namespace(''));
    await world.clock.advance(60_000);
    world.api.refuse = undefined;
    await world.clock.advance(5_000);
    expect(world.patches).toHaveLength(1);
  });

  it('is left alone on a namespace that is on its way out', async () => {
    const leaving = namespace();
    leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    world.watched.put(policy);
    world.known.put(leaving);
    await world.clock.advance(120_000);
    expect(world.patches).toEqual([]);
  });
});
