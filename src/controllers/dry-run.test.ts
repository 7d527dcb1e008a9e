// --dry-run against a real API and the simulator: the plan is told, and neither side is changed.
import { expect, it } from 'vitest';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import type { Logger } from '../base/logger.ts';
import { silentLogger } from '../base/logger.ts';
import { createPlanLog, type PlanLog } from './dry-run.ts';
import { first, nodeGroupsWorld, second } from './testing/node-groups.ts';
import { listedOn, running, sharedPod } from './testing/shared-world.ts';
import { disposableWorld, isReady } from './testing/world.ts';

const MUTATING = /^(Create|Delete|Attach|Detach|Assign|Unassign|Associate|Disassociate|Modify)/;

/** A plan, and a promise of its first entry that `pick` takes. */
function listened(): {
  readonly plan: PlanLog;
  readonly seen: string[];
  readonly until: (text: string) => Promise<void>;
} {
  const seen: string[] = [];
  const waiting = new Map<string, () => void>();
  const note = (line: string): void => {
    seen.push(line);
    for (const [text, resolve] of waiting) if (line.includes(text)) resolve();
  };
  return {
    seen,
    plan: {
      write: ({ method, path }) => note(`${method} ${path}`),
      call: (action) => note(`cloud ${action}`),
    },
    until: (text) =>
      seen.some((line) => line.includes(text))
        ? Promise.resolve()
        : new Promise((resolve) => waiting.set(text, resolve)),
  };
}

it('a dry run of an empty cluster tells of the configuration of each node and changes nothing', async () => {
  await using world = await disposableWorld();
  const { plan, until } = listened();
  world.ipamd({ plan });
  await until('POST /apis/networking.tke.cloud.tencent.com/v1/nodeeniconfigs');
  expect((await world.client.list(nodeEniConfigs)).items).toEqual([]);
  expect(world.cloud.requestLog().filter(({ action }) => MUTATING.test(action))).toEqual([]);
});

it('a dry run beside a cluster that works tells what it would do for a new Pod, down to the call, and does none of it', async () => {
  await using world = await disposableWorld();
  const working = world.ipamd();
  await world.nodesReady();
  await world.createPod('web');
  await world.subEniObjects((enis) => enis.length === 1 && enis.every(isReady), 'the Pod ready');
  await working.stop();
  const before = world.cloud.requestLog().length;
  const { plan, until } = listened();
  const dry = world.ipamd({ plan });
  await world.deletePod('web');
  await until('cloud deleteSubEni');
  await world.createPod('api');
  await until('POST /apis/networking.tke.cloud.tencent.com/v1/vpcenis');
  await dry.stop();
  expect((await world.client.list(vpcEnis)).items.filter((eni) => eni.spec.type === 'SubENI')).toHaveLength(1);
  expect(world.subEnis()).toHaveLength(1);
  const calls = world.cloud.requestLog().slice(before);
  expect(calls.filter(({ action }) => MUTATING.test(action))).toEqual([]);
});

it('a dry run beside a cluster that works tells how it would grow a pool and change groups, and does neither', async () => {
  await using world = await nodeGroupsWorld();
  const flags = { enableSecurityGroups: true, securityGroups: [first] };
  const working = world.ipamd({ flags });
  await world.untilBound([first]);
  await listedOn(world, world.node, 5);
  await world.untilCondition(({ status }) => status === 'True', 'in step');
  await working.stop();
  await sharedPod(world, 'web');
  await running(world, ['web']);
  await world.editNec([second, first]);
  const objects = async (): Promise<string> => {
    const { items } = await world.client.list(vpcEnis);
    // Agents go on reporting.
    const own = items.map(({ spec, status }) => [spec, { ...status, use: undefined }]);
    const { spec, status } = await world.nec();
    return JSON.stringify([own, spec, { ...status, node: undefined }]);
  };
  const before = await objects();
  const asked = world.cloud.requestLog().length;
  const { plan, until } = listened();
  const dry = world.ipamd({ plan, flags });
  await until('cloud assignAddresses');
  await until('cloud associateSecurityGroups');
  await dry.stop();
  expect(await objects()).toBe(before);
  const calls = world.cloud.requestLog().slice(asked);
  expect(calls.filter(({ action }) => MUTATING.test(action))).toEqual([]);
});

it('a dry run tells that a node would be disabled, and leaves its groups and its list', async () => {
  await using world = await nodeGroupsWorld();
  const flags = { enableSecurityGroups: true, securityGroups: [first] };
  const working = world.ipamd({ flags });
  await world.untilBound([first]);
  await working.stop();
  await world.annotate('yes');
  const { plan, until } = listened();
  const dry = world.ipamd({ plan, flags });
  await until('cloud disassociateSecurityGroups');
  await dry.stop();
  expect((await world.nec()).spec.securityGroups).toEqual([first]);
  expect(world.bound().map((eni) => eni.groups)).toEqual([[first]]);
  expect(world.changes()).toBe(0);
});

it('the same plan is logged once, whatever its time stamps', () => {
  const lines: object[] = [];
  const logger: Logger = { ...silentLogger, info: (fields) => void lines.push(fields) };
  const plan = createPlanLog(logger);
  const write = (recordedAt: string) =>
    plan.write({ method: 'PATCH', path: '/apis/a/v1/b/c/status', body: { status: { recordedAt } } });
  write('2026-01-02T03:04:05.678Z');
  write('2026-01-02T03:04:06Z');
  plan.call('deleteEni', 'eni-1');
  plan.call('deleteEni', 'eni-1');
  plan.call('deleteEni', 'eni-2');
  expect(lines).toHaveLength(3);
});
