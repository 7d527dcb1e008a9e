// Which of a cluster's node ENIs a complete listing shows otherwise than recorded: detached, deleted, or with other addresses, by hand.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import type { EniMemory } from './memory.ts';

/** Only a hint: the ENI is looked at by its id before anything is done. */
export function isOtherwise(eni: VpcEni, listed: Eni | undefined, known: EniMemory): boolean {
  const made = eni.status?.eni;
  // What is being worked on is looked at anyway.
  if (made === undefined || eni.status?.phase !== 'Ready' || known.callOpen || known.looking !== undefined)
    return false;
  if (listed === undefined || listed.attachment === undefined) return true;
  if (eni.spec.instanceID !== undefined && listed.attachment.instanceId !== eni.spec.instanceID) return true;
  const recorded = new Set(made.addresses.map(({ ip }) => ip));
  return listed.addresses.length !== recorded.size || listed.addresses.some(({ ip }) => !recorded.has(ip));
}
