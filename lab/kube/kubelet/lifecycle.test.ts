// The life of a container as users see it: hooks, signals, restarts, deadlines, images, and files that follow their sources.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { configMaps, events } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/types.ts';
import { probeHost } from '../../host/probe.ts';
import { packetsPossible } from '../../host/testing/test-host.ts';
import { untilGone } from '../testing/until-object.ts';
import { labPods } from './pod-view.ts';
import type { LabContainer, LabPod, LabPodSpec } from './pod-view.ts';
import { isReady, NAMESPACE, startKubeletBench } from './testing/kubelet-bench.ts';
import type { KubeletBench } from './testing/kubelet-bench.ts';

const { possible, why } = packetsPossible(probeHost());

interface Ended {
  readonly message?: string;
  readonly exitCode: number;
  readonly reason: string;
}
interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly state: {
    readonly waiting?: { readonly reason: string; readonly message?: string };
    readonly running?: object;
    readonly terminated?: Ended;
  };
  readonly lastState: { readonly terminated?: Ended };
}

const statuses = (pod: LabPod): readonly ContainerStatus[] =>
  (pod.status?.containerStatuses ?? []) as readonly ContainerStatus[];
const waitingFor = (reason: string) => (pod: LabPod) => statuses(pod)[0]?.state.waiting?.reason === reason;

describe.skipIf(!possible)(`containers of the lab's kubelet${why}`, () => {
  let bench: KubeletBench;
  beforeAll(async () => {
    bench = await startKubeletBench();
    await bench.installCni();
  });
  afterAll(async () => await bench.close());

  /** A host-network Pod of one busybox container that runs a shell line and sees the node's `/var/host/state`. */
  const run = async (
    name: string,
    line: string,
    container: Partial<LabContainer> = {},
    spec: Partial<LabPodSpec> = {},
  ) =>
    await bench.addPod(name, {
      hostNetwork: true,
      ...spec,
      volumes: [{ name: 'state', hostPath: { path: '/var/lib/cni' } }, ...(spec.volumes ?? [])],
      containers: [
        {
          name: 'c',
          image: 'busybox:1.36',
          command: ['sh', '-c', line],
          ...container,
          volumeMounts: [{ name: 'state', mountPath: '/var/host/state' }, ...(container.volumeMounts ?? [])],
        },
      ],
    });
  const remove = async (name: string): Promise<void> => {
    await bench.client.delete(labPods, name, { namespace: NAMESPACE });
    await untilGone(bench.client, labPods, name, NAMESPACE);
  };
  const eventsOf = async (name: string): Promise<string[]> => {
    const { items } = await bench.client.list(events, { namespace: NAMESPACE });
    return items
      .filter((event) => (Reflect.get(event, 'involvedObject') as { name?: string }).name === name)
      .map((event: KubeObject) => `${String(Reflect.get(event, 'reason'))}: ${String(Reflect.get(event, 'message'))}`)
      .toSorted();
  };

  it('tells what it does in the usual events', async () => {
    await run('told', 'sleep 1000', { image: 'busybox:told' });
    await bench.untilPod('told', isReady);
    await remove('told');
    await bench.untilEvent('told', 'Killing');
    expect(await eventsOf('told')).toEqual([
      'Created: Created container: c',
      'Killing: Stopping container c',
      expect.stringMatching(/^Pulled: Successfully pulled image "busybox:told" in .*s \(.*s including waiting\)/),
      'Pulling: Pulling image "busybox:told"',
      'Started: Started container c',
    ]);
  });

  it('pulls an image with a tag once', async () => {
    await run('again', 'sleep 1000', { image: 'busybox:told' });
    expect((await bench.untilEvent('again', 'Pulled')).message).toBe(
      'Container image "busybox:told" already present on machine',
    );
    await remove('again');
  });

  it('runs the preStop hook while the container still runs, and ends it after', async () => {
    const line =
      'trap "echo term >> /var/host/state/order; exit 0" TERM; touch /var/host/state/up; while :; do sleep 0.05; done';
    await run('hooked', line, {
      lifecycle: { preStop: { exec: { command: ['sh', '-c', 'sleep 0.3; echo hook >> /var/host/state/order'] } } },
    });
    await bench.untilPod('hooked', isReady);
    await bench.onNode('until [ -e /var/host/state/up ]; do sleep 0.02; done');
    await remove('hooked');
    expect(await bench.onNode('cat /var/host/state/order')).toBe('hook\nterm\n');
  });

  it('restarts a container whose postStart hook fails', async () => {
    await run('unhooked', 'trap "exit 0" TERM; while :; do sleep 0.05; done', {
      lifecycle: { postStart: { exec: { command: ['false'] } } },
    });
    expect((await bench.untilEvent('unhooked', 'FailedPostStartHook')).message).toBe('PostStartHook failed');
    await bench.untilPod('unhooked', (pod) => (statuses(pod)[0]?.restartCount ?? 0) > 0);
    await remove('unhooked');
  });

  it('kills what ignores SIGTERM once the grace is over, and says so with 137', async () => {
    await run('stubborn', 'trap "" TERM; while :; do sleep 0.05; done', {
      livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 },
    });
    const pod = await bench.untilPod('stubborn', (each) => statuses(each)[0]?.lastState.terminated !== undefined);
    expect(statuses(pod)[0]?.lastState.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
    expect((await bench.untilEvent('stubborn', 'Killing')).message).toBe(
      'Container c failed liveness probe, will be restarted',
    );
    await remove('stubborn');
  });

  it.each([
    [
      'written',
      'echo one >/dev/termination-log; yes more | head -c 9000 >>/dev/termination-log; exit 3',
      {},
      4096,
      /^one\nmore/,
    ],
    ['elsewhere', 'echo why >/tmp/why; exit 3', { terminationMessagePath: '/tmp/why' }, 4, /^why\n$/],
    ['logged', 'seq 1 100; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' }, 241, /^21\n22\n.*\n100\n$/s],
    ['silent', 'seq 1 100; exit 3', {}, 0, /^$/],
  ] as const)('tells what a container said about its end: %s', async (name, line, container, length, words) => {
    await run(`says-${name}`, line, container, { restartPolicy: 'Never' });
    const pod = await bench.untilPod(`says-${name}`, (each) => statuses(each)[0]?.state.terminated !== undefined);
    const { message = '' } = statuses(pod)[0]?.state.terminated ?? {};
    expect(message).toMatch(words);
    expect(message).toHaveLength(length);
    await remove(`says-${name}`);
  });

  it('ends what a container forked, also in sessions of its own', async () => {
    await run('forks', 'setsid sleep 7654321 & (sleep 7654321 &) ; sleep 7654321');
    await bench.untilPod('forks', isReady);
    const count = async (): Promise<string> =>
      (await bench.host.exec(['sh', '-c', 'pgrep -fc "^sleep 7654321"'])).stdout.trim();
    await bench.onNode('until [ $(pgrep -fc "^sleep 7654321") -ge 3 ]; do sleep 0.05; done');
    await remove('forks');
    expect(await count()).toBe('0');
  });

  it('waits between restarts with the usual words', async () => {
    const pod = await run('crashing', 'exit 3');
    const waiting = await bench.untilPod('crashing', waitingFor('CrashLoopBackOff'));
    const whose = `crashing_${NAMESPACE}(${pod.metadata.uid})`;
    expect(statuses(waiting)[0]).toMatchObject({
      restartCount: 1,
      state: { waiting: { message: `back-off 10s restarting failed container=c pod=${whose}` } },
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    });
    expect((await bench.untilEvent('crashing', 'BackOff')).message).toBe(
      `Back-off restarting failed container c in pod ${whose}`,
    );
    await remove('crashing');
  });

  it('counts a program that does not exist as a run that ended with 128', async ({ skip }) => {
    skip(!bench.host.carriesIo, 'build/container-io is not built');
    await run('missing', '', { command: ['no-such-program'] });
    const pod = await bench.untilPod('missing', waitingFor('CrashLoopBackOff'));
    expect(statuses(pod)[0]).toMatchObject({
      restartCount: 1,
      lastState: {
        terminated: {
          exitCode: 128,
          reason: 'StartError',
          message: expect.stringContaining(
            'unable to start container process: exec: "no-such-program": executable file not found in $PATH: unknown',
          ),
        },
      },
    });
    expect((await bench.untilEvent('missing', 'Failed')).message).toMatch(/^Error: failed to create containerd task: /);
    await remove('missing');
  });

  it('fails a Pod that was active for longer than it may be', async () => {
    await run('late', 'sleep 1000', {}, { activeDeadlineSeconds: 1 });
    const pod = await bench.untilPod('late', (each) => each.status?.phase === 'Failed');
    expect(pod.status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
    await remove('late');
  });

  it.each([
    [
      'hungry',
      { resources: { requests: { cpu: '3900m', memory: '9Gi' } } },
      {},
      'OutOfmemory',
      /^Node didn't have enough resource: memory, requested: 9663676416, used: \d+, capacity: 8589934592$/,
    ],
    [
      'astray',
      {},
      { nodeSelector: { mine: 'no' } },
      'NodeAffinity',
      /^Predicate NodeAffinity failed: node\(s\) didn't match Pod's node affinity\/selector$/,
    ],
  ] as const)('does not take a Pod that the node cannot have: %s', async (name, container, spec, reason, words) => {
    await run(name, 'sleep 1000000', container, spec);
    const pod = await bench.untilPod(name, (each) => each.status?.phase === 'Failed');
    expect((await bench.untilEvent(name, reason)).message).toMatch(words);
    expect(pod.status).toMatchObject({ reason, message: expect.stringMatching(/^Pod was rejected: /) });
    await remove(name);
  });

  it('runs init containers one after another, before the others', async () => {
    const step = (name: string): LabContainer => ({
      name,
      image: 'busybox',
      command: ['sh', '-c', `echo ${name} >> /var/host/state/steps`],
      volumeMounts: [{ name: 'state', mountPath: '/var/host/state' }],
    });
    await run(
      'stepwise',
      'echo main >> /var/host/state/steps; sleep 1000',
      {},
      { initContainers: [step('one'), step('two')] },
    );
    await bench.untilPod('stepwise', isReady);
    await bench.onNode('until grep -q main /var/host/state/steps; do sleep 0.02; done');
    expect(await bench.onNode('cat /var/host/state/steps')).toBe('one\ntwo\nmain\n');
    await remove('stepwise');
  });

  it('starts a sidecar before what follows, again when it ends, and ends it last', async () => {
    const state = { volumeMounts: [{ name: 'state', mountPath: '/var/host/state' }] };
    const shell = (name: string, line: string): LabContainer => ({
      name,
      image: 'busybox:1.36',
      command: ['sh', '-c', `cd /var/host/state; ${line}`],
      ...state,
    });
    const once = 'echo sidecar >>order; [ -e again ] || { touch again; sleep 0.2; exit 0; }';
    const stays = 'trap "echo sidecar ended >>order; exit 0" TERM; touch up; while :; do sleep 0.05; done';
    const startupProbe = { exec: { command: ['test', '-e', '/var/host/state/up'] }, periodSeconds: 1 };
    await bench.onNode('cd /var/host/state; rm -f order again up');
    await run(
      'accompanied',
      'cd /var/host/state; echo main >>order; sleep 0.3; echo main ended >>order',
      {},
      {
        restartPolicy: 'Never',
        initContainers: [
          { ...shell('proxy', `${once}; ${stays}`), restartPolicy: 'Always', startupProbe },
          shell('setup', 'echo setup >>order'),
        ],
      },
    );
    const pod = await bench.untilPod('accompanied', (each) => each.status?.phase === 'Succeeded');
    expect(await bench.onNode('cat /var/host/state/order')).toBe(
      'sidecar\nsidecar\nsetup\nmain\nmain ended\nsidecar ended\n',
    );
    expect(pod.status?.initContainerStatuses).toMatchObject([{ name: 'proxy', restartCount: 1 }, { name: 'setup' }]);
    await remove('accompanied');
  });

  it('leaves a Pod with a sidecar ready, and takes both away when it is deleted', async () => {
    const sidecar = { name: 'proxy', image: 'busybox', command: ['sleep', '1000000'], restartPolicy: 'Always' };
    await run('together', 'exec sleep 1000000', {}, { initContainers: [sidecar] });
    const pod = await bench.untilPod('together', isReady);
    expect(pod.status?.initContainerStatuses).toMatchObject([{ ready: true, started: true, state: { running: {} } }]);
    await remove('together');
  });

  it('fails a Pod that does not restart when an init container fails, and never starts the others', async () => {
    const initContainers = [{ name: 'bad', image: 'busybox', command: ['sh', '-c', 'exit 4'] }];
    await run('uninitialised', 'sleep 1000', {}, { restartPolicy: 'Never', initContainers });
    const pod = await bench.untilPod('uninitialised', (each) => each.status?.phase === 'Failed');
    expect(pod.status?.initContainerStatuses?.[0]).toMatchObject({ state: { terminated: { exitCode: 4 } } });
    expect(statuses(pod)[0]?.state.waiting?.reason).toBe('PodInitializing');
    await remove('uninitialised');
  });

  it('shows ErrImagePull, then ImagePullBackOff, for an image it does not know', async () => {
    await run('foreign', 'true', { image: 'example/unknown:1' });
    const first = await bench.untilPod('foreign', waitingFor('ErrImagePull'));
    expect(statuses(first)[0]?.state.waiting?.message).toMatch(/example\/unknown:1.*busybox.*nginx/);
    const second = await bench.untilPod('foreign', waitingFor('ImagePullBackOff'));
    expect(statuses(second)[0]?.state.waiting?.message).toMatch(/^Back-off pulling image "example\/unknown:1"/);
    await bench.untilEvent('foreign', 'BackOff');
    expect(await eventsOf('foreign')).toEqual([
      'BackOff: Back-off pulling image "example/unknown:1"',
      'Failed: Error: ErrImagePull',
      'Failed: Error: ImagePullBackOff',
      expect.stringMatching(/^Failed: Failed to pull image "example\/unknown:1": the lab pulls nothing/),
      'Pulling: Pulling image "example/unknown:1"',
    ]);
    await remove('foreign');
  });

  it('refuses a name that is no image reference', async () => {
    await run('misnamed', 'true', { image: 'Not An Image' });
    await bench.untilPod('misnamed', waitingFor('InvalidImageName'));
    expect((await bench.untilEvent('misnamed', 'InspectFailed')).message).toBe(
      'Failed to apply default image tag "Not An Image": couldn\'t parse image name "Not An Image": invalid reference format',
    );
    await remove('misnamed');
  });

  it('lets files follow ConfigMap and labels, and the environment not', async () => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: NAMESPACE } };
    await bench.client.create(configMaps, { ...map, data: { level: 'one' } }, { namespace: NAMESPACE });
    await run(
      'following',
      'sleep 1000',
      {
        env: [{ name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'settings', key: 'level' } } }],
        volumeMounts: [
          { name: 'settings', mountPath: '/etc/settings' },
          { name: 'about', mountPath: '/etc/about' },
        ],
      },
      {
        volumes: [
          { name: 'settings', configMap: { name: 'settings' } },
          { name: 'about', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    );
    const pod = await bench.untilPod('following', isReady);
    await bench.client.patch(
      configMaps,
      'settings',
      { type: 'merge', body: { data: { level: 'two' } } },
      { namespace: NAMESPACE },
    );
    const labels = { type: 'merge', body: { metadata: { labels: { colour: 'green' } } } } as const;
    await bench.client.patch(labPods, 'following', labels, { namespace: NAMESPACE });
    const line =
      'until grep -q two /etc/settings/level && grep -q green /etc/about/labels; do sleep 0.02; done; cat /etc/about/labels; echo; echo $LEVEL';
    const { stdout } = await bench.kubelet.exec(pod, 'c', ['sh', '-c', line]);
    expect(stdout).toBe('app="following"\ncolour="green"\none\n');
    await remove('following');
  });
});
