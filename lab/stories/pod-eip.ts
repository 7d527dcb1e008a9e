// Document 004 as a program: the role, a new EIP and designated ones, the way out, retention and the three ways to release; in the cloud and by packets.
import { resourceNames } from '../../src/api/keys.ts';
import { eipClaims } from '../../src/api/eip-claim.ts';
import { nodes as nodeResource } from '../../src/kube/resources.ts';
import { EIP_POLICY, IPAMD_ROLE } from '../cloud/identity/cam-presets.ts';
import { statefulSets } from '../kube-resources.ts';
import { ipamdPod } from './document-commands.ts';
import { cloudEips, type CloudEip, fetchedFromOutside } from './eips.ts';
import { eventOnEach } from './ipamd-says.ts';
import { designate, keepAndMove, release } from './pod-eip-life.ts';
import { exemptAutomatically, leaveTheVpc } from './pod-eip-ways.ts';
import { CREATED, hasItsEip, NAMESPACE, podRuns } from './pod-eip-checks.ts';
import type { Story, StoryContext } from './story.ts';

/** Cores for three EIP Pods on each node. */
const MODEL = 'SA5.4XLARGE32';

export const podEip: Story = {
  name: 'pod-eip',
  document: '004',
  title: 'Pods have EIPs: bought or designated, used both ways, kept, and released',
  lab: { nodes: 2, superNodes: 0, instanceType: MODEL },
  run: async (context) => {
    await preconditions(context);
    await createWithoutPermission(context);
    const eip = await givePermission(context);
    await leaveTheVpc(context, eip);
    await designate(context);
    await keepAndMove(context);
    await release(context);
    await exemptAutomatically(context);
    await deleteEverything(context);
  },
};

async function preconditions({ lab, step, expect }: StoryContext): Promise<void> {
  await step('preconditions: nodes offer one EIP less than their instance takes', async () => {
    const { items } = await lab.client.list(nodeResource);
    const offers = lab.nodes
      .filter(({ kind }) => kind === 'general')
      .map(
        ({ name }) => items.find(({ metadata }) => metadata.name === name)?.status?.allocatable?.[resourceNames.eip],
      );
    expect('what they offer', offers, ['3', '3']);
    expect('EIPs of the account', (await cloudEips(lab)).length, 0);
    return { seen: `${resourceNames.eip} ${offers.join(' and ')}` };
  });
}

async function createWithoutPermission(context: StoryContext): Promise<void> {
  const { lab, step, expect } = context;
  await step(`the document's StatefulSet before the role may: the event names ${EIP_POLICY}`, async () => {
    await lab.createNamespace(NAMESPACE);
    await lab.applyFile('examples/pod-eip/created.yaml');
    await podRuns(context);
    const words = ['Failed to create eip', IPAMD_ROLE, EIP_POLICY, 'UnauthorizedOperation', 'RequestId='];
    const message = await eventOnEach(lab, [CREATED], words);
    expect('EIPs bought', (await cloudEips(lab)).length, 0);
    return { seen: message.slice(0, 160) };
  });
}

async function givePermission(context: StoryContext): Promise<CloudEip> {
  const { lab, step, expect } = context;
  return await step(
    `${EIP_POLICY} is associated with ${IPAMD_ROLE}: the Pod has its EIP, without a restart`,
    async () => {
      const ipamd = await ipamdPod(context);
      const wish = { AttachRoleName: IPAMD_ROLE, PolicyName: EIP_POLICY };
      await lab.cloud.call('cam', 'AttachRolePolicy', wish);
      const { pod, eip } = await hasItsEip(context);
      expect('the Pod of ipamd', (await ipamdPod(context)).metadata.uid, ipamd.metadata.uid);
      expect('line, bandwidth', [eip.InternetServiceProvider, eip.Bandwidth], ['BGP', 100]);
      const file = [
        'sh',
        '-c',
        'for i in $(seq 100); do test -s /etc/podinfo/eip && break; sleep 0.1; done; cat /etc/podinfo/eip',
      ];
      const { stdout } = await lab.exec(pod, file);
      expect('the file of the downward API', stdout.trim(), eip.AddressIp);
      const server =
        'mkdir -p /var/www/eip && echo served >/var/www/eip/index.html && busybox httpd -p 80 -h /var/www/eip';
      await lab.exec(pod, ['sh', '-c', server]);
      expect('a caller in the internet gets', await fetchedFromOutside(lab, eip.AddressIp), 'served');
      return { ...eip, seen: `${eip.AddressId} ${eip.AddressIp} at ${eip.PrivateAddressIp}` };
    },
  );
}

async function deleteEverything({ lab, step, expect }: StoryContext): Promise<void> {
  await step('the namespace is deleted: no claim and no EIP that was bought for a Pod is left', async () => {
    await lab.client.delete(statefulSets, 'busybox', { namespace: NAMESPACE }).catch(() => undefined);
    await lab.deleteNamespace(NAMESPACE);
    expect('claims', (await lab.client.list(eipClaims)).items.length, 0);
    const ours = (await cloudEips(lab)).filter(({ TagSet }) =>
      (TagSet ?? []).some(({ Key }) => Key.startsWith('trunkline-')),
    );
    expect('EIPs with our tags', ours, []);
    return { seen: `${(await cloudEips(lab)).length} EIPs left, bought by hand` };
  });
}
