// Which Pods have a claim, of which kind, and what they ask of it.
import { annotations } from '../../api/keys.ts';
import type { ClaimKind, VpcIpClaim } from '../../api/vpc-ip-claim.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { type Node, nodes, pods } from '../../kube/resources.ts';
import { usesExclusiveEni } from '../../planning/exclusive-pod.ts';
import { wantsSubEni } from '../../planning/pod-intent.ts';
import { usesSharedAddress } from '../../planning/shared-pod.ts';
import type { IpamdDeps } from '../deps.ts';
import { managedInstance } from '../node/managed-instance.ts';
import type { WorkingPod } from '../views.ts';
import type { ClaimHolding } from './holding.ts';

/** What holds the address of a claim, by kind; a kind without one has no claims. */
export type ClaimHoldings = { readonly Shared: ClaimHolding } & { readonly [K in ClaimKind]?: ClaimHolding };

/**
 * The kind of claim that a Pod needs: an ordinary Pod of static mode has one, a sub-ENI Pod only when its address is to be kept (spec 002: its address
 * comes with its sub-ENI otherwise). One that asks for an exclusive ENI has one in either mode, which says that there is none. Undefined: none.
 */
export function claimKindOf(
  pod: Pick<WorkingPod, 'hostNetwork' | 'ended' | 'metadata' | 'requestsExclusive'>,
  facts: { readonly isStatic: boolean; readonly holdings: ClaimHoldings },
): ClaimKind | undefined {
  const marks = pod.metadata.annotations ?? {};
  if (pod.hostNetwork || pod.ended) return undefined;
  if (wantsSubEni(marks[annotations.networks]))
    return facts.holdings.SubENI !== undefined && marks[annotations.vpcIpClaimDeletePolicy]?.trim() === 'Never'
      ? 'SubENI'
      : undefined;
  if (usesExclusiveEni({ ...pod, annotations: marks })) return facts.holdings.DirectENI && 'DirectENI';
  return facts.isStatic && usesSharedAddress({ ...pod, annotations: marks }) ? 'Shared' : undefined;
}

/** Whether the node of a Pod is one that ipamd manages; a node that the cache does not show is asked for. */
export async function isOnManagedNode(
  deps: Pick<IpamdDeps, 'informers' | 'client'>,
  nodeName: string,
  signal: AbortSignal,
): Promise<boolean> {
  const node = await nodeOf(deps, nodeName, signal);
  return node !== undefined && managedInstance(node) !== undefined;
}

/** From the cache, else from the API itself; undefined: there is none. */
export async function nodeOf(
  { informers, client }: Pick<IpamdDeps, 'informers' | 'client'>,
  name: string,
  signal: AbortSignal,
): Promise<Node | undefined> {
  const cached = informers.nodes.get(name);
  if (cached !== undefined) return cached;
  try {
    return await client.get(nodes, name, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Whether the Pod of this uid lives, neither gone nor ended: from the cache when it says so, else from the API itself. */
export async function podLives(
  deps: Pick<IpamdDeps, 'informers' | 'client'>,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
  signal: AbortSignal,
): Promise<boolean> {
  return (await podStateOf(deps, { namespace, name, uid }, signal)) === 'alive';
}

/** The same in the words of the release rule. */
export async function podStateOf(
  deps: Pick<IpamdDeps, 'informers' | 'client'>,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
  signal: AbortSignal,
): Promise<'alive' | 'ended' | 'gone'> {
  const [cached] = deps.informers.pods.byIndex('uid', uid);
  if (cached !== undefined && !cached.ended) return 'alive';
  try {
    const pod = await deps.client.get(pods, name, { namespace, signal });
    if (pod.metadata.uid !== uid) return 'gone';
    return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' ? 'ended' : 'alive';
  } catch (error) {
    if (isNotFound(error)) return 'gone';
    throw error;
  }
}

/** The kind that a claim is of; objects made before the field was there hold a shared address. */
export const kindOf = (claim: VpcIpClaim): ClaimKind => claim.spec.kind ?? 'Shared';
