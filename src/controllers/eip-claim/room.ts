// Whether a Pod's node can be bound to one more EIP: asked before one is bought, since an EIP that cannot be bound is paid for (ADR 0026).
import { keyOf } from '../../kube/object-key.ts';
import type { EipClaim } from '../../api/eip-claim.ts';
import { resourceNames } from '../../api/keys.ts';
import type { EipPod } from './pods.ts';
import type { EipRun } from './run.ts';
import type { Verdict } from './status.ts';

/** Why nothing is bought; undefined: there is room, or nobody knows how much. Pods that request the resource never meet this: the scheduler counts. */
export function whyNoRoom(run: EipRun, claim: EipClaim, { nodeName, superNode }: EipPod): Verdict | undefined {
  const { deps, buying } = run;
  const quota = superNode ? undefined : deps.necs.latest(nodeName)?.status?.eip?.quota;
  if (quota === undefined) return undefined;
  const onNode = deps.informers.eipClaims.byIndex('node', nodeName).map(keyOf);
  const candidates = new Set([...onNode, ...deps.eipClaims.unseen().map(keyOf), ...buying]);
  candidates.delete(keyOf(claim));
  const holders = [...candidates].filter((key) => {
    const { status } = deps.eipClaims.latest(key) ?? {};
    if (status?.nodeName !== nodeName) return false;
    // As the scheduler counts: one whose Pod has ended is on its way out, and has left its place.
    const pod = deps.informers.pods.get(key);
    if (pod === undefined || pod.ended || pod.metadata.uid !== status.podUID) return false;
    return (
      status.eipID !== undefined || buying.has(key) || (status.operation !== undefined && status.phase !== 'Failed')
    );
  });
  if (holders.length < quota) return undefined;
  const names = holders.toSorted().slice(0, MOST_NAMES).join(', ');
  const full = quota === 0 ? 'no EIP' : `${quota} EIP${quota === 1 ? '' : 's'}`;
  const taken = quota === 0 ? '' : `, and ${names} ${holders.length === 1 ? 'has it' : 'have them'}`;
  const message = `node ${nodeName} can have ${full} for Pods${taken}; nothing was bought. Let Pods request ${resourceNames.eip}, so that the scheduler counts; spec.maxEIP of the nec overrides the number`;
  return { reason: 'InstanceEIPQuotaExceeded', message };
}

/** Conditions are short. */
const MOST_NAMES = 5;
