// Tables of Pods: READY, STATUS and RESTARTS.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { cellsOf, tableOf } from './tables-support.ts';

const printers = 'pkg/printers/internalversion/printers.go';

/** A Pod that nothing runs, whose status the case writes itself. */
async function podWith(t: ParityContext, name: string, spec: object, status: object): Promise<readonly unknown[]> {
  const containers = [{ name: 'a', image: 'i' }];
  await t.http.ok('POST', `${t.core}/pods`, { metadata: { name }, spec: { containers, ...spec } });
  const written = await t.http.patch('merge', `${t.core}/pods/${name}/status`, { status });
  assert.equal(written.code, 200, written.text);
  return cellsOf(await tableOf(t, `${t.core}/pods/${name}`))[0] ?? [];
}

const container = (name: string, state: object, more: object = {}): object => ({
  name,
  state,
  ready: false,
  restartCount: 0,
  image: 'i',
  imageID: '',
  ...more,
});

export const podTableCases: readonly ParityCase[] = [
  {
    id: 'tables/pod-status',
    title: 'STATUS of a Pod says what its containers say, or what its initialization waits for',
    source: `${printers} (printPod)`,
    mutation: {
      file: 'lab/kube/apiserver/table/pod-columns.ts',
      find: "reason === 'Completed' && running.length > 0 ? (hasCondition(pod, 'Ready') ? 'Running' : 'NotReady') : reason;",
      replace: 'reason;',
    },
    run: async (t) => {
      const running = container('a', { running: { startedAt: '2024-01-01T00:00:00Z' } }, { ready: true });
      const completed = container('b', { terminated: { exitCode: 0, reason: 'Completed' } });
      const two = {
        containers: [
          { name: 'a', image: 'i' },
          { name: 'b', image: 'i' },
        ],
      };
      const shown = async (name: string, spec: object, status: object): Promise<readonly unknown[]> =>
        (await podWith(t, name, spec, status)).slice(1, 3);
      assert.deepEqual(await shown('pending', {}, {}), ['0/1', 'Pending']);
      assert.deepEqual(await shown('running', {}, { phase: 'Running', containerStatuses: [running] }), [
        '1/1',
        'Running',
      ]);
      assert.deepEqual(
        await shown(
          'waiting',
          {},
          { phase: 'Pending', containerStatuses: [container('a', { waiting: { reason: 'ErrImagePull' } })] },
        ),
        ['0/1', 'ErrImagePull'],
      );
      assert.deepEqual(
        await shown(
          'signalled',
          {},
          { phase: 'Failed', containerStatuses: [container('a', { terminated: { exitCode: 137, signal: 9 } })] },
        ),
        ['0/1', 'Signal:9'],
      );
      assert.deepEqual(
        await shown('half', two, {
          phase: 'Running',
          containerStatuses: [running, completed],
          conditions: [{ type: 'Ready', status: 'False' }],
        }),
        ['1/2', 'NotReady'],
      );
      const init = {
        initContainers: [
          { name: 'i', image: 'i' },
          { name: 'j', image: 'i' },
        ],
      };
      const done = container('i', { terminated: { exitCode: 0 } });
      assert.deepEqual(
        await shown('initializing', init, {
          phase: 'Pending',
          initContainerStatuses: [done, container('j', { running: {} })],
        }),
        ['0/1', 'Init:1/2'],
      );
      assert.deepEqual(
        await shown('init-failed', init, {
          phase: 'Pending',
          initContainerStatuses: [container('i', { terminated: { exitCode: 1 } })],
        }),
        ['0/1', 'Init:ExitCode:1'],
      );
      assert.deepEqual(await shown('evicted', {}, { phase: 'Failed', reason: 'Evicted' }), ['0/1', 'Evicted']);
    },
  },
  {
    id: 'tables/pod-restarts',
    title: 'RESTARTS is text: how often, and how long ago the last one was',
    source: 'CHANGELOG-1.22 (kubectl get pods shows the time since the last restart)',
    mutation: {
      file: 'lab/kube/apiserver/table/pod-columns.ts',
      find: '`${restarts} (${ageOf(lastRestart, now)} ago)`',
      replace: '`${restarts}`',
    },
    since: '1.22',
    run: async (t) => {
      const ended = new Date(Date.now() - (5 * 24 * 60 + 90) * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
      const restarted = container(
        'a',
        { running: {} },
        { restartCount: 3, ready: true, lastState: { terminated: { exitCode: 1, finishedAt: ended } } },
      );
      assert.equal(
        (await podWith(t, 'restarted', {}, { phase: 'Running', containerStatuses: [restarted] }))[3],
        '3 (5d1h ago)',
      );
      assert.equal((await podWith(t, 'steady', {}, {}))[3], '0');
      const table = await tableOf(t, `${t.core}/pods?limit=1`);
      assert.equal(table['columnDefinitions'][3].type, 'string');
    },
  },
  {
    id: 'tables/pod-rows-completed',
    title: 'The row of a Pod that is over has a condition, by which clients may leave it out',
    source: `${printers} (podSuccessConditions, podFailedConditions)`,
    mutation: {
      file: 'lab/kube/apiserver/table/pod-columns.ts',
      find: "return completed('Failed', 'The pod failed.');",
      replace: 'return [];',
    },
    run: async (t) => {
      const conditions = async (phase: string): Promise<unknown> => {
        const name = phase.toLowerCase();
        await podWith(t, name, {}, { phase });
        return (await tableOf(t, `${t.core}/pods/${name}`))['rows'][0].conditions;
      };
      const over = (reason: string, message: string): unknown => [
        { type: 'Completed', status: 'True', reason, message },
      ];
      assert.deepEqual(await conditions('Succeeded'), over('Succeeded', 'The pod has completed successfully.'));
      assert.deepEqual(await conditions('Failed'), over('Failed', 'The pod failed.'));
      assert.equal(await conditions('Running'), undefined);
    },
  },
];
