// --dry-run against a real API and the simulator: the plan is told, and neither side is changed.
import { expect, it } from 'vitest';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import type { Logger } from '../base/logger.ts';
import { silentLogger } from '../base/logger.ts';
import { createPlanLog, type PlanLog } from './dry-run.ts';
import { disposableWorld, isReady } from './testing/world.ts';

const MUTATING = /^(Create|Delete|Attach|Detach|Assign|Unassign|Associate|Disassociate|Modify)/;

/** A plan, and a promise of its first entry that `pick` takes. */
function listened(): { readonly plan: PlanLog; readonly seen: string[]; until(text: string): Promise<void> } {
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
