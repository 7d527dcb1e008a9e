// Finds what a saved cloud refers to and does not hold, or holds twice, before anything is made of it.
import type { SavedAccount, SavedCloud } from './cloud-schema.ts';
import type { SavedPolicy } from './group-records.ts';

/** Says where the first such thing stands, e.g. `accounts.0.enis.3.subnetId: subnet-x is not in the file`; undefined: there is none. */
export function findUnresolved({ accounts }: SavedCloud): string | undefined {
  const keys = accounts.flatMap((account) => account.keys);
  const problem =
    twice('accounts', 'uin', accounts) ??
    twice('keys', 'secretId', keys) ??
    firstOf(accounts, (account) => problemOf(account));
  return problem === undefined ? undefined : problem;
}

interface Reference {
  readonly at: string;
  readonly id: string;
  readonly known: { has(id: string): boolean };
}

type Check = () => string | undefined;

function problemOf(account: SavedAccount): string | undefined {
  const lists = {
    vpcs: 'vpcId',
    subnets: 'subnetId',
    enis: 'eniId',
    routeTables: 'routeTableId',
    nats: 'natGatewayId',
    securityGroups: 'securityGroupId',
    instances: 'instanceId',
    clusters: 'clusterId',
    eips: 'addressId',
  } as const;
  const checks: Check[] = [
    ...Object.entries(lists).map(
      ([name, key]): Check =>
        () =>
          twice(name, key, account[name as keyof typeof lists]),
    ),
    () => dangling([...networkReferences(account), ...groupReferences(account), ...identityReferences(account)]),
    () => addressProblem(account),
    () => eipProblem(account),
    () => vlanProblem(account),
    () => taskProblem(account),
  ];
  return firstOf(checks, (check) => check(), false);
}

/** The first answer, with the place of what it is about in front unless told otherwise. */
function firstOf<T>(items: readonly T[], ask: (item: T) => string | undefined, placed = true): string | undefined {
  for (const [index, item] of items.entries()) {
    const answer = ask(item);
    if (answer !== undefined) return placed ? `accounts.${index}.${answer}` : answer;
  }
  return undefined;
}

function twice(list: string, key: string, items: readonly object[]): string | undefined {
  const seen = new Set<unknown>();
  for (const [index, item] of items.entries()) {
    const id = (item as Readonly<Record<string, unknown>>)[key];
    if (seen.has(id)) return `${list}.${index}.${key}: ${String(id)} is there twice`;
    seen.add(id);
  }
  return undefined;
}

function dangling(references: readonly Reference[]): string | undefined {
  const found = references.find(({ id, known }) => !known.has(id));
  return found === undefined ? undefined : `${found.at}: ${found.id} is not in the file`;
}

const idsOf = <K extends string>(items: readonly Readonly<Record<K, string>>[], key: K): ReadonlySet<string> =>
  new Set(items.map((item) => item[key]));

function networkReferences(account: SavedAccount): Reference[] {
  const vpcs = idsOf(account.vpcs, 'vpcId');
  const subnets = idsOf(account.subnets, 'subnetId');
  const groups = idsOf(account.securityGroups, 'securityGroupId');
  const instances = idsOf(account.instances, 'instanceId');
  const enis = idsOf(account.enis, 'eniId');
  const tables = idsOf(account.routeTables, 'routeTableId');
  const eips = idsOf(account.eips, 'addressId');
  const inVpc = (list: string, items: readonly { readonly vpcId: string }[]): Reference[] =>
    items.map(({ vpcId }, index) => ({ at: `${list}.${index}.vpcId`, id: vpcId, known: vpcs }));
  return [
    ...inVpc('subnets', account.subnets),
    ...inVpc('enis', account.enis),
    ...inVpc('routeTables', account.routeTables),
    ...inVpc('nats', account.nats),
    ...inVpc('instances', account.instances),
    ...inVpc('clusters', account.clusters),
    ...account.enis.flatMap(({ attachment, securityGroupIds, subnetId, trunkEniId }, index) => [
      { at: `enis.${index}.subnetId`, id: subnetId, known: subnets },
      ...securityGroupIds.map((id) => ({ at: `enis.${index}.securityGroupIds`, id, known: groups })),
      ...(attachment === null
        ? []
        : [{ at: `enis.${index}.attachment.instanceId`, id: attachment.instanceId, known: instances }]),
      ...(trunkEniId === null ? [] : [{ at: `enis.${index}.trunkEniId`, id: trunkEniId, known: enis }]),
    ]),
    ...account.instances.map(({ subnetId }, index) => ({
      at: `instances.${index}.subnetId`,
      id: subnetId,
      known: subnets,
    })),
    ...account.nats.flatMap(({ addressIds, subnetId }, index) => [
      ...(subnetId === '' ? [] : [{ at: `nats.${index}.subnetId`, id: subnetId, known: subnets }]),
      ...addressIds.map((id) => ({ at: `nats.${index}.addressIds`, id, known: eips })),
    ]),
    ...Object.entries(account.associations).flatMap(([subnetId, id]) => [
      { at: 'associations', id: subnetId, known: subnets },
      { at: `associations.${subnetId}`, id, known: tables },
    ]),
  ];
}

function groupReferences(account: SavedAccount): Reference[] {
  const groups = idsOf(account.securityGroups, 'securityGroupId');
  const { address, service } = account.templates;
  const addresses = idsOf(address.templates, 'templateId');
  const addressGroups = idsOf(address.groups, 'groupId');
  const services = idsOf(service.templates, 'templateId');
  const serviceGroups = idsOf(service.groups, 'groupId');
  const peers = (at: string, policy: SavedPolicy): Reference[] =>
    [
      { at: `${at}.securityGroupId`, id: policy.securityGroupId, known: groups },
      { at: `${at}.addressId`, id: policy.addressId, known: addresses },
      { at: `${at}.addressGroupId`, id: policy.addressGroupId, known: addressGroups },
      { at: `${at}.serviceId`, id: policy.serviceId, known: services },
      { at: `${at}.serviceGroupId`, id: policy.serviceGroupId, known: serviceGroups },
    ].filter(({ id }) => id !== '');
  const members = (kind: 'address' | 'service', known: ReadonlySet<string>): Reference[] =>
    account.templates[kind].groups.flatMap(({ templateIds }, index) =>
      templateIds.map((id) => ({ at: `templates.${kind}.groups.${index}.templateIds`, id, known })),
    );
  return [
    ...account.securityGroups.flatMap(({ egress, ingress }, index) => [
      ...ingress.flatMap((policy, rule) => peers(`securityGroups.${index}.ingress.${rule}`, policy)),
      ...egress.flatMap((policy, rule) => peers(`securityGroups.${index}.egress.${rule}`, policy)),
    ]),
    ...members('address', addresses),
    ...members('service', services),
  ];
}

function identityReferences({ cam, keys, uin }: SavedAccount): Reference[] {
  const policies = new Set(cam.policies.map((policy) => String(policy.policyId)));
  const users = idsOf(cam.users, 'userUin');
  const roles = idsOf(cam.roles, 'roleName');
  const attached = (at: string, list: readonly { readonly policyId: number }[]): Reference[] =>
    list.map(({ policyId }) => ({ at, id: String(policyId), known: policies }));
  return [
    ...cam.roles.flatMap((role, index) => attached(`cam.roles.${index}.attached`, role.attached)),
    ...cam.users.flatMap((user, index) => attached(`cam.users.${index}.attached`, user.attached)),
    ...keys.flatMap(({ caller }, index) => [
      { at: `keys.${index}.caller.uin`, id: caller.uin, known: new Set([uin]) },
      ...(caller.kind === 'user' ? [{ at: `keys.${index}.caller`, id: caller.userUin, known: users }] : []),
      ...(caller.kind === 'role' ? [{ at: `keys.${index}.caller`, id: caller.roleName, known: roles }] : []),
    ]),
  ];
}

/** An address belongs to one ENI, and its subnet holds it. */
function addressProblem({ enis, subnets }: SavedAccount): string | undefined {
  const free = new Map(subnets.map(({ addresses, subnetId }) => [subnetId, new Set(addresses.used)]));
  for (const [index, { addresses, eniId, subnetId }] of enis.entries())
    for (const { ip } of addresses)
      if (free.get(subnetId)?.delete(ip) !== true)
        return `enis.${index}.addresses: ${ip} of ${eniId} is not held in ${subnetId}, or is another ENI's too`;
  return undefined;
}

/** An EIP is bound to an address that is there, and no other EIP to the same. */
function eipProblem({ eips, enis }: SavedAccount): string | undefined {
  const places = new Set(enis.flatMap(({ addresses, eniId }) => addresses.map(({ ip }) => `${eniId}/${ip}`)));
  for (const [index, { addressId, binding }] of eips.entries())
    if (binding !== null && !places.delete(`${binding.eniId}/${binding.privateIp}`))
      return `eips.${index}.binding: ${binding.privateIp} of ${binding.eniId} is not in the file, or carries another EIP than ${addressId}`;
  return undefined;
}

/** What is said to run is under way. */
function taskProblem({ tasks }: SavedAccount): string | undefined {
  const running = new Set(tasks.running.map((task) => task.taskId));
  const lost = tasks.statuses.find(([taskId, status]) => (status === 'RUNNING') !== running.has(taskId));
  return lost === undefined ? undefined : `tasks.statuses: ${lost[0]} is ${lost[1]}, unlike in tasks.running`;
}

/** A VLAN id belongs to one sub-ENI of its trunk, and the trunk knows it as used. */
function vlanProblem({ enis }: SavedAccount): string | undefined {
  const free = new Map(enis.map(({ eniId, vlans }) => [eniId, new Set(vlans?.used)]));
  for (const [index, { eniId, trunkEniId, vlanId }] of enis.entries())
    if (trunkEniId !== null && vlanId !== null && free.get(trunkEniId)?.delete(vlanId) !== true)
      return `enis.${index}.vlanId: ${vlanId} of ${eniId} is not in use on ${trunkEniId}, or is another sub-ENI's too`;
  return undefined;
}
