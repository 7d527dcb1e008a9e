// The story of EIPs, how long a Pod has one: designated, kept over its own end and moved, and released in the three ways of document 004.
import { resolve } from 'node:path';
import { annotations, objectNames } from '../../src/api/keys.ts';
import { eipClaims } from '../../src/api/eip-claim.ts';
import { configMaps } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { applyObject } from '../install.ts';
import { statefulSets } from '../kube-resources.ts';
import { loadYaml } from '../manifests.ts';
import { waitForObjects } from '../wait.ts';
import { editIpamdArgs } from './document-commands.ts';
import { buyEip, cloudEip, cloudEips, eipClaimOf } from './eips.ts';
import { CREATED, hasItsEip, NAMESPACE } from './pod-eip-checks.ts';
import { cordon } from './static-addresses.ts';
import type { StoryContext } from './story.ts';

const HOUR_MS = 3_600_000;
const BUSYBOX = { namespace: NAMESPACE, name: 'busybox' };

async function scale({ lab }: StoryContext, replicas: number): Promise<void> {
  await lab.client.patch(statefulSets, BUSYBOX.name, { type: 'merge', body: { spec: { replicas } } }, BUSYBOX);
  await lab.runningPods(NAMESPACE, 'k8s-app=busybox', replicas);
}

export async function designate(context: StoryContext): Promise<void> {
  const { lab, step, expect } = context;
  await step(
    `the document's second StatefulSet: replica 0 has the first EIP of the list, replica 1 the second`,
    async () => {
      const eips = [await buyEip(lab), await buyEip(lab)];
      const list = eips.map(({ AddressId }) => AddressId);
      const file = resolve(import.meta.dirname, '..', '..', 'examples', 'pod-eip', 'designated.yaml');
      for (const object of await loadYaml(file)) {
        const text = JSON.stringify(object).replace('eip-xxxxxxx1,eip-xxxxxxx2', list.join(','));
        await applyObject(lab.client, JSON.parse(text) as KubeObject);
      }
      const pods = await lab.runningPods(NAMESPACE, 'k8s-app=designated', 2);
      for (const [index, { AddressId }] of eips.entries()) {
        const pod = pods.find(({ metadata }) => metadata.name === `designated-${index}`);
        await cloudEip(lab, AddressId, `at designated-${index}`, (eip) => eip?.PrivateAddressIp === pod?.status?.podIP);
      }
      await lab.client.delete(statefulSets, 'designated', BUSYBOX);
      await lab.runningPods(NAMESPACE, 'k8s-app=designated', 0);
      for (const index of eips.keys())
        await eipClaimOf(lab, { ...CREATED, name: `designated-${index}` }, 'gone', (claim) => claim === undefined);
      const left = (await cloudEips(lab)).filter(({ AddressId }) => list.includes(AddressId));
      expect(
        'without their Pods they are unbound, not released',
        left.map(({ AddressStatus }) => AddressStatus),
        ['UNBIND', 'UNBIND'],
      );
      return { seen: list.join(', ') };
    },
  );
}

export async function keepAndMove(context: StoryContext): Promise<void> {
  const { lab, kubectl, step, expect } = context;
  const was = await step(
    'the Pod is deleted: its claim stays, with its EIP, and says since when it is idle',
    async () => {
      const { pod, eip } = await hasItsEip(context);
      const node = pod.spec.nodeName ?? '';
      await scale(context, 0);
      const claim = await eipClaimOf(lab, CREATED, 'unbound', (found) => found?.status?.phase === 'Unbound');
      await cloudEip(lab, eip.AddressId, 'unbound', (found) => found?.AddressStatus === 'UNBIND');
      if (kubectl.kind === 'absent') return { node, seen: `idle since ${claim?.status?.unboundSince}` };
      const { stdout } = await kubectl.run('get', 'eipc', '-n', NAMESPACE);
      const row = stdout.split('\n').find((line) => line.startsWith(CREATED.name)) ?? '';
      for (const word of [eip.AddressId, eip.AddressIp, 'Unbound'])
        expect(`"${word}" in kubectl get eipc`, row.includes(word), true);
      return { node, seen: row };
    },
  );
  await step('it comes back on the other node with another private address and the same EIP', async () => {
    const before = await eipClaimOf(lab, CREATED, 'kept', (found) => found?.status?.eipID !== undefined);
    await cordon(lab, was.node, true);
    await scale(context, 1);
    const { pod, eip } = await hasItsEip(context);
    await cordon(lab, was.node, false);
    expect('its EIP', eip.AddressId, before?.status?.eipID);
    expect('the same node', pod.spec.nodeName === was.node, false);
    return { seen: `${eip.AddressIp} at ${pod.status?.podIP} on ${pod.spec.nodeName}` };
  });
}

/** As the document writes it. */
async function deleteClaim({ lab, kubectl, expect }: StoryContext): Promise<void> {
  if (kubectl.kind === 'absent') return await lab.client.delete(eipClaims, CREATED.name, CREATED);
  const { code, stdout, stderr } = await kubectl.run('delete', 'eipc', CREATED.name, '-n', NAMESPACE, '--wait=false');
  expect(`exit code of kubectl delete eipc (${stderr.trim()})`, code, 0);
  expect('its answer', stdout.split('\n')[0], `eipclaim.networking.tke.cloud.tencent.com "${CREATED.name}" deleted`);
}

/** No claim, and nothing in the cloud. */
async function isReleased({ lab }: StoryContext, eipId: string): Promise<void> {
  await eipClaimOf(lab, CREATED, 'gone', (claim) => claim === undefined);
  await cloudEip(lab, eipId, 'released', (eip) => eip === undefined);
}

export async function release(context: StoryContext): Promise<void> {
  const { lab, step, expect } = context;
  const withoutPod = async (): Promise<string> => {
    const { eip } = await hasItsEip(context);
    await scale(context, 0);
    await eipClaimOf(lab, CREATED, 'unbound', (claim) => claim?.status?.phase === 'Unbound');
    return eip.AddressId;
  };
  await step('kubectl delete eipc while the Pod is there: it has an EIP again', async () => {
    const { uid } = (await lab.client.get(eipClaims, CREATED.name, CREATED)).metadata;
    await deleteClaim(context);
    await eipClaimOf(lab, CREATED, 'made again', (claim) => claim !== undefined && claim.metadata.uid !== uid);
    return { seen: (await hasItsEip(context)).eip.AddressIp };
  });
  await step('by hand: kubectl delete eipc once the Pod is gone; the EIP is released', async () => {
    const eipId = await withoutPod();
    await deleteClaim(context);
    await isReleased(context, eipId);
    return { seen: eipId };
  });
  await step('expiry: with --claim-expired-duration=1h an idle EIP is released an hour later', async () => {
    await editIpamdArgs(context, ['--claim-expired-duration=1h']);
    await scale(context, 1);
    const eipId = await withoutPod();
    const kept = await eipClaimOf(lab, CREATED, 'to be released', (claim) => claim?.status?.releaseAt !== undefined);
    const { unboundSince = '', releaseAt = '' } = kept?.status ?? {};
    expect('hours until then', (Date.parse(releaseAt) - Date.parse(unboundSince)) / HOUR_MS, 1);
    // The time is on the claim, and nowhere else: moved an hour back, the hour is over.
    const body = { status: { unboundSince: new Date(Date.parse(unboundSince) - HOUR_MS).toISOString() } };
    const where = { ...CREATED, subresource: 'status' } as const;
    await lab.client.patch(eipClaims, CREATED.name, { type: 'merge', body }, where);
    await isReleased(context, eipId);
    return { seen: `${eipId}, ${releaseAt}` };
  });
  await step('cascade: with --enable-ownerref the end of a workload made afterwards is that of its EIPs', async () => {
    await editIpamdArgs(context, ['--enable-ownerref'], ['--claim-expired-duration']);
    await waitForObjects(
      lab.client,
      configMaps,
      ([map]) => map?.metadata.annotations?.[annotations.ownerRefSince] !== undefined,
      {
        namespace: objectNames.systemNamespace,
        fieldSelector: `metadata.name=${objectNames.addonValues}`,
        what: 'ipamd to note since when workloads own claims',
      },
    );
    await lab.client.delete(statefulSets, BUSYBOX.name, BUSYBOX);
    await lab.runningPods(NAMESPACE, 'k8s-app=busybox', 0);
    await lab.applyFile('examples/pod-eip/created.yaml');
    const eipId = await withoutPod();
    await lab.client.delete(statefulSets, BUSYBOX.name, BUSYBOX);
    await isReleased(context, eipId);
    return { seen: eipId };
  });
}
