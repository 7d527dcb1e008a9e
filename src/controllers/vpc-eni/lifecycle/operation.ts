// The record of a call that changes a node's ENI, written before it is sent (DESIGN, decision 3).
import type { VpcEni, VpcEniOperation } from '../../../api/vpc-eni.ts';
import type { Clock } from '../../../base/clock.ts';
import { clientToken } from '../../../planning/eni-identity.ts';

/** A call that is to be made. */
export interface NextOperation {
  readonly action: VpcEniOperation['action'];
  /** Without the token. */
  readonly request: object;
  /** The recorded call once more when it is the same and its outcome may still be open; false: another call, with another token. */
  readonly repeat: boolean;
}

/** A call whose answer or effect is missing after this is another call: its token would only give the old answer again. */
const REPEAT_MS = 60_000;

/** Calls that take no token (facts/tencent-cloud-api.md): none is recorded. */
const WITHOUT_TOKEN: ReadonlySet<string> = new Set(['DeleteNetworkInterface', 'UnassignPrivateIpAddresses']);

/** A repetition is the recorded operation itself. */
export function operationOf(
  deps: { readonly clock: Clock; readonly identity: string },
  eni: VpcEni,
  { action, request, repeat }: NextOperation,
): VpcEniOperation {
  const before = eni.status?.operation;
  const body = JSON.stringify(request);
  const same = before?.action === action && before.request === body;
  if (repeat && same && operationAgeMs(deps.clock, eni) < REPEAT_MS) return before;
  const attempt = (before?.attempt ?? 0) + 1;
  const token = clientToken(`${eni.metadata.uid ?? ''}/${action}`, attempt);
  return {
    action,
    request: body,
    attempt,
    ...(WITHOUT_TOKEN.has(action) ? {} : { clientToken: token }),
    holder: deps.identity,
    recordedAt: deps.clock.now().toISOString(),
  };
}

/** How long ago the recorded call was written down; 0 without one. */
export function operationAgeMs(clock: Clock, eni: VpcEni): number {
  const recordedAt = eni.status?.operation?.recordedAt;
  return recordedAt === undefined ? 0 : clock.now().getTime() - Date.parse(recordedAt);
}
