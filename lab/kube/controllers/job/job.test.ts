// Jobs against the embedded API: run, count, end and go as on a cluster.
import { afterEach, expect, it } from 'vitest';

import { events, pods } from '../../../../src/kube/resources.ts';
import { untilGone, untilObject } from '../../testing/until-object.ts';
import { ended, startControllersBench } from '../testing/controllers-bench.ts';
import type { ControllersBench, Play } from '../testing/controllers-bench.ts';
import { finishedBy, jobs } from './view.ts';
import type { Job } from './view.ts';

const namespace = 'default';
let bench: ControllersBench;
afterEach(() => bench.close());

async function run(play: Play, spec: object): Promise<void> {
  bench = await startControllersBench(play);
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } };
  const object = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace },
    spec: { template, ...spec },
  };
  await bench.client.create(jobs, object as Job, { namespace });
}
const until = (holds: (job: Job) => boolean): Promise<Job> => untilObject(bench.client, jobs, { namespace }, holds);

it('runs a Job to completion when its tasks succeed, and lets its Pods go', async () => {
  await run(() => ended('Succeeded'), { completions: 4, parallelism: 2 });
  const done = await until((job) => finishedBy(job) !== undefined);
  expect(done.status).toMatchObject({ succeeded: 4, conditions: [{ type: 'Complete', status: 'True' }] });
  const { items } = await bench.client.list(pods, { namespace });
  expect(items.map(({ metadata }) => [metadata.labels?.['job-name'], metadata.finalizers])).toEqual(
    Array.from({ length: 4 }, () => ['work', undefined]),
  );
});

it('fails a Job whose Pods fail, with the reason on it', async () => {
  await run(() => ended('Failed'), { backoffLimit: 0 });
  const failed = await until((job) => finishedBy(job) !== undefined);
  expect(finishedBy(failed)).toMatchObject({ type: 'Failed', reason: 'BackoffLimitExceeded' });
  const event = await untilObject(
    bench.client,
    events,
    { namespace },
    (each) => Reflect.get(each, 'reason') === 'BackoffLimitExceeded',
  );
  expect(Reflect.get(event, 'message')).toBe('Job has reached the specified backoff limit');
});

it('gives the Pods of an Indexed Job their index, and completes when each has succeeded', async () => {
  await run(() => ended('Succeeded'), { completions: 3, parallelism: 3, completionMode: 'Indexed' });
  expect((await until((job) => finishedBy(job) !== undefined)).status).toMatchObject({ completedIndexes: '0-2' });
  const { items } = await bench.client.list(pods, { namespace });
  expect(new Set(items.map(({ spec }) => String(Reflect.get(spec, 'hostname'))))).toEqual(
    new Set(['work-0', 'work-1', 'work-2']),
  );
  expect(items[0]?.spec.containers[0]?.env).toMatchObject([{ name: 'JOB_COMPLETION_INDEX' }]);
});

it('takes the Job and its Pods away when its time after the end is over', async () => {
  await run(() => ended('Succeeded'), { ttlSecondsAfterFinished: 0 });
  await untilGone(bench.client, jobs, 'work', namespace);
  expect((await bench.client.list(pods, { namespace })).items).toEqual([]);
});

it('leaves no Pod behind when it is deleted while it runs', async () => {
  await run(() => undefined, { parallelism: 2, completions: 2 });
  await until(({ status }) => status?.active === 2);
  const [first] = (await bench.client.list(pods, { namespace })).items;
  await bench.client.delete(jobs, 'work', { namespace, propagationPolicy: 'Background' });
  await untilGone(bench.client, pods, first?.metadata.name ?? '', namespace);
});

it('says what it does not act on instead of running the Job another way', async () => {
  await run(() => ended('Succeeded'), { completionMode: 'Indexed', completions: 1, backoffLimitPerIndex: 1 });
  const event = await untilObject(
    bench.client,
    events,
    { namespace },
    (each) => Reflect.get(each, 'reason') === 'FailedCreate',
  );
  expect(Reflect.get(event, 'message')).toContain('spec.backoffLimitPerIndex');
});
