// The Ready condition of a VpcENI, and the shape of one status write.
import type { VpcEni, VpcEniStatus } from '../../../api/vpc-eni.ts';
import { vpcEnis } from '../../../api/vpc-eni.ts';
import { fieldManagers } from '../../../api/keys.ts';
import { TrunklineError } from '../../../base/errors.ts';
import { applyStatus } from '../../../kube/apply.ts';
import { setCondition } from '../../../kube/conditions.ts';
import type { Condition } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';

/** What ipamd owns of the status; `agent` belongs to the agent. */
export type OwnStatus = Omit<VpcEniStatus, 'agent'>;

export function readyCondition(
  eni: VpcEni,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: Date,
): Condition[] {
  return [
    ...setCondition(eni.status?.conditions as Condition[] | undefined, { type: 'Ready', status, reason, message }, now),
  ];
}

/** Reason, message and cure of anything thrown, for people. */
export function explain(error: unknown): { readonly reason: string; readonly message: string } {
  if (error instanceof TrunklineError)
    return { reason: error.entry.eventReason, message: `${error.code}: ${error.message}. ${error.entry.cure}` };
  return { reason: 'Error', message: error instanceof Error ? error.message : String(error) };
}

/**
 * Writes ipamd's part of the status: what is given replaces the same field, the rest stays. The object's version is the lock: a conflict means
 * that somebody else wrote since we read, and nothing that depends on this write may happen.
 */
export async function writeStatus(
  deps: IpamdDeps,
  eni: VpcEni,
  change: Partial<OwnStatus> & { readonly clear?: readonly (keyof OwnStatus)[] },
): Promise<VpcEni> {
  const { clear = [], ...fields } = change;
  const { agent: _agent, ...own } = eni.status ?? {};
  const status: Record<string, unknown> = { ...own, ...fields };
  for (const field of clear) delete status[field];
  const written = await applyStatus<VpcEni>(deps.client, vpcEnis, eni.metadata.name, {
    fieldManager: fieldManagers.ipamd,
    status,
    ...(eni.metadata.resourceVersion === undefined ? {} : { resourceVersion: eni.metadata.resourceVersion }),
  });
  deps.enis.wrote(written);
  return written;
}
