// Writes down one account as it is at this moment.
import type { Clock } from '../../../src/base/clock.ts';
import { vlansOf } from '../eni-record.ts';
import type { AcceptedCredential } from '../signature.ts';
import type { EipRecord } from '../eips/eip-state.ts';
import type { OwnedKey, SimulatedAccount } from '../identity/directory.ts';
import type { TemplateShelf } from '../policy-templates.ts';
import { type CloudSettings, defaultSettings } from '../settings.ts';
import type { EniRecord, SecurityGroupRecord } from '../state.ts';
import type { SavedAccount } from './cloud-schema.ts';

/** Shares lists with the live records: it must be encoded before anything else happens. */
export function saveAccount(
  account: SimulatedAccount,
  keys: readonly OwnedKey[],
  root: AcceptedCredential,
): SavedAccount {
  const { cam, core, limiter, tokens } = account;
  const { clock, state } = core;
  const { eipBook, routeBook } = state;
  return {
    uin: account.uin,
    appId: account.appId,
    region: core.region,
    root: { secretId: root.secretId, secretKey: root.secretKey },
    settings: changedSettings(core.openingSettings),
    readDelayMs: core.settings.readDelayMs,
    closedZones: [...core.settings.closedZones],
    ids: core.ids.save(),
    random: core.random.save(),
    faults: core.faults.save(),
    drained: Object.fromEntries(core.drained),
    limits: limiter.save(),
    tokens: tokens.save(),
    tasks: core.tasks.save(),
    cam: cam.save(),
    keys: keys.filter((key) => key.account === account).map(savedKey),
    oidcProviders: [...account.oidcProviders.values()].map((provider) => ({
      ...provider,
      keys: provider.keys.map((key) => ({ ...key })),
    })),
    vpcs: [...state.vpcs.values()],
    subnets: [...state.subnets.values()].map((subnet) => ({ ...subnet, addresses: subnet.addresses.save() })),
    enis: state.enis.all().map((eni) => savedEni(eni, clock)),
    routeTables: [...routeBook.tables.values()],
    nats: [...routeBook.nats.values()],
    associations: Object.fromEntries(routeBook.associations),
    nextRouteId: routeBook.nextRouteId,
    securityGroups: [...state.securityGroups.values()].map((group) => savedGroup(group, clock)),
    templates: { address: savedShelf(state.templates.address), service: savedShelf(state.templates.service) },
    instances: [...state.instances.values()],
    clusters: [...state.clusters.values()].map((cluster) => ({ ...cluster, addons: [...cluster.addons.values()] })),
    eips: [...eipBook.eips.values()].map((eip) => savedEip(eip, clock)),
    eipCounters: { nextTask: eipBook.nextTask, nextPublicIp: eipBook.nextPublicIp, today: eipBook.today },
  };
}

function changedSettings(settings: CloudSettings): Partial<CloudSettings> {
  const defaults: Readonly<Record<string, unknown>> = { ...defaultSettings };
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name])),
  );
}

function savedKey({ account: _account, caller, ...credential }: OwnedKey): SavedAccount['keys'][number] {
  if (caller.kind === 'anonymous') throw new Error(`key ${credential.secretId} stands for nobody`);
  const { secretId, secretKey, token, validUntil } = credential;
  return {
    secretId,
    secretKey,
    ...(token === undefined ? {} : { token }),
    ...(validUntil === undefined ? {} : { validUntil }),
    caller,
  };
}

// By name: the index's own record answers through getters, which a spread would lose.
function savedEni(eni: EniRecord, clock: Clock): SavedAccount['enis'][number] {
  return {
    eniId: eni.eniId,
    name: eni.name,
    description: eni.description,
    kind: eni.kind,
    state: eni.state,
    vpcId: eni.vpcId,
    subnetId: eni.subnetId,
    zone: eni.zone,
    mac: eni.mac,
    addresses: eni.addresses,
    securityGroupIds: eni.securityGroupIds,
    attachment: eni.attachment,
    trunking: eni.trunking,
    qosLevel: eni.qosLevel,
    addressTasks: eni.addressTasks,
    vlans: vlansOf(eni)?.save() ?? null,
    trunkEniId: eni.trunkEniId,
    vlanId: eni.vlanId,
    tags: eni.tags,
    createdAt: eni.createdAt,
    visibleInMs: eni.visibleAt - clock.monotonicMs(),
    wired: eni.wired,
    groupsReady: eni.groupsReady,
  };
}

function savedGroup(
  { expansion, ...group }: SecurityGroupRecord,
  clock: Clock,
): SavedAccount['securityGroups'][number] {
  if (expansion === undefined) return { ...group, expansion: null };
  return { ...group, expansion: { atMs: expansion.at - clock.monotonicMs(), rules: expansion.rules } };
}

const savedShelf = ({ groups, templates }: TemplateShelf): SavedAccount['templates']['address'] => ({
  templates: [...templates.values()],
  groups: [...groups.values()],
});

function savedEip({ idleSince, visibleAt, ...eip }: EipRecord, clock: Clock): SavedAccount['eips'][number] {
  const now = clock.monotonicMs();
  return { ...eip, visibleInMs: visibleAt - now, idleForMs: idleSince === null ? null : now - idleSince };
}
