// For tests: a scenario is run once to see which calls it makes, and then again with ipamd interrupted at one of them.
import type { Ipamd, IpamdTweaks } from './ipamd.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

export interface Scenario<W extends World = World> {
  readonly what: string;
  readonly options?: WorldOptions;
  /** Default `startWorld`. */
  readonly start?: (options?: WorldOptions) => Promise<W>;
  readonly tweaks?: IpamdTweaks;
  /** Actions that count; default: all that change something. */
  readonly only?: RegExp;
  /** Brings the world to where the calls begin; an ipamd runs meanwhile, and only then. Absent: nothing is there yet. */
  readonly before?: (world: W) => Promise<void>;
  /** What then happens, while no ipamd runs. */
  readonly act?: (world: W) => Promise<void>;
  /** Resolves once everything is as it should be in the end; throws when something is left over. */
  readonly after: (world: W) => Promise<void>;
}

export const interruptions = ['killed before the call', 'killed before the answer', 'without an answer'] as const;
export type Interruption = (typeof interruptions)[number];

/** Mutating methods of VpcCloud and the actions they send. */
const ACTIONS: Readonly<Record<string, string>> = {
  createEni: 'CreateNetworkInterface',
  attachEni: 'AttachNetworkInterface',
  detachEni: 'DetachNetworkInterface',
  deleteEni: 'DeleteNetworkInterface',
  assignAddresses: 'AssignPrivateIpAddresses',
  unassignAddresses: 'UnassignPrivateIpAddresses',
  associateSecurityGroups: 'AssociateNetworkInterfaceSecurityGroups',
  disassociateSecurityGroups: 'DisassociateNetworkInterfaceSecurityGroups',
  replaceSecurityGroups: 'ModifyNetworkInterfaceAttribute',
  createSubEni: 'CreateSubNetworkInterface',
  deleteSubEni: 'DeleteSubNetworkInterface',
  allocateEip: 'AllocateAddresses',
  associateEip: 'AssociateAddress',
  disassociateEip: 'DisassociateAddress',
  releaseEip: 'ReleaseAddresses',
  modifyEipBandwidth: 'ModifyAddressesBandwidth',
};

/** The action that a write of ipamd sends to the cloud; undefined for those to Kubernetes. */
export const actionOf = (what: string): string | undefined => ACTIONS[what.trim()];

function countedAction({ only }: Pick<Scenario, 'only'>, what: string): string | undefined {
  const action = actionOf(what);
  return action !== undefined && only?.test(action) !== false ? action : undefined;
}

/** The mutating calls of a run in which nothing goes wrong. */
export async function undisturbed<W extends World>(scenario: Scenario<W>): Promise<readonly string[]> {
  const { world, close } = await prepared(scenario);
  const seen: string[] = [];
  world.ipamd({
    ...scenario.tweaks,
    beforeWrite: (what) => {
      const action = countedAction(scenario, what);
      if (action !== undefined) seen.push(action);
    },
  });
  await scenario.after(world);
  await close();
  return seen;
}

/** The same run with the n-th mutating call interrupted (from 1); `then` comes after it, when no ipamd runs any more. Answers the interrupted action, or undefined when there was no n-th call. */
export async function interrupted<W extends World>(
  scenario: Scenario<W>,
  how: Interruption,
  nth: number,
  then: (world: W) => Promise<void> = () => Promise.resolve(),
): Promise<string | undefined> {
  const { world, close } = await prepared(scenario);
  let count = 0;
  let hit: string | undefined;
  const killed = Promise.withResolvers<void>();
  const kill = (): void => {
    doomed.kill();
    killed.resolve();
  };
  const doomed: Ipamd = world.ipamd({
    ...scenario.tweaks,
    beforeWrite: (what) => {
      const action = countedAction(scenario, what);
      if (action === undefined) return;
      count += 1;
      if (count !== nth) return;
      hit = action;
      if (how === 'killed before the call') kill();
      if (how === 'without an answer') world.cloud.admin.dropReply({ action });
    },
    afterWrite: (what) => {
      if (how === 'killed before the answer' && count >= nth && actionOf(what) === hit && hit !== undefined) kill();
    },
  });
  const done = scenario.after(world);
  let last = doomed;
  if (how !== 'without an answer') {
    // Without an n-th call it ends undisturbed.
    await Promise.race([killed.promise, done]);
    if (hit !== undefined) {
      await doomed.ended;
      last = world.ipamd(scenario.tweaks);
    }
  }
  await done;
  await last.stop();
  await then(world);
  await close();
  return hit;
}

async function prepared<W extends World>(scenario: Scenario<W>): Promise<{ world: W; close: () => Promise<void> }> {
  const start = scenario.start ?? (startWorld as (options?: WorldOptions) => Promise<W>);
  const world = await start(scenario.options);
  if (scenario.before !== undefined) {
    const first = world.ipamd(scenario.tweaks);
    await scenario.before(world);
    await first.stop();
  }
  await scenario.act?.(world);
  return { world, close: () => world.close() };
}
