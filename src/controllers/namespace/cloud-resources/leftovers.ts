// What a namespace on its way out still has in the cloud, in words for people. Pure.
import type { EipClaim } from '../../../api/eip-claim.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { VpcIp } from '../../../api/vpc-ip.ts';
import type { Remaining } from './remaining.ts';

/** More of a kind are counted and not named: an Event holds a thousand characters. */
const NAMED = 5;

/** One sentence: how many sub-ENIs, addresses and EIPs, whose, and what each waits for (`sub-1 of Pod web: <Ready's message>`). */
export function describeLeftovers({ subEnis, addresses, eips }: Remaining): string {
  const parts = [
    ...(subEnis.length === 0 ? [] : [listed('sub-ENI', 'sub-ENIs', subEnis.map(describeEni))]),
    ...(addresses.length === 0 ? [] : [listed('address', 'addresses', addresses.map(describeAddress))]),
    ...(eips.length === 0 ? [] : [listed('EIP', 'EIPs', eips.map(describeEip))]),
  ];
  return `waits for ${parts.join('. And for ')}`;
}

function listed(one: string, many: string, descriptions: readonly string[]): string {
  const named = descriptions.toSorted().slice(0, NAMED);
  const more = descriptions.length - named.length;
  const count = `${descriptions.length} ${descriptions.length === 1 ? one : many}`;
  return `${count} of its Pods: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function describeEni({ metadata, spec, status }: VpcEni): string {
  const id = status?.eni === undefined ? '' : ` (${status.eni.eniID})`;
  const why = status?.conditions?.find(({ type }) => type === 'Ready');
  const reason = why === undefined || why.status === 'True' ? 'its Pod has not ended' : why.message;
  return `${metadata.name}${id} of Pod ${spec.pod?.name ?? ''}: ${reason}`;
}

function describeAddress({ metadata, spec, status }: VpcIp): string {
  const torn = status?.agent?.state === 'TornDown' && status.agent.podUID === status.podUID;
  const why = torn
    ? 'it is being unassigned'
    : `the agent of node ${status?.nodeName ?? ''} has not reported its Pod torn down`;
  return `${metadata.name} on ${status?.eniID ?? 'no ENI'} of Pod ${spec.claim?.name ?? ''}: ${why}`;
}

function describeEip({ metadata, status }: EipClaim): string {
  const why = status?.conditions?.find(({ type, status: value }) => type === 'Bound' && value === 'False');
  return `${status?.publicIP ?? ''} (${status?.eipID ?? ''}) of EIPClaim ${metadata.name}: ${why?.message ?? 'its Pod has not ended'}`;
}
