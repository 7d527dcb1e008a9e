// Admission of Pods with security groups, with ipamd and the webhook as real processes: it holds while the webhook is down, and after it.
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations, labels, networks, objectNames } from '../../src/api/keys.ts';
import { securityGroupPolicies, type SecurityGroupPolicy } from '../../src/api/security-group-policy.ts';
import { type VpcEni, vpcEnis } from '../../src/api/vpc-eni.ts';
import { systemClock } from '../../src/base/clock.ts';
import { ApiError, isConflict } from '../../src/kube/api-error.ts';
import { deployments, events, namespaces, nodes, type Pod, pods } from '../../src/kube/resources.ts';
import type { KubeObject, Resource } from '../../src/kube/types.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { chooseApi } from '../kube/cluster-api.ts';
import { waitForObjects } from '../wait.ts';

const projectDir = resolve(import.meta.dirname, '..', '..');
const SLOW = { timeout: 60_000 };
const GROUP = 'sg-xxxxyyyy';

type PodParts = Partial<Pod['metadata']> & { readonly nodeSelector?: Record<string, string> };

describe('admission', SLOW, () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    const api = chooseApi(undefined, process.env);
    plane = await startControlPlane({ projectDir, nodes: 1, taskMs: 0, progress: () => undefined, api });
    for (const name of ['shop', 'plain'])
      await plane.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await createPolicy('web', { podSelector: { matchLabels: { app: 'web' } } }, [GROUP]);
    await labelled('shop', true);
  }, 60_000);
  afterAll(async () => plane?.close());

  const createPolicy = (
    name: string,
    spec: Partial<SecurityGroupPolicy['spec']>,
    groupIds: string[],
    namespace = 'shop',
  ): Promise<SecurityGroupPolicy> =>
    plane.client.create(
      securityGroupPolicies,
      {
        apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
        kind: 'SecurityGroupPolicy',
        metadata: { name, namespace },
        spec: { ...spec, securityGroups: { groupIds } },
      },
      { namespace },
    );
  const createPod = (namespace: string, name: string, { nodeSelector, ...metadata }: PodParts = {}): Promise<Pod> =>
    plane.client.create(
      pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, ...metadata },
        spec: {
          ...(nodeSelector === undefined ? {} : { nodeSelector }),
          containers: [{ name: 'main', image: 'nginx' }],
        },
      },
      { namespace },
    );
  const until = <T extends KubeObject>(
    resource: Resource<T>,
    done: (all: readonly T[]) => boolean,
    what: string,
    namespace?: string,
  ): Promise<readonly T[]> =>
    waitForObjects(plane.client, resource, done, {
      what,
      timeoutMs: 30_000,
      ...(namespace === undefined ? {} : { namespace }),
    });
  const labelled = (name: string, wanted: boolean): Promise<unknown> =>
    until(
      namespaces,
      (all) =>
        all.some(
          ({ metadata }) =>
            metadata.name === name && Object.hasOwn(metadata.labels ?? {}, labels.securityGroupPolicy) === wanted,
        ),
      `the label of ${name} to be ${wanted}`,
    );
  const refusal = async (call: Promise<unknown>): Promise<string> => {
    const error: unknown = await call.then(
      () => 'it was accepted',
      (caught: unknown) => caught,
    );
    return error instanceof ApiError ? error.message : String(error);
  };
  const eventOf = async (name: string, reason: string): Promise<string> => {
    const isIt = (event: KubeObject): boolean => {
      const seen = event as KubeObject & { reason?: string; involvedObject?: { name?: string } };
      return seen.reason === reason && seen.involvedObject?.name === name;
    };
    const found = (await until(events, (all) => all.some(isIt), `the event ${reason} of ${name}`)).find(isIt);
    return (found as KubeObject & { message?: string }).message ?? '';
  };
  const subEniOf = async (name: string): Promise<VpcEni> => {
    const isIt = (eni: VpcEni): boolean => eni.spec.pod?.name === name;
    const found = (await until(vpcEnis, (all) => all.some(isIt), `the VpcENI of ${name}`)).find(isIt);
    if (found === undefined) throw new Error(`no VpcENI of ${name}`);
    return found;
  };

  it('refuses policies where they would have no effect, and Pods with more groups than an ENI carries', async () => {
    expect(await refusal(createPolicy('a', { podSelector: {} }, [GROUP], 'kube-system'))).toMatch(
      /would have no effect: its Pods never wait for admission/,
    );
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `sg-${letter.repeat(8)}`);
    expect(await refusal(createPolicy('b', { podSelector: {} }, many))).toMatch(/6 security groups.*at most 5/);
    const selector = { podSelector: { matchLabels: { app: 'many' } } };
    await createPolicy('many-1', selector, many.slice(0, 3));
    await createPolicy('many-2', selector, many.slice(3));
    expect(await refusal(createPod('shop', 'many', { labels: { app: 'many' } }))).toMatch(
      /many-1, many-2 matches, together with 6 security groups.*at most 5/,
    );
  });

  it('keeps what another version of a policy says, through a write by this one', async () => {
    const future = { podSelector: { matchLabels: { app: 'none' } }, schedule: { nights: true } };
    await createPolicy('future', future as Partial<SecurityGroupPolicy['spec']>, [GROUP]);
    const rewrite = async (): Promise<SecurityGroupPolicy> => {
      const read = await plane.client.get(securityGroupPolicies, 'future', { namespace: 'shop' });
      read.metadata.labels = { touched: 'yes' };
      return plane.client.replace(securityGroupPolicies, read, { namespace: 'shop' }).catch((error: unknown) => {
        // ipamd writes its status meanwhile.
        if (isConflict(error)) return rewrite();
        throw error;
      });
    };
    const written = await rewrite();
    expect(written.spec).toMatchObject(future);
  });

  it('lets nobody but ipamd take the label off', async () => {
    const body = { metadata: { labels: { [labels.securityGroupPolicy]: null } } };
    expect(await refusal(plane.client.patch(namespaces, 'shop', { type: 'merge', body }))).toMatch(
      /ipamd takes it off afterwards; delete the policies first/,
    );
  });

  it('gives a Pod the groups that it was admitted with, also when the policy went before a node was found', async () => {
    await createPolicy('brief', { podSelector: { matchLabels: { app: 'brief' } } }, [GROUP]);
    const parts = { labels: { app: 'brief' }, nodeSelector: { waits: 'no-more' } };
    expect((await createPod('shop', 'brief', parts)).metadata.annotations?.[annotations.securityGroupId]).toBe(GROUP);
    await plane.client.delete(securityGroupPolicies, 'brief', { namespace: 'shop' });
    await until(
      securityGroupPolicies,
      (all) => !all.some(({ metadata }) => metadata.name === 'brief'),
      'it to be gone',
    );
    const body = { metadata: { labels: parts.nodeSelector } };
    await plane.client.patch(nodes, plane.nodeNames[0] ?? '', { type: 'merge', body });
    expect((await subEniOf('brief')).spec.securityGroups).toEqual([GROUP]);
  });

  it('finds a Pod that slipped through, and tells it', async () => {
    const exempt = (value: string | null): Promise<unknown> =>
      plane.client.patch(namespaces, 'shop', {
        type: 'merge',
        body: { metadata: { labels: { 'not-add-pod-eni-ip-limit': value } } },
      });
    // Of the second of its policy nobody can tell what was first.
    const { creationTimestamp = '' } = (await plane.client.get(securityGroupPolicies, 'web', { namespace: 'shop' }))
      .metadata;
    while (Date.now() < Date.parse(creationTimestamp) + 1_000) await systemClock.sleep(50);
    await exempt('');
    await createPod('shop', 'slipped', { labels: { app: 'web' } });
    await exempt(null);
    expect(await eventOf('slipped', 'MissedSecurityGroupPolicy')).toMatch(
      /^SecurityGroupPolicy web: admission never decided about this Pod/,
    );
    await until(
      securityGroupPolicies,
      (all) => all.some((policy) => policy.metadata.name === 'web' && missedOf(policy) === 1),
      'the Pod to be counted in the status',
    );
  });

  describe('while the webhook is down', () => {
    beforeAll(() => plane.stopProgram(objectNames.webhook));

    it('refuses Pods where a policy is, and lets those of other namespaces start', async () => {
      expect(await refusal(createPod('shop', 'refused', { labels: { app: 'web' } }))).toMatch(
        /failed calling webhook "add-pod-security-group/,
      );
      expect((await createPod('plain', 'ordinary')).metadata.name).toBe('ordinary');
      expect((await createPod('kube-system', 'system')).metadata.name).toBe('system');
    });

    it('gives forged marks nothing, where nobody could look at them', async () => {
      const forged = { [annotations.networks]: networks.subEni, [annotations.securityGroupId]: GROUP };
      await createPod('plain', 'forged', { annotations: forged });
      expect(await eventOf('forged', 'FailedAllocateENI')).toMatch(
        /no SecurityGroupPolicy was ever in force in namespace "plain"/,
      );
    });

    it('holds a roll-out up, which ends with every Pod marked once the webhook is back', async () => {
      const template = {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image: 'nginx' }] },
      };
      await plane.client.create(
        deployments,
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'roll', namespace: 'shop' },
          spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template },
        } as KubeObject,
        { namespace: 'shop' },
      );
      const rolled = (pod: Pod): boolean => pod.metadata.name.startsWith('roll-');
      await until(
        events,
        (all) => all.some((event) => (event as KubeObject & { reason?: string }).reason === 'FailedCreate'),
        'the ReplicaSet to be refused',
        'shop',
      );
      expect((await plane.client.list(pods, { namespace: 'shop' })).items.filter(rolled)).toEqual([]);
      await plane.startProgram(objectNames.webhook);
      const all = await until(pods, (list) => list.filter(rolled).length === 3, 'three Pods', 'shop');
      expect(all.filter(rolled).map((pod) => pod.metadata.annotations?.[annotations.securityGroupId])).toEqual([
        GROUP,
        GROUP,
        GROUP,
      ]);
    });
  });
});

const missedOf = ({ status }: SecurityGroupPolicy): number | undefined =>
  (status as { readonly missed?: number } | undefined)?.missed;
