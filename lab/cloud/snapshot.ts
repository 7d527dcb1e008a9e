// Projects the account onto the fabric's read model.
import type { FabricEni, FabricRule, FabricSecurityGroup, FabricSnapshot } from './read-model.ts';
import { ipToNumber, numberToIp } from './addresses.ts';
import type { AccountState, EniRecord, PolicyRecord, SecurityGroupRecord } from './state.ts';

/** Stands in for "no group" when that means closed: a group without rules drops everything. */
const CLOSED: FabricSecurityGroup = { securityGroupId: 'sg-00000000', ingress: [], egress: [] };

/** What the fabric is to enforce now; ENIs that are still being made are left out. */
export function takeSnapshot(state: AccountState, version: number, noGroupIsOpen: boolean): FabricSnapshot {
  const bare = noGroupIsOpen ? [] : [CLOSED];
  return {
    version,
    enis: [...state.enis.values()].filter((eni) => eni.wired).flatMap((eni) => fabricEni(state, eni, bare)),
    securityGroups: [...[...state.securityGroups.values()].map(fabricGroup), ...bare],
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
      addresses: eni.addresses.map((address) => address.ip),
      securityGroupIds:
        eni.securityGroupIds.length > 0 ? [...eni.securityGroupIds] : bare.map((group) => group.securityGroupId),
    },
  ];
}

function fabricGroup(group: SecurityGroupRecord): FabricSecurityGroup {
  return {
    securityGroupId: group.securityGroupId,
    ingress: group.ingress.map(fabricRule),
    egress: group.egress.map(fabricRule),
  };
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
