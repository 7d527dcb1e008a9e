// Bad input on a running control plane, ipamd and webhook as real processes: refused at the door, or visible with its reason; never half-applied.
import { resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { resourceNames } from '../../src/api/keys.ts';
import { securityGroupPolicies } from '../../src/api/security-group-policy.ts';
import type { SecurityGroupPolicy } from '../../src/api/security-group-policy.ts';
import { vpcEnis } from '../../src/api/vpc-eni.ts';
import { ApiError } from '../../src/kube/api-error.ts';
import { events, namespaces, pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { startControlPlane } from '../control-plane.ts';
import { chooseApi } from '../kube/cluster-api.ts';
import type { ControlPlane } from '../control-plane.ts';
import { waitForObjects } from '../wait.ts';

const projectDir = resolve(import.meta.dirname, '..', '..');
const NAMESPACE = 'my-namespace';

const policy = (name: string, spec: unknown): SecurityGroupPolicy =>
  ({
    apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
    kind: 'SecurityGroupPolicy',
    metadata: { name, namespace: NAMESPACE },
    spec,
  }) as SecurityGroupPolicy;

const selecting = (app: string, groupIds: string[]): unknown => ({
  podSelector: { matchLabels: { app } },
  securityGroups: { groupIds },
});

const pod = (name: string, app: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: NAMESPACE, labels: { app } },
  spec: { containers: [{ name: 'main', image: 'nginx' }] },
});

interface EventView extends KubeObject {
  reason?: string;
  message?: string;
  involvedObject?: { name?: string };
}

async function eventFor(plane: ControlPlane, name: string, matches: (event: EventView) => boolean): Promise<EventView> {
  const found = await waitForObjects(
    plane.client,
    events,
    (all) => all.some((event) => (event as EventView).involvedObject?.name === name && matches(event as EventView)),
    {
      namespace: NAMESPACE,
      what: `the event of ${name}`,
      timeoutMs: 15_000,
      describe: (all) =>
        all
          .map(
            (event) =>
              `${(event as EventView).involvedObject?.name}: ${(event as EventView).reason} ${(event as EventView).message}`,
          )
          .join(' | '),
    },
  );
  const event = found.find((each) => (each as EventView).involvedObject?.name === name && matches(each as EventView));
  if (event === undefined) throw new Error('no event');
  return event as EventView;
}

async function createNamespaced(plane: ControlPlane): Promise<void> {
  await plane.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
}

describe('on nodes of a supported model', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({
      projectDir,
      nodes: 1,
      taskMs: 0,
      progress: () => undefined,
      api: chooseApi(undefined, process.env),
    });
    await createNamespaced(plane);
  });
  afterAll(async () => {
    await plane?.close();
  });

  const refusalOf = async (spec: unknown): Promise<ApiError> => {
    const error: unknown = await plane.client
      .create(securityGroupPolicies, policy('wrong', spec), { namespace: NAMESPACE })
      .catch((caught: unknown) => caught);
    if (!(error instanceof ApiError)) throw new Error(`it was accepted: ${JSON.stringify(error)}`);
    const stored = await plane.client.list(securityGroupPolicies, { namespace: NAMESPACE });
    expect(stored.items.map((item) => item.metadata.name)).not.toContain('wrong');
    return error;
  };

  it('a policy without a selector is refused, naming the two fields', async () => {
    expect((await refusalOf({ securityGroups: { groupIds: ['sg-xxxxyyyy'] } })).message).toMatch(
      /podSelector.*serviceAccountSelector/s,
    );
  });

  it('a policy without a group is refused, naming the field', async () => {
    expect((await refusalOf(selecting('a', []))).message).toContain('groupIds');
  });

  it('a malformed group id is refused, naming it and the right shape', async () => {
    expect((await refusalOf(selecting('a', ['sg-TOO-long-and-wrong']))).message).toMatch(/groupIds.*sg-/s);
  });

  it('a group that does not exist shows in the status, and the Pod is never started with fewer groups', async () => {
    await plane.client.create(
      securityGroupPolicies,
      policy('ghost', selecting('ghost', ['sg-xxxxyyyy', 'sg-ghost001'])),
      { namespace: NAMESPACE },
    );
    await waitForObjects(
      plane.client,
      securityGroupPolicies,
      (all) =>
        all.some(
          (item) =>
            item.metadata.name === 'ghost' &&
            item.status?.conditions?.some(
              (condition) => condition.status === 'False' && condition.message.includes('sg-ghost001'),
            ) === true,
        ),
      {
        namespace: NAMESPACE,
        what: 'the status to name sg-ghost001',
        timeoutMs: 15_000,
        describe: (all) => JSON.stringify(all.map((item) => item.status)),
      },
    );
    await plane.client.create(pods, pod('ghost', 'ghost'), { namespace: NAMESPACE });
    const event = await eventFor(plane, 'ghost', (each) => (each.message ?? '').includes('sg-ghost001'));
    expect(event.message).toContain('sg-ghost001');
    const waiting = await plane.client.get(pods, 'ghost', { namespace: NAMESPACE });
    expect(waiting.status?.phase ?? 'Pending').toBe('Pending');
    const enis = await plane.client.list(vpcEnis);
    expect(enis.items.filter((eni) => eni.spec.pod?.name === 'ghost' && eni.status?.eni !== undefined)).toEqual([]);
  });
});

describe('on nodes of a model that spec 002 does not list', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({
      api: chooseApi(undefined, process.env),
      projectDir,
      nodes: 1,
      instanceType: 'S5.LARGE8',
      taskMs: 0,
      progress: () => undefined,
    });
    await createNamespaced(plane);
  });
  afterAll(async () => {
    await plane?.close();
  });

  it('a matching Pod stays pending: Insufficient sub-eni, in the scheduler’s words', async () => {
    await plane.client.create(securityGroupPolicies, policy('mine', selecting('a', ['sg-xxxxyyyy'])), {
      namespace: NAMESPACE,
    });
    await waitUntilMarked(plane, 'a');
    const event = await eventFor(plane, 'late', (each) => each.reason === 'FailedScheduling');
    expect(event.message).toContain(`Insufficient ${resourceNames.subEni}`);
    const told = (await plane.client.list(events, { namespace: NAMESPACE })).items.map(
      (each) => (each as EventView).message,
    );
    expect(told.filter((message) => message?.includes('super node'))).toEqual([]);
  });
});

/** Admission reads policies from a cache that may lag a moment; a Pod that matched is what the test is about. */
async function waitUntilMarked(plane: ControlPlane, app: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const made = await plane.client.create(pods, pod('late', app), { namespace: NAMESPACE });
    if (made.spec.containers[0]?.resources?.limits?.[resourceNames.subEni] === '1') return;
    await plane.client.delete(pods, 'late', { namespace: NAMESPACE, gracePeriodSeconds: 0 });
  }
  throw new Error('the webhook never marked the Pod');
}
