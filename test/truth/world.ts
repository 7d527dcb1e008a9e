// A world of the property test as plain data, and what the cloud's API and the fabric are each told of it. Pure.
import type { FabricEip, FabricRule, FabricSecurityGroup, FabricWayOut } from '../../lab/cloud/read-model.ts';
import { expandPolicy } from '../../lab/cloud/policy-expand.ts';
import { emptyTemplateBook, type TemplateBook } from '../../lab/cloud/policy-templates.ts';
import type { PolicyRecord } from '../../lab/cloud/state.ts';
import type { EnforcingMode } from '../../src/api/vpc-eni.ts';
import type { Templates } from '../../src/securitygroup/templates.ts';
import type { KernelState } from './kernel.ts';
import { places, type Place } from './topology.ts';

/** A rule as somebody wrote it; unused strings are empty. */
export interface WrittenRule {
  readonly action: 'ACCEPT' | 'DROP';
  /** Empty with a service template. */
  readonly protocol: 'TCP' | 'UDP' | 'ICMP' | 'ALL' | '';
  readonly port: string;
  readonly service: string;
  readonly cidr: string;
  readonly peerGroup: string;
  readonly addressTemplate: string;
}

export interface WrittenGroup {
  readonly groupId: string;
  readonly ingress: readonly WrittenRule[];
  readonly egress: readonly WrittenRule[];
}

export interface TruthWorld {
  readonly groups: readonly WrittenGroup[];
  /** Entries by id, of addresses (ipm-) and of services (ppm-). */
  readonly templates: Readonly<Record<string, readonly string[]>>;
  /** Group ids in order, by ENI id; absent: none. */
  readonly bindings: Readonly<Record<string, readonly string[]>>;
  /** Strict Pods by name. */
  readonly strict: readonly string[];
  readonly earlyDemux: KernelState['earlyDemux'];
  readonly masq: KernelState['masq'];
  /** Public addresses by name of the place. */
  readonly eips: Readonly<Record<string, string>>;
  readonly waysOut: readonly FabricWayOut[];
}

export interface TruthFlow {
  readonly from: string;
  /** Name of a place; reached by its EIP from the internet, by its private address from elsewhere. */
  readonly to: string;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  readonly port: number;
}

/** Throws for a name that no place has. */
export function placeOf(name: string): Place {
  const place = places.find((candidate) => candidate.name === name);
  if (place === undefined) throw new Error(`no place ${name}`);
  return place;
}

/** What the sender writes into its packets. Undefined: there is no such address. */
export function destinationOf(world: TruthWorld, { from, to }: Pick<TruthFlow, 'from' | 'to'>): string | undefined {
  return placeOf(from).kind === 'internet' ? world.eips[to] : placeOf(to).address;
}

/** `SecurityGroupPolicySet` of `DescribeSecurityGroupPolicies`; the place of a rule is its `PolicyIndex`, wherever it is listed. */
export function apiPolicySet(group: WrittenGroup): unknown {
  const rules = (list: readonly WrittenRule[]): unknown[] =>
    list.map((rule, index) => ({
      PolicyIndex: index,
      Protocol: rule.protocol,
      Port: rule.port,
      ServiceTemplate: { ServiceId: rule.service, ServiceGroupId: '' },
      CidrBlock: rule.cidr,
      Ipv6CidrBlock: '',
      SecurityGroupId: rule.peerGroup,
      AddressTemplate: { AddressId: rule.addressTemplate, AddressGroupId: '' },
      // The API takes and gives any case.
      Action: index % 2 === 0 ? rule.action : rule.action.toLowerCase(),
      PolicyDescription: '',
    }));
  return { Version: '1', Ingress: rules(group.ingress).toReversed(), Egress: rules(group.egress).toReversed() };
}

export function apiTemplates(world: TruthWorld): Templates {
  const of = (prefix: string): ReadonlyMap<string, readonly string[]> =>
    new Map(Object.entries(world.templates).filter(([id]) => id.startsWith(prefix)));
  return { address: of('ipm-'), service: of('ppm-') };
}

/** What packets obey; templates are taken apart by the simulator's own reading. */
export function kernelState(world: TruthWorld): KernelState {
  const book = bookOf(world);
  const rules = (list: readonly WrittenRule[]): FabricRule[] =>
    list.flatMap((rule) => expandPolicy(recordOf(rule), book)).map(fabricRule);
  const securityGroups: FabricSecurityGroup[] = world.groups.map((group) => ({
    securityGroupId: group.groupId,
    ingress: rules(group.ingress),
    egress: rules(group.egress),
  }));
  const eips = Object.entries(world.eips).map(([name, publicIp]): FabricEip => {
    const place = placeOf(name);
    const eniId = 'eniId' in place ? place.eniId : '';
    return { addressId: `eip-${name}`, publicIp, eniId, privateIp: place.address, bandwidthMbps: 100 };
  });
  const modes = new Map(world.strict.map((name): [string, EnforcingMode] => [name, 'strict']));
  return {
    snapshot: { securityGroups, eips, waysOut: world.waysOut, bindings: new Map(Object.entries(world.bindings)) },
    modes,
    earlyDemux: world.earlyDemux,
    masq: world.masq,
  };
}

function bookOf({ templates }: TruthWorld): TemplateBook {
  const book = emptyTemplateBook();
  const at = new Date(0);
  for (const [id, values] of Object.entries(templates)) {
    const entries = values.map((value) => ({ value, description: '', updatedAt: at }));
    const { templates: shelf } = id.startsWith('ipm-') ? book.address : book.service;
    shelf.set(id, { templateId: id, name: id, entries, createdAt: at, updatedAt: at, tags: [] });
  }
  return book;
}

const recordOf = (rule: WrittenRule): PolicyRecord => ({
  protocol: rule.protocol === '' ? 'ALL' : rule.protocol,
  port: rule.port === '' ? 'ALL' : rule.port,
  cidr: rule.cidr,
  cidr6: '',
  securityGroupId: rule.peerGroup,
  addressId: rule.addressTemplate,
  addressGroupId: '',
  serviceId: rule.service,
  serviceGroupId: '',
  action: rule.action,
  description: '',
  modifiedAt: new Date(0),
});

function fabricRule({ protocol, port, action, cidr, securityGroupId }: PolicyRecord): FabricRule {
  const peer: FabricRule['peer'] =
    securityGroupId !== ''
      ? { kind: 'group', securityGroupId }
      : cidr !== ''
        ? { kind: 'cidr', cidr }
        : { kind: 'any' };
  return { protocol, port, action, peer };
}
