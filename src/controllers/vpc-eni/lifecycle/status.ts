// ipamd's part of a VpcENI's status: the Ready condition and the one way it is written.
import { fieldManagers } from '../../../api/keys.ts';
import type { VpcEni, VpcEniStatus } from '../../../api/vpc-eni.ts';
import { vpcEnis } from '../../../api/vpc-eni.ts';
import { TrunklineError } from '../../../base/errors.ts';
import { applyStatus } from '../../../kube/apply.ts';
import { setCondition } from '../../../kube/conditions.ts';
import type { Condition } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { tellNode } from '../../node/tell-node.ts';

/** What ipamd owns of the status; `agent` and `use` belong to the agent. */
export type OwnStatus = Omit<VpcEniStatus, 'agent' | 'use'>;

/** The object's conditions with Ready set. */
export function ready(eni: VpcEni, status: 'True' | 'False', reason: string, message: string, now: Date): Condition[] {
  return condition(eni, { type: 'Ready', status, reason, message }, now);
}

/** The object's conditions with one of them set. */
export function condition(
  eni: VpcEni,
  input: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>,
  now: Date,
): Condition[] {
  return [...setCondition((eni.status?.conditions ?? []) as Condition[], input, now)];
}

/** Reason, message and cure of anything thrown, for people. */
export function explain(error: unknown): { readonly reason: string; readonly message: string } {
  if (error instanceof TrunklineError)
    return { reason: error.entry.eventReason, message: `${error.code}: ${error.message}. ${error.entry.cure}` };
  return { reason: 'Error', message: error instanceof Error ? error.message : String(error) };
}

/**
 * Writes ipamd's part: what is given replaces the same field, `clear` removes fields, the rest stays. The object's version is the lock: a
 * conflict means that somebody else wrote since we read, and nothing that depends on this write may happen. Writes nothing when nothing differs.
 */
export async function writeStatus(
  deps: Pick<IpamdDeps, 'client' | 'enis'>,
  eni: VpcEni,
  change: Partial<OwnStatus> & { readonly clear?: readonly (keyof OwnStatus)[] },
): Promise<VpcEni> {
  const { clear = [], ...fields } = change;
  const own = ownPart(eni);
  const status: Record<string, unknown> = { ...own, ...fields };
  for (const field of clear) delete status[field];
  if (JSON.stringify(status) === JSON.stringify(own)) return eni;
  const { resourceVersion, uid, name } = eni.metadata;
  const written = await applyStatus<VpcEni>(deps.client, vpcEnis, name, {
    fieldManager: fieldManagers.ipamd,
    status,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  });
  deps.enis.wrote(written);
  return written;
}

/** By name, so that a field that a newer program owns is never claimed. */
function ownPart({ status: { phase, operation, eni, groupsApplied, pool, conditions } = {} }: VpcEni): OwnStatus {
  return {
    ...(phase === undefined ? {} : { phase }),
    ...(operation === undefined ? {} : { operation }),
    ...(eni === undefined ? {} : { eni }),
    ...(groupsApplied === undefined ? {} : { groupsApplied }),
    ...(pool === undefined ? {} : { pool }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** A Warning on the Pod that waits, in the documented form of FailedAllocateEIP; of a node's ENI, on the Node. */
export function warnOwner(deps: Pick<IpamdDeps, 'recorder' | 'informers'>, eni: VpcEni, message: string): void {
  const { pod, nodeName } = eni.spec;
  if (pod === undefined)
    return tellNode(deps, nodeName, {
      type: 'Warning',
      reason: 'FailedAllocateENI',
      message: `${eni.metadata.name}: ${message}`,
    });
  deps.recorder.record({
    regarding: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: pod.namespace, name: pod.name, uid: pod.uid },
    },
    type: 'Warning',
    reason: 'FailedAllocateENI',
    message: `Failed to create eni: ${message}`,
  });
}
