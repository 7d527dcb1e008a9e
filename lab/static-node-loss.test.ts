// Kept addresses when nodes fail: never in two living Pods, and back as soon as nothing can be using them any more.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { annotations, networks } from '../src/api/keys.ts';
import { events, nodes, type Pod, pods } from '../src/kube/resources.ts';
import type { KubeObject } from '../src/kube/types.ts';
import { probeHost } from './host/probe.ts';
import { packetsPossible, PROJECT_DIR } from './host/testing/test-host.ts';
import { startLab } from './lab.ts';
import type { Lab } from './lab.ts';
import type { LabNode } from './nodes.ts';
import { reach, reachOnceItListens } from './stories/reach.ts';
import { claimOf, cordon, holdersInCloud, vpcIpOf, zonesOf } from './stories/static-addresses.ts';
import { waitForObjects } from './wait.ts';

const { possible, why } = packetsPossible(probeHost());
const NAMESPACE = 'static-ip';
const CLAIM = { namespace: NAMESPACE, name: 'web-0' };
/** Whoever waits for the end of an instance asks again after 30 s. */
const LONG_MS = 120_000;

interface PodEvent {
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject: { readonly name: string };
}

describe.skipIf(!possible)(`a kept address${why}`, { timeout: 180_000 }, () => {
  let lab: Lab;
  /** Two of one zone, and one of another. */
  let first: LabNode;
  let second: LabNode;
  let far: LabNode;
  let ip: string;

  beforeAll(async () => {
    lab = await startLab({
      projectDir: PROJECT_DIR,
      nodes: 3,
      superNodes: 0,
      ipMode: 'static',
      progress: () => undefined,
    });
    const zones = await zonesOf(lab);
    const general = lab.nodes.filter(({ kind }) => kind === 'general');
    const [a, b, c] = general.toSorted((x, y) => (zones.get(x.name) ?? '').localeCompare(zones.get(y.name) ?? ''));
    if (a === undefined || b === undefined || c === undefined) throw new Error('fewer than three nodes');
    [first, second, far] = [a, b, c];
    expect([zones.get(first.name), zones.get(far.name)]).toEqual([zones.get(second.name), 'ap-guangzhou-6']);
    await lab.createNamespace(NAMESPACE);
    await lab.applyFile('examples/static-ip/client.yaml');
    await lab.runningPods(NAMESPACE, 'app=client', 3);
    for (const node of [second, far]) await cordon(lab, node.name, true);
    await lab.applyFile('examples/static-ip/web.yaml');
    ip = (await running()).status?.podIP ?? '';
  }, 120_000);
  afterAll(async () => await lab?.close());

  const running = async (): Promise<Pod> => {
    const [pod] = await waitForObjects<Pod>(
      lab.client,
      pods,
      ([only, ...others]) =>
        others.length === 0 &&
        only?.metadata.deletionTimestamp === undefined &&
        only?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true,
      { namespace: NAMESPACE, labelSelector: 'app=web', what: 'web-0 to run', timeoutMs: LONG_MS },
    );
    if (pod === undefined) throw new Error('no web-0');
    return pod;
  };
  /** `kubectl delete pod web-0 --force --grace-period=0`. */
  const forceDelete = (): Promise<void> =>
    lab.client.delete(pods, 'web-0', { namespace: NAMESPACE, gracePeriodSeconds: 0 });
  /** The next Pod of the name, bound to this node. */
  const successor = async (former: Pod, node: LabNode): Promise<Pod> => {
    const isNext = (pod: Pod): boolean => pod.metadata.uid !== former.metadata.uid && pod.spec.nodeName === node.name;
    const found = await waitForObjects<Pod>(lab.client, pods, (all) => all.some(isNext), {
      namespace: NAMESPACE,
      labelSelector: 'app=web',
      what: `the next web-0 on ${node.name}`,
    });
    const pod = found.find(isNext);
    if (pod === undefined) throw new Error('no successor');
    return pod;
  };
  const clientOn = async (node: LabNode): Promise<Pod> => {
    const found = (await lab.client.list(pods, { namespace: NAMESPACE, labelSelector: 'app=client' })).items.find(
      ({ spec }) => spec.nodeName === node.name,
    );
    if (found === undefined) throw new Error(`no client on ${node.name}`);
    return found;
  };
  const waitsForRelease = (pod: Pod): Promise<unknown> =>
    claimOf(
      lab,
      CLAIM,
      'waiting for the release',
      (claim) =>
        claim?.status?.podUID === pod.metadata.uid &&
        claim?.status?.conditions?.some(({ reason }) => reason === 'WaitingForRelease') === true,
    );
  /** What the cluster's node controller does once the node has been silent for long enough. */
  const toldSilent = async (node: LabNode): Promise<void> => {
    const { status } = await lab.client.get(nodes, node.name);
    const conditions = (status?.conditions ?? []).map((condition) =>
      condition.type === 'Ready' ? { ...condition, status: 'Unknown', reason: 'NodeStatusUnknown' } : condition,
    );
    await lab.client.patch(
      nodes,
      node.name,
      { type: 'merge', body: { status: { conditions } } },
      { subresource: 'status' },
    );
  };

  it('is not there for a Pod that asks for an exclusive ENI: scheduler, ipamd and agent say why, and it never runs', async () => {
    const create = (name: string, nodeName?: string): Promise<Pod> =>
      lab.client.create(pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: NAMESPACE, annotations: { [annotations.networks]: networks.directEni } },
        spec: { ...(nodeName === undefined ? {} : { nodeName }), containers: [{ name: 'main', image: 'sample' }] },
      });
    await create('exclusive');
    await create('exclusive-bound', second.name);
    const said = (pod: string, reason: string, words: string) => (all: readonly KubeObject[]) =>
      all.some((event) => {
        const { message, involvedObject, ...rest } = event as unknown as PodEvent;
        return involvedObject.name === pod && rest.reason === reason && message?.includes(words) === true;
      });
    const dataPath = 'exclusive ENIs have no data path in this version; use tke-route-eni';
    for (const [pod, reason, words] of [
      ['exclusive', 'FailedScheduling', 'Insufficient tke.cloud.tencent.com/direct-eni'],
      ['exclusive', 'FailedAllocateIP', dataPath],
      ['exclusive-bound', 'FailedAllocateIP', dataPath],
      ['exclusive-bound', 'FailedCreatePodSandBox', dataPath],
    ] as const)
      await waitForObjects(lab.client, events, said(pod, reason, words), {
        namespace: NAMESPACE,
        what: `${reason} on ${pod}`,
        timeoutMs: LONG_MS,
      });
    const found = await claimOf(
      lab,
      { namespace: NAMESPACE, name: 'exclusive-bound' },
      'refused',
      (claim) => claim?.status?.phase === 'Failed',
    );
    expect([found?.spec.kind, found?.status?.vpcIP]).toEqual(['DirectENI', undefined]);
    for (const name of ['exclusive', 'exclusive-bound']) {
      const pod = await lab.client.get(pods, name, { namespace: NAMESPACE });
      expect([pod.status?.phase, pod.status?.podIP]).toEqual(['Pending', undefined]);
      await lab.client.delete(pods, name, { namespace: NAMESPACE, gracePeriodSeconds: 0 });
    }
  });

  it('passes to a Pod of the same name on the same node although the former one had no time to end', async () => {
    const former = await running();
    await forceDelete();
    const pod = await successor(former, first);
    const now = await running();
    expect([now.metadata.uid, now.status?.podIP]).toEqual([pod.metadata.uid, ip]);
    expect(await reach(lab, await clientOn(far), now, 80)).toBe('answers');
  });

  it('stays with the old Pod while its node is out of reach and may run it, however the Pod was deleted', async () => {
    const former = await running();
    // A Pod that runs may not listen yet, and one that stands still never will.
    expect(await reachOnceItListens(lab, await clientOn(far), former, 80)).toBe('answers');
    await cordon(lab, second.name, false);
    await cordon(lab, first.name, true);
    // Kubelet and agent stand still; packets flow.
    await first.act('freeze');
    await forceDelete();
    const pod = await successor(former, second);
    await waitsForRelease(pod);
    // The one that the API has forgotten still answers, and is the only one.
    expect(await reach(lab, await clientOn(far), former, 80)).toBe('answers');
    const vip = await vpcIpOf(lab, ip, 'of the old Pod', (found) => found?.status?.podUID === former.metadata.uid);
    expect(await holdersInCloud(lab, ip)).toEqual([{ eniId: vip?.status?.eniID }]);
    expect(vip?.status?.nodeName).toBe(first.name);
    await first.act('recover');
    const now = await running();
    expect([now.metadata.uid, now.spec.nodeName, now.status?.podIP]).toEqual([pod.metadata.uid, second.name, ip]);
    expect(await reach(lab, await clientOn(far), now, 80)).toBe('answers');
    expect(await holdersInCloud(lab, ip)).toHaveLength(1);
  });

  it('is released when the instance behind a partitioned node is confirmed gone, and not before', async () => {
    const former = await running();
    await cordon(lab, first.name, false);
    await cordon(lab, second.name, true);
    await second.act('cut');
    await toldSilent(second);
    await forceDelete();
    const pod = await successor(former, first);
    await waitsForRelease(pod);
    expect(await reach(lab, await clientOn(far), former, 80)).not.toBe('answers');
    await second.act('lose');
    const now = await running();
    expect([now.metadata.uid, now.spec.nodeName, now.status?.podIP]).toEqual([pod.metadata.uid, first.name, ip]);
    expect(await reach(lab, await clientOn(far), now, 80)).toBe('answers');
  });

  it('waits for its zone when that is lost, and serves again when a node of it is back', async () => {
    const former = await running();
    await cordon(lab, far.name, false);
    await first.act('stop');
    await toldSilent(first);
    await forceDelete();
    await claimOf(lab, CLAIM, 'without a Pod', (claim) => claim?.status?.podUID !== former.metadata.uid);
    const kept = await vpcIpOf(lab, ip, "still the claim's", (vip) => vip !== undefined);
    expect(kept?.spec.claim?.name).toBe('web-0');
    // The webhook has held the next Pod to the zone, so that the scheduler puts it nowhere else and says so.
    const zone = (await zonesOf(lab)).get(first.name) ?? '';
    const isHeld = (pod: Pod): boolean =>
      pod.metadata.uid !== former.metadata.uid &&
      JSON.stringify(pod.spec.affinity ?? {}).includes(`"${zone}"`) &&
      pod.status?.conditions?.some(({ reason }) => reason === 'Unschedulable') === true;
    const items = await waitForObjects<Pod>(lab.client, pods, (all) => all.some(isHeld), {
      namespace: NAMESPACE,
      labelSelector: 'app=web',
      what: 'the next web-0 held to its zone',
      timeoutMs: LONG_MS,
    });
    expect(items.filter(({ status }) => status?.podIP !== undefined)).toEqual([]);
    await first.act('recover');
    const now = await running();
    expect([now.spec.nodeName, now.status?.podIP]).toEqual([first.name, ip]);
    expect(await reach(lab, await clientOn(far), now, 80)).toBe('answers');
  });
});
