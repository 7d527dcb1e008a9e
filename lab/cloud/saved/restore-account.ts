// Makes a saved account live again, in an account that was opened a moment ago and owns nothing.
import { z } from 'zod';

import { errorText } from '../../../src/base/errors.ts';
import { createAddressPool, parseCidr4 } from '../addresses.ts';
import type { CloudCore } from '../core.ts';
import { bindEip } from '../eips/eip-state.ts';
import { IndexedEni } from '../eni-record.ts';
import type { Directory, SimulatedAccount } from '../identity/directory.ts';
import type { OidcProvider } from '../identity/web-identity.ts';
import type { TemplateShelf } from '../policy-templates.ts';
import { taskKinds } from '../tasks/index.ts';
import type { PlannedTask } from '../tasks/task-kind.ts';
import type { SavedTask } from '../tasks/task-runner.ts';
import { createVlanIds } from '../vlan-ids.ts';
import type { SavedAccount } from './cloud-schema.ts';

/** References must have been checked. Tasks go on from here. Throws Error that names the account for what cannot be; it is of no use then. */
export function restoreAccount(directory: Directory, account: SimulatedAccount, saved: SavedAccount): void {
  try {
    restoreAll(directory, account, saved);
  } catch (error) {
    throw new Error(`the saved account ${saved.uin} cannot go on: ${errorText(error)}`, { cause: error });
  }
}

function restoreAll(directory: Directory, account: SimulatedAccount, saved: SavedAccount): void {
  const { core } = account;
  restoreNetworks(core, saved);
  restoreEnis(core, saved);
  restoreGroups(core, saved);
  restoreProducts(core, saved);
  core.ids.restore(saved.ids);
  core.random.restore(saved.random);
  core.faults.restore(saved.faults);
  core.settings.readDelayMs = saved.readDelayMs;
  core.settings.closedZones = saved.closedZones;
  for (const [subnetId, ips] of Object.entries(saved.drained)) core.drained.set(subnetId, ips);
  account.limiter.restore(saved.limits);
  account.tokens.restore(saved.tokens);
  account.cam.restore(saved.cam);
  for (const provider of saved.oidcProviders)
    account.oidcProviders.set(provider.providerId, { ...provider, keys: provider.keys as OidcProvider['keys'] });
  for (const { caller, ...credential } of saved.keys) directory.addKey(credential, account, caller);
  core.tasks.restore(saved.tasks, revive);
  core.touch();
  finishBindings(core);
}

/** Calls that bound groups and waited for the fabric are gone; what they would have said holds when the next fabric obeys. */
function finishBindings(core: CloudCore): void {
  const waiting = core.state.enis.all().filter((eni) => eni.state === 'AVAILABLE' && eni.wired && !eni.groupsReady);
  const ready = (): void => {
    for (const eni of waiting) eni.groupsReady = eni.wired;
  };
  // A fabric that cannot follow leaves them as they are.
  if (waiting.length > 0) core.settle().then(ready, () => undefined);
}

function revive({ data, kind, taskId }: SavedTask): PlannedTask {
  const known = taskKinds.get(kind);
  if (known === undefined)
    throw new Error(`task ${taskId} is of kind ${kind}; known: ${[...taskKinds.keys()].join(', ')}`);
  try {
    return known.revive(data);
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    throw new Error(
      `task ${taskId} of kind ${kind}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? errorText(error)}`,
      {
        cause: error,
      },
    );
  }
}

function restoreNetworks({ state }: CloudCore, saved: SavedAccount): void {
  const { routeBook } = state;
  for (const vpc of saved.vpcs) state.vpcs.set(vpc.vpcId, vpc);
  for (const { addresses, ...subnet } of saved.subnets) {
    const range = parseCidr4(subnet.cidr);
    if (range === undefined) throw new Error(`${subnet.cidr} of ${subnet.subnetId} is no network`);
    const pool = createAddressPool(range);
    pool.restore(addresses);
    state.subnets.set(subnet.subnetId, { ...subnet, addresses: pool });
  }
  for (const table of saved.routeTables) routeBook.tables.set(table.routeTableId, table);
  for (const nat of saved.nats) routeBook.nats.set(nat.natGatewayId, nat);
  for (const [subnetId, tableId] of Object.entries(saved.associations)) routeBook.associations.set(subnetId, tableId);
  routeBook.nextRouteId = saved.nextRouteId;
}

function restoreEnis(core: CloudCore, saved: SavedAccount): void {
  const now = core.clock.monotonicMs();
  for (const { securityGroupIds, visibleInMs, vlans, ...fields } of saved.enis) {
    const eni = new IndexedEni(core.state.enis, {
      ...fields,
      securityGroupIds: [...securityGroupIds],
      visibleAt: now + visibleInMs,
      makeVlans: () => createVlanIds(core.clock, core.settings.vlanRestMs),
    });
    if (vlans !== null) eni.vlans.restore(vlans);
    core.state.enis.set(eni.eniId, eni);
  }
}

function restoreGroups({ clock, state }: CloudCore, saved: SavedAccount): void {
  for (const { expansion, ...group } of saved.securityGroups) {
    const { atMs, rules } = expansion ?? {};
    const known =
      atMs === undefined || rules === undefined ? {} : { expansion: { at: clock.monotonicMs() + atMs, rules } };
    state.securityGroups.set(group.securityGroupId, { ...group, ...known });
  }
  restoreShelf(state.templates.address, saved.templates.address);
  restoreShelf(state.templates.service, saved.templates.service);
}

function restoreShelf(shelf: TemplateShelf, saved: SavedAccount['templates']['address']): void {
  for (const template of saved.templates) shelf.templates.set(template.templateId, template);
  for (const group of saved.groups) shelf.groups.set(group.groupId, group);
}

function restoreProducts({ clock, state }: CloudCore, saved: SavedAccount): void {
  const now = clock.monotonicMs();
  const { eipBook } = state;
  for (const instance of saved.instances) state.instances.set(instance.instanceId, instance);
  for (const { addons, vpcCni, ...cluster } of saved.clusters)
    state.clusters.set(cluster.clusterId, {
      ...cluster,
      vpcCni: vpcCni === null ? null : { ...vpcCni, expiredSeconds: vpcCni.expiredSeconds },
      addons: new Map(addons.map((addon) => [addon.name, addon])),
    });
  for (const { idleForMs, visibleInMs, ...rest } of saved.eips) {
    const eip = { ...rest, visibleAt: now + visibleInMs, idleSince: idleForMs === null ? null : now - idleForMs };
    eipBook.eips.set(eip.addressId, eip);
    if (eip.binding !== null) bindEip(eipBook, eip, eip.binding);
  }
  eipBook.nextTask = saved.eipCounters.nextTask;
  eipBook.nextPublicIp = saved.eipCounters.nextPublicIp;
  Object.assign(eipBook.today, saved.eipCounters.today);
}
