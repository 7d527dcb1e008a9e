// Projects the account onto the fabric's read model.
import type {
  FabricEip,
  FabricEni,
  FabricRule,
  FabricSecurityGroup,
  FabricSnapshot,
  FabricWayOut,
} from './read-model.ts';
import type { EipRecord } from './eips/eip-state.ts';
import { ipToNumber, numberToIp } from './addresses.ts';
import { expandPolicy } from './policy-expand.ts';
import type { AccountState, EniRecord, PolicyRecord, SecurityGroupRecord, SubnetRecord } from './state.ts';

/** Stands in for "no group" when that means closed: a group without rules drops everything. */
const CLOSED: FabricSecurityGroup = { securityGroupId: 'sg-00000000', ingress: [], egress: [] };

/** What the fabric is to enforce now; ENIs that are still being made are left out. */
export function takeSnapshot(state: AccountState, version: number, noGroupIsOpen: boolean): FabricSnapshot {
  const bare = noGroupIsOpen ? [] : [CLOSED];
  return {
    version,
    enis: [...state.enis.values()].filter((eni) => eni.wired).flatMap((eni) => fabricEni(state, eni, bare)),
    eips: [...state.eipBook.eips.values()].flatMap(fabricEip),
    waysOut: [...state.subnets.values()].flatMap((subnet) => waysOut(state, subnet)),
    securityGroups: [...[...state.securityGroups.values()].map((group) => fabricGroup(state, group)), ...bare],
  };
}

function fabricEni(state: AccountState, eni: EniRecord, bare: readonly FabricSecurityGroup[]): FabricEni[] {
  const subnet = state.subnets.get(eni.subnetId);
  if (subnet === undefined) return [];
  const trunk = eni.trunkEniId === null ? undefined : state.enis.get(eni.trunkEniId);
  const { attachment } = eni.kind === 'sub' ? (trunk ?? eni) : eni;
  const port = attachment?.plugged === true ? attachment : undefined;
  return [
    {
      eniId: eni.eniId,
      kind: eni.kind,
      mac: eni.mac,
      instanceId: port?.instanceId ?? null,
      deviceIndex: eni.kind === 'sub' ? null : (port?.deviceIndex ?? null),
      trunkEniId: eni.trunkEniId,
      vlanId: eni.vlanId,
      subnetId: eni.subnetId,
      subnetCidr: subnet.cidr,
      gateway: subnet.addresses.gateway,
      addresses: eni.addresses.filter(({ state }) => state !== 'PENDING').map(({ ip }) => ip),
      securityGroupIds:
        eni.securityGroupIds.length > 0 ? [...eni.securityGroupIds] : bare.map((group) => group.securityGroupId),
    },
  ];
}

/** Bound until its unbinding is done; an address that is shut or in arrears carries nothing (GUESS). */
function fabricEip({ addressId, arrears, bandwidth, binding, blocked, ip, phase }: EipRecord): FabricEip[] {
  const carries = (phase === 'BOUND' || phase === 'UNBINDING') && !arrears && !blocked;
  return carries && binding !== null ? [{ addressId, publicIp: ip, ...binding, bandwidthMbps: bandwidth }] : [];
}

/** A NAT gateway carries while it is up and has an address; GUESS: with several it uses the first. */
function waysOut(state: AccountState, { subnetId, vpcId, cidr }: SubnetRecord): FabricWayOut[] {
  const { associations, nats, tables } = state.routeBook;
  const chosen = associations.get(subnetId);
  const table =
    chosen === undefined
      ? [...tables.values()].find((other) => other.main && other.vpcId === vpcId)
      : tables.get(chosen);
  return (table?.routes ?? []).flatMap(({ destination, enabled, gatewayId, gatewayType }): FabricWayOut[] => {
    const way = { subnetCidr: cidr, destination };
    if (!enabled) return [];
    if (gatewayType === 'EIP') return [{ ...way, kind: 'eip' }];
    const nat = gatewayType === 'NAT' ? nats.get(gatewayId) : undefined;
    if (nat === undefined || nat.state === 'PENDING' || nat.state === 'DELETING') return [];
    const natIp = state.eipBook.eips.get(nat.addressIds[0] ?? '')?.ip;
    return natIp === undefined ? [] : [{ ...way, kind: 'nat', natIp }];
  });
}

function fabricGroup(state: AccountState, group: SecurityGroupRecord): FabricSecurityGroup {
  const plain = (list: readonly PolicyRecord[]): FabricRule[] =>
    list.flatMap((policy) => expandPolicy(policy, state.templates)).map(fabricRule);
  return { securityGroupId: group.securityGroupId, ingress: plain(group.ingress), egress: plain(group.egress) };
}

function fabricRule(policy: PolicyRecord): FabricRule {
  return { protocol: policy.protocol, port: policy.port, peer: fabricPeer(policy), action: policy.action };
}

function fabricPeer(policy: PolicyRecord): FabricRule['peer'] {
  if (policy.securityGroupId !== '') return { kind: 'group', securityGroupId: policy.securityGroupId };
  if (policy.cidr6 !== '')
    return { kind: 'cidr6', cidr: policy.cidr6.includes('/') ? policy.cidr6 : `${policy.cidr6}/128` };
  if (policy.cidr !== '') return { kind: 'cidr', cidr: networkOf(policy.cidr) };
  return { kind: 'any' };
}

// A rule may be written with host bits or as a bare address; the fabric gets the network.
function networkOf(text: string): string {
  const [address = '', prefixText = '32'] = text.split('/');
  const prefix = Number(prefixText);
  const size = 2 ** (32 - prefix);
  const value = ipToNumber(address) ?? 0;
  return `${numberToIp(Math.floor(value / size) * size)}/${prefix}`;
}
