// Makes and removes ENI records together with their addresses and VLAN ids.
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { IndexedEni } from '../eni-record.ts';
import { quotas } from '../settings.ts';
import type { EniRecord, SubnetRecord, TagRecord } from '../state.ts';
import { createVlanIds } from '../vlan-ids.ts';

export interface NewEni {
  readonly name: string;
  readonly description: string;
  readonly kind: EniRecord['kind'];
  readonly subnet: SubnetRecord;
  readonly addresses: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly tags: readonly TagRecord[];
  readonly trunking?: boolean;
  readonly trunk?: EniRecord;
  readonly eniId?: string;
  /** Default DEFAULT. */
  readonly qosLevel?: string | undefined;
}

/** Adds a PENDING record; the caller starts the task. The addresses must have been taken from the subnet already; they go back when it throws. */
export function addEni(core: CloudCore, wanted: NewEni): EniRecord {
  const vlanId = wanted.trunk === undefined ? null : takeVlan(wanted.trunk, wanted);
  const eni = new IndexedEni(core.state.enis, {
    eniId: wanted.eniId ?? core.newId('eni'),
    name: wanted.name,
    description: wanted.description,
    kind: wanted.kind,
    state: 'PENDING',
    vpcId: wanted.subnet.vpcId,
    subnetId: wanted.subnet.subnetId,
    zone: wanted.subnet.zone,
    mac: core.ids.mac(),
    addresses: wanted.addresses.map((ip, index) => ({ ip, primary: index === 0 })),
    securityGroupIds: [...wanted.securityGroupIds],
    attachment: null,
    trunking: wanted.trunking ?? false,
    makeVlans: () => createVlanIds(core.clock, core.settings.vlanRestMs),
    qosLevel: wanted.qosLevel ?? 'DEFAULT',
    trunkEniId: wanted.trunk?.eniId ?? null,
    vlanId,
    tags: [...wanted.tags],
    createdAt: core.clock.now(),
    visibleAt: core.clock.monotonicMs() + core.settings.readDelayMs,
    addressTasks: 0,
    wired: false,
    groupsReady: false,
  });
  core.state.enis.set(eni.eniId, eni);
  return eni;
}

function takeVlan(trunk: EniRecord, wanted: NewEni): number {
  const vlanId = trunk.vlans.take();
  if (vlanId !== undefined) return vlanId;
  for (const ip of wanted.addresses) wanted.subnet.addresses.release(ip);
  throw new ApiError('ResourceInsufficient', `every VLAN id of trunk ${trunk.eniId} is used or resting`);
}

/** Forgets the ENI; its addresses go back to the subnet and its VLAN id to rest. */
export function removeEni(core: CloudCore, eni: EniRecord): void {
  if (!core.state.enis.delete(eni.eniId)) return;
  const subnet = core.state.subnets.get(eni.subnetId);
  for (const { ip } of eni.addresses) subnet?.addresses.release(ip);
  if (eni.trunkEniId !== null && eni.vlanId !== null) core.state.enis.get(eni.trunkEniId)?.vlans.release(eni.vlanId);
}

/** Takes `count` addresses, or exactly the named ones; all or none (facts, section 20.8). */
export function takeAddresses(subnet: SubnetRecord, named: readonly string[], count: number): string[] {
  if (named.length > quotas.privateIpsPerCall)
    throw new ApiError(
      'InvalidParameterValue.LimitExceeded',
      `${named.length} private addresses; at most ${quotas.privateIpsPerCall} per call`,
    );
  const taken: string[] = [];
  try {
    for (const ip of named) taken.push(claimAddress(subnet, ip));
    // Before any is taken: one that is given back would not be the next one again.
    if (subnet.addresses.available() < count - taken.length) throw dry(subnet);
    while (taken.length < count) taken.push(nextAddress(subnet));
    return taken;
  } catch (error) {
    for (const ip of taken) subnet.addresses.release(ip);
    throw error;
  }
}

function nextAddress(subnet: SubnetRecord): string {
  const ip = subnet.addresses.take();
  if (ip === undefined) throw dry(subnet);
  return ip;
}

function dry({ addresses, cidr, subnetId }: SubnetRecord): ApiError {
  const free = addresses.available();
  const count = free === 0 ? 'no free address' : `only ${free} free addresses`;
  return new ApiError('ResourceInsufficient.Subnet', `subnet ${subnetId} (${cidr}) has ${count}`);
}

function claimAddress(subnet: SubnetRecord, ip: string): string {
  const outcome = subnet.addresses.claim(ip);
  if (outcome === 'in-use') throw new ApiError('ResourceInUse', `${ip} is taken`);
  if (outcome === 'reserved') throw new ApiError('InvalidParameterValue.Reserved', `${ip} is reserved by the system`);
  if (outcome === 'outside')
    throw new ApiError('InvalidParameterValue.Range', `${ip} is not in ${subnet.cidr} of subnet ${subnet.subnetId}`);
  return ip;
}
