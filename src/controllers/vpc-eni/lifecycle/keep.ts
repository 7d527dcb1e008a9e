// A sub-ENI whose Pod is over stays in the cloud while the Pod's claim keeps its address: as long as it is there, nobody else gets the number.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { trunkEniName } from '../../../api/vpc-eni.ts';
import { type VpcIpClaim, vpcIpClaims } from '../../../api/vpc-ip-claim.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { claimKeeps } from '../../../planning/kept-sub-eni.ts';
import { planNodeEniFate } from '../../../planning/node-eni-fate.ts';
import type { LifecycleDeps } from './deps.ts';
import { nodeEniFacts } from './node-eni-facts.ts';
import { ready, writeStatus } from './status.ts';

export type Keeping = { readonly kind: 'kept'; readonly result: ReconcileResult | undefined } | { readonly kind: 'go' };

/** Asked once nothing can be using the sub-ENI any more; `go` when its claim does not keep it, or its trunk is about to go. */
export async function keepForClaim(deps: LifecycleDeps, eni: VpcEni, context: ReconcileContext): Promise<Keeping> {
  const { pod, claimed } = eni.spec;
  const known = eni.status?.eni;
  if (claimed !== true || pod === undefined || known === undefined) return { kind: 'go' };
  if (eni.metadata.deletionTimestamp !== undefined) return { kind: 'go' };
  if (!claimKeeps(await claimOf(deps, pod, context.signal), pod.uid)) return { kind: 'go' };
  const trunk = deps.enis.latest(trunkEniName(eni.spec.nodeName));
  if (trunk?.status?.eni === undefined || trunk.status.eni.eniID !== known.trunkENIID) return { kind: 'go' };
  const facts = await nodeEniFacts(deps, trunk, context.signal);
  if (facts.deleted || planNodeEniFate({ ...facts, subEnis: 0 }).kind === 'remove') return { kind: 'go' };
  const message = `no Pod has it; VpcIPClaim ${pod.namespace}/${pod.name} keeps its address ${known.addresses[0]?.ip ?? ''}`;
  await writeStatus(deps, eni, { phase: 'Kept', conditions: ready(eni, 'False', 'Kept', message, deps.clock.now()) });
  const asks = facts.instance === 'unknown' ? undefined : { requeueAfterMs: deps.timings.askInstanceMs };
  return { kind: 'kept', result: asks };
}

/** From the API itself when the cache does not show it: an absence in a cache is not evidence. */
async function claimOf(
  deps: LifecycleDeps,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<VpcIpClaim | undefined> {
  const known = deps.claims.latest(`${namespace}/${name}`);
  if (known !== undefined) return known;
  try {
    return await deps.client.get(vpcIpClaims, name, { namespace, signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
