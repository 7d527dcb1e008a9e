// Where a Pod's private address is, as early as it can be trusted: its own ENI, its VpcIP, the agent's report, or the kubelet's word.
import type { VpcEni } from '../../api/vpc-eni.ts';
import { keyOf } from '../../kube/object-key.ts';
import type { EipPlace } from '../../planning/eip-plan.ts';
import { isStaticMode } from '../node/static-addresses/mode.ts';
import { vpcIpOf } from '../vpc-ip-claim/holding.ts';
import type { IpamdDeps } from '../deps.ts';
import type { EipPod } from './pods.ts';

type Deps = Pick<IpamdDeps, 'informers' | 'vips' | 'enis' | 'cloud' | 'settings'>;

/**
 * Undefined while nobody knows. Everything that is believed names the Pod by its uid: the address of another Pod never gets this one's EIP.
 * Asks the cloud only for a Pod on a super node, whose ENI is none of ours.
 */
export async function placeOf(deps: Deps, pod: EipPod, signal: AbortSignal): Promise<EipPlace | undefined> {
  if (pod.superNode) return superNodePlace(deps, pod, signal);
  const { informers, enis } = deps;
  const own = informers.vpcEnis.byIndex('pod', pod.key).map(({ metadata }) => enis.latest(metadata.name));
  if (own.some((eni) => eni?.spec.pod?.uid === pod.uid)) {
    const eni = own.find((each) => each?.spec.pod?.uid === pod.uid && each.status?.phase === 'Ready');
    const ip = eni?.status?.eni?.addresses[0]?.ip;
    return eni?.status?.eni === undefined || ip === undefined
      ? undefined
      : { eniId: eni.status.eni.eniID, privateIp: ip };
  }
  if (isStaticMode(deps)) return claimedPlace(deps, pod);
  const onNode = informers.vpcEnis.byIndex('node', pod.nodeName).filter(({ spec }) => spec.pod === undefined);
  return reportedPlace(onNode, pod) ?? kubeletPlace(onNode, pod);
}

/** Static addresses: with phase Assigned nobody else may use it. */
function claimedPlace(deps: Deps, pod: EipPod): EipPlace | undefined {
  const claim = deps.informers.vpcIpClaims.get(pod.key);
  const vip = claim === undefined ? undefined : vpcIpOf(deps, claim);
  const { phase, podUID, eniID } = vip?.status ?? {};
  if (vip === undefined || phase !== 'Assigned' || podUID !== pod.uid || eniID === undefined) return undefined;
  return { eniId: eniID, privateIp: vip.metadata.name };
}

/** The agent tells which Pod has which shared address, before the Pod's sandbox is ready. */
function reportedPlace(onNode: readonly VpcEni[], { uid }: EipPod): EipPlace | undefined {
  for (const { status } of onNode) {
    const used = status?.use?.inUse.find(({ podUID }) => podUID === uid);
    if (used !== undefined && status?.eni !== undefined) return { eniId: status.eni.eniID, privateIp: used.ip };
  }
  return undefined;
}

/** GUESS: an agent that does not report is an older one; the kubelet's word comes later and is as good. */
function kubeletPlace(onNode: readonly VpcEni[], { podIp }: EipPod): EipPlace | undefined {
  if (podIp === undefined) return undefined;
  for (const { status } of onNode)
    if (status?.eni !== undefined && status.pool?.addresses.some(({ ip }) => ip === podIp) === true)
      return { eniId: status.eni.eniID, privateIp: podIp };
  return undefined;
}

/** GUESS (facts/tke.md 8.10): the super node's own ENI for the Pod, found by the address that the Pod reports. */
async function superNodePlace(
  { cloud, settings }: Deps,
  { podIp }: EipPod,
  signal: AbortSignal,
): Promise<EipPlace | undefined> {
  if (podIp === undefined) return undefined;
  const { vpcId } = settings.current();
  const found = await cloud.describeEnis(
    { address: podIp, ...(vpcId === undefined ? {} : { vpcId }) },
    { signal, priority: 'waiting-pod' },
  );
  const [eni] = found;
  return eni === undefined ? undefined : { eniId: eni.eniId, privateIp: podIp };
}

/** Keys of the Pods whose place a VpcENI may tell. */
export function podsOnEni(deps: Pick<IpamdDeps, 'informers'>, eni: VpcEni | undefined): readonly string[] {
  if (eni === undefined) return [];
  const { pod } = eni.spec;
  if (pod !== undefined) return [`${pod.namespace}/${pod.name}`];
  const uids = eni.status?.use?.inUse.map(({ podUID }) => podUID) ?? [];
  return uids.flatMap((uid) => deps.informers.pods.byIndex('uid', uid).map(keyOf));
}
