// Which Pods ask for an EIP, and what of them an EIPClaim needs to know.
import { annotations, labels, networks, SUPER_NODE_INSTANCE_TYPE } from '../../api/keys.ts';
import { gate } from '../../api/version-gates.ts';
import { keyOf } from '../../kube/object-key.ts';
import { pods } from '../../kube/resources.ts';
import { candidatesOf, type EipDemand, ordinalOf, readEipDemand } from '../../planning/eip-demand.ts';
import type { IpamdDeps } from '../deps.ts';
import { managedInstance } from '../node/managed-instance.ts';
import { isStaticMode } from '../node/static-addresses/mode.ts';
import type { WorkingPod } from '../views.ts';
import { nodeOf } from '../vpc-ip-claim/demand.ts';

/** A Pod that asks for an EIP, bound to a node, and not on its way out. */
export interface EipPod {
  readonly key: string;
  readonly uid: string;
  readonly nodeName: string;
  readonly superNode: boolean;
  readonly podIp: string | undefined;
  readonly marks: Readonly<Record<string, string>>;
  readonly pod: WorkingPod;
}

const MARKS: readonly string[] = [
  annotations.eipAttributes,
  annotations.eipIdList,
  annotations.eksEipAttributes,
  annotations.eksEipIdList,
];

/** Cheap: whether it may be one. */
export const mayAsk = (pod: WorkingPod | undefined): boolean =>
  pod?.metadata.annotations !== undefined && MARKS.some((key) => pod.metadata.annotations?.[key] !== undefined);

/** Nothing for Pods that ask for none, that have the node's own address, and on nodes that are no CVM of this cloud and no super node. */
export async function eipPodOf(deps: IpamdDeps, key: string, signal: AbortSignal): Promise<EipPod | undefined> {
  const pod = deps.informers.pods.get(key);
  const uid = pod?.metadata.uid;
  if (pod?.nodeName === undefined || uid === undefined || !mayAsk(pod)) return undefined;
  if (pod.metadata.deletionTimestamp !== undefined || pod.ended || pod.hostNetwork) return undefined;
  const node = await nodeOf(deps, pod.nodeName, signal);
  if (node === undefined) return undefined;
  const superNode = node.metadata.labels?.[labels.instanceType] === SUPER_NODE_INSTANCE_TYPE;
  if (!superNode && managedInstance(node) === undefined) return undefined;
  const marks = pod.metadata.annotations ?? {};
  if (readEipDemand(marks, { superNode }).kind === 'none') return undefined;
  return { key: keyOf(pod), uid, nodeName: pod.nodeName, superNode, podIp: pod.podIp, marks, pod };
}

export type Asked =
  /** `eipIds`: of the designated ones, those that this Pod may have; none where its number is beyond the list. */
  | { readonly ok: true; readonly demand: EipDemand; readonly eipIds: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** What the Pod asks for; for a list of ids its controller is read, which decides whether its number counts. */
export async function askedBy(deps: IpamdDeps, pod: EipPod, signal: AbortSignal): Promise<Asked> {
  const closed = exclusiveProblem(deps, pod);
  if (closed !== undefined) return { ok: false, problem: closed };
  const furtherAttributes = deps.settings.current()['vpcCni.eip.allowFurtherAttributes'];
  const read = readEipDemand(pod.marks, { superNode: pod.superNode, furtherAttributes });
  if (read.kind === 'none') return { ok: false, problem: 'it asks for no EIP any more' };
  if (read.kind === 'invalid') return { ok: false, problem: read.problems.join('; ') };
  const { demand } = read;
  if (demand.source.kind === 'create') return { ok: true, demand, eipIds: [] };
  const { namespace = 'default', name } = pod.pod.metadata;
  const { metadata } = await deps.client.get(pods, name, { namespace, signal });
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  const candidates = candidatesOf(demand.source.eipIds, ordinalOf(name, controller?.kind));
  // One beyond the list has a claim, too, on which it is said.
  return { ok: true, demand, eipIds: candidates.ok ? candidates.eipIds : [] };
}

/** Of a Pod for whose number the list has no id: what would be right. */
export function beyondList({ marks, superNode, pod }: EipPod): string | undefined {
  const read = readEipDemand(marks, { superNode });
  if (read.kind !== 'demand' || read.demand.source.kind !== 'designate') return undefined;
  const candidates = candidatesOf(read.demand.source.eipIds, ordinalOf(pod.metadata.name, undefined));
  return candidates.ok ? undefined : candidates.problem;
}

/** spec 004, limitations: exclusive ENIs without static addresses from 3.3.9 on. Here no Pod has one (ADR 0025): an EIP would be paid for nothing. */
function exclusiveProblem(deps: IpamdDeps, { marks, pod }: EipPod): string | undefined {
  if (marks[annotations.networks] !== networks.directEni && !pod.requestsExclusive) return undefined;
  const answer = gate('eipExclusiveNonStatic', deps.version);
  if (!answer.open && !isStaticMode(deps)) return answer.reason;
  return `an exclusive ENI (${networks.directEni}) is not served here, so there is no address for an EIP; use ${networks.routeEni}`;
}
