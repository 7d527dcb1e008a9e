// The story of EIPs, by which address a Pod leaves the VPC: its node, its EIP, a NAT gateway, in turn; then without an edit for each Pod.
import { objectNames } from '../../src/api/keys.ts';
import { daemonSets, pods as podResource } from '../../src/kube/resources.ts';
import { INTERNET_HOST } from '../fabric/internet.ts';
import { addRoute, bindToNode, buyEip, type CloudEip, fetchedFromOutside, removeRoutes, routeToNat } from './eips.ts';
import { CREATED, editMasqConfig, hasItsEip, leavesAs, NAMESPACE, podRuns } from './pod-eip-checks.ts';
import type { StoryContext } from './story.ts';

/** Document 004, "make sure that what Pods send leaves by their EIP". */
export async function leaveTheVpc(context: StoryContext, eip: CloudEip): Promise<void> {
  const { lab, step, expect } = context;
  const served = async (): Promise<void> =>
    expect('a caller in the internet gets', await fetchedFromOutside(lab, eip.AddressIp), 'served');
  const { pod } = await hasItsEip(context);
  const node = lab.nodes.find(({ name }) => name === pod.spec.nodeName);
  if (node === undefined) throw new Error('the Pod has no node');

  await step('the Pod calls the internet: ip-masq-agent gives it the address of its node', async () => {
    const own = await buyEip(lab);
    await bindToNode(lab, own, node);
    await leavesAs(context, pod, own.AddressIp);
    return { seen: `${INTERNET_HOST} sees ${own.AddressIp}, the EIP of ${node.name}` };
  });
  await step(`kubectl edit cm ip-masq-agent-config: NonMasqueradeSrcCIDRs gets the Pod's /32`, async () => {
    await editMasqConfig(context, { NonMasqueradeSrcCIDRs: [`${pod.status?.podIP}/32`] });
    await leavesAs(context, pod, eip.AddressIp);
    await served();
    return { seen: `${INTERNET_HOST} sees ${eip.AddressIp}, the EIP of the Pod` };
  });
  const nat = await step('a NAT gateway in the route table of its subnet goes before its EIP', async () => {
    const address = await buyEip(lab);
    const { natGatewayId } = await routeToNat(lab, address);
    await leavesAs(context, pod, address.AddressIp);
    await served();
    return { ...address, seen: `${INTERNET_HOST} sees ${address.AddressIp}, the EIP of ${natGatewayId}` };
  });
  await step('a route to the own public address goes before that one, and leaves it to who has none', async () => {
    await addRoute(lab, 'EIP', '0');
    await leavesAs(context, pod, eip.AddressIp);
    await editMasqConfig(context, { NonMasqueradeSrcCIDRs: ['10.0.0.0/16'] });
    await lab.applyFile('examples/pod-eip/plain.yaml');
    await leavesAs(context, await podRuns(context, 'k8s-app=plain'), nat.AddressIp);
    return { seen: `${eip.AddressIp} for the Pod, ${nat.AddressIp} for one without an EIP` };
  });
  await step('without these routes it is as before', async () => {
    await removeRoutes(lab);
    await editMasqConfig(context, { NonMasqueradeSrcCIDRs: [`${pod.status?.podIP}/32`] });
    await leavesAs(context, pod, eip.AddressIp);
    return {};
  });
}

/** Ours: the list is kept by ip-masq-agent itself. */
export async function exemptAutomatically(context: StoryContext): Promise<void> {
  const { lab, step, expect } = context;
  await step(
    'kubectl edit cm: NonMasqueradeEIPPods true instead of a list; a Pod that comes back leaves by its EIP',
    async () => {
      await lab.applyFile('examples/pod-eip/created.yaml');
      await editMasqConfig(context, { NonMasqueradeEIPPods: true });
      const first = await hasItsEip(context);
      await leavesAs(context, first.pod, first.eip.AddressIp);
      await lab.client.delete(podResource, CREATED.name, { namespace: NAMESPACE });
      const second = await hasItsEip(context);
      expect('another Pod', second.pod.metadata.uid === first.pod.metadata.uid, false);
      await leavesAs(context, second.pod, second.eip.AddressIp);
      return { seen: `${first.pod.status?.podIP}, then ${second.pod.status?.podIP}: ${second.eip.AddressIp}` };
    },
  );
  await step('where ip-masq-agent is taken away, Pods keep their own address', async () => {
    await editMasqConfig(context, {});
    const { pod, eip } = await hasItsEip(context);
    await lab.client.delete(daemonSets, objectNames.masq, { namespace: objectNames.systemNamespace });
    await leavesAs(context, pod, eip.AddressIp);
    return { seen: eip.AddressIp };
  });
}
