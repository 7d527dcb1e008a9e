// Nothing of a Pod is left on the machine once it is deleted: processes, mounts, namespaces, links, rules and files are as before.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { events, pods } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/resources.ts';
import { probeHost } from './host/probe.ts';
import { packetsPossible, PROJECT_DIR } from './host/testing/test-host.ts';
import { execMany } from './kube/testing/exec-many.ts';
import { startLab } from './lab.ts';
import type { Lab } from './lab.ts';
import { waitForObjects } from './wait.ts';

const { possible, why } = packetsPossible(probeHost());
const NAMESPACE = 'my-namespace';
const FOLDER = 'examples/pod-security-groups-trunk';

// Names that differ from run to run are left out of none of these: whatever appears must go.
const DUMP = {
  processes: 'exec ps -e -o args=',
  mounts: 'cut -d" " -f5 /proc/self/mountinfo | sort | uniq -c',
  namespaces: 'ls /run/netns',
  links: 'for n in $(ls /run/netns); do echo "== $n"; ip -n $n -br link | cut -d" " -f1 | cut -d@ -f1 | sort; done',
  addresses: 'for n in $(ls /run/netns); do echo "== $n"; ip -n $n -br address | sed "s/@[^ ]*//" | sort; done',
  routes:
    'for n in $(ls /run/netns); do echo "== $n"; ip -n $n rule; ip -n $n route show table all | grep -v -e ^local -e ^broadcast | sort; done',
  filters:
    'for n in $(ls /run/netns); do echo "== $n"; nsenter --net=/run/netns/$n nft -s list ruleset; done | sed "s/expires [^ ,}]*//"',
} as const;

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

describe.skipIf(!possible)(`the machine under a lab${why}`, { timeout: 300_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    // One ENI of this model has addresses for all Pods of the test, so that no node takes a second one for them and keeps it.
    const instanceType = 'SA5.4XLARGE32';
    lab = await startLab({ projectDir: PROJECT_DIR, superNodes: 1, instanceType, progress: () => undefined });
    // The first Pods make what nodes keep for later ones.
    await oneRound();
  }, 120_000);
  afterAll(async () => await lab?.close());

  const add = async (name: string, spec: object): Promise<void> => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: NAMESPACE }, spec } as unknown as Pod;
    await lab.client.create(pods, pod, { namespace: NAMESPACE });
  };
  const shell = (line: string): object => ({ name: 'c', image: 'busybox:1.36', command: ['sh', '-c', line] });

  /** Pods with a sub-ENI, with a shared address and on a super node; one that crashes, one that forks and ignores signals. */
  const oneRound = async (more: () => Promise<void> = async () => undefined): Promise<void> => {
    await lab.createNamespace(NAMESPACE);
    for (const file of ['policy', 'nginx', 'ordinary']) await lab.applyFile(`${FOLDER}/${file}.yaml`);
    await add('crashes', { containers: [shell('exit 1')], terminationGracePeriodSeconds: 1 });
    const stubborn = 'trap "" TERM; setsid sleep 1000000 & while :; do sleep 1; done';
    await add('forks', {
      containers: [{ ...shell(stubborn), volumeMounts: [{ name: 'scratch', mountPath: '/tmp/scratch' }] }],
      volumes: [{ name: 'scratch', emptyDir: {} }],
      terminationGracePeriodSeconds: 1,
    });
    await add('eklet', {
      containers: [shell('sleep 1000000')],
      terminationGracePeriodSeconds: 1,
      tolerations: [{ operator: 'Exists' }],
      nodeSelector: { 'node.kubernetes.io/instance-type': 'eklet' },
    });
    await lab.runningPods(NAMESPACE, 'app=my-app', 1);
    await lab.runningPods(NAMESPACE, 'app=ordinary', 1);
    const hasRun = ({ status }: Pod): boolean => status?.phase === 'Running';
    await waitForObjects(lab.client, pods, (all) => all.every(hasRun), {
      namespace: NAMESPACE,
      what: 'all Pods to run',
    });
    await more();
    await lab.deleteNamespace(NAMESPACE);
  };

  /** What is asked for in vain, each with the word that its status shows. */
  const mistakes: Readonly<Record<string, { readonly spec: object; readonly shows: readonly string[] }>> = {
    'bad-command': {
      spec: { containers: [{ name: 'c', image: 'busybox:1.36', command: ['/no/such/program'] }] },
      shows: ['StartError', 'RunContainerError', 'CrashLoopBackOff'],
    },
    'bad-image': {
      spec: { containers: [{ name: 'c', image: 'example/unknown:1' }] },
      shows: ['ErrImagePull', 'ImagePullBackOff'],
    },
    'bad-volume': {
      spec: {
        containers: [{ ...shell('sleep 1000000'), volumeMounts: [{ name: 'v', mountPath: '/etc/v' }] }],
        volumes: [{ name: 'v', configMap: { name: 'no-such-map' } }],
      },
      shows: ['FailedMount'],
    },
    'bad-probe': {
      spec: {
        containers: [
          { ...shell('sleep 1000000'), readinessProbe: { httpGet: { port: 'no-such-port' }, periodSeconds: 1 } },
        ],
      },
      shows: ['Unhealthy'],
    },
    'bad-key': {
      spec: {
        containers: [
          {
            ...shell('sleep 1000000'),
            env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'no-such-secret', key: 'a' } } }],
          },
        ],
      },
      shows: ['CreateContainerConfigError'],
    },
    'bad-resource': {
      spec: { containers: [{ ...shell('true'), resources: { limits: { 'example.com/no-such': '1' } } }] },
      shows: ['FailedScheduling'],
    },
  };

  const untilShown = async (name: string, words: readonly string[]): Promise<void> => {
    const isNamed = (object: object | undefined): boolean =>
      object !== undefined && 'name' in object && object.name === name;
    const told = waitForObjects(
      lab.client,
      events,
      (all) =>
        all.some(
          (event) =>
            isNamed(Reflect.get(event, 'involvedObject')) && words.includes(String(Reflect.get(event, 'reason'))),
        ),
      { namespace: NAMESPACE, what: `an event ${words.join(' or ')} of ${name}` },
    );
    const states = (pod: Pod): string => JSON.stringify(Reflect.get(pod.status ?? {}, 'containerStatuses') ?? '');
    const shown = waitForObjects(
      lab.client,
      pods,
      (all) => all.some((pod) => isNamed(pod.metadata) && words.some((word) => states(pod).includes(`"${word}"`))),
      { namespace: NAMESPACE, what: `the status ${words.join(' or ')} of ${name}` },
    );
    await Promise.any([told, shown]);
  };

  const addMistakes = async (): Promise<void> => {
    for (const [name, { spec }] of Object.entries(mistakes))
      await add(name, { terminationGracePeriodSeconds: 1, ...spec });
  };
  const mistakesShown = async (): Promise<void> => {
    await Promise.all(Object.entries(mistakes).map(([name, { shows }]) => untilShown(name, shows)));
  };

  /** What nodes hold for Pods to come is theirs, and its count follows its own clock: one is given back in 2 minutes. */
  const heldByNodes = (): string[] =>
    lab.simulator
      .snapshot()
      .enis.filter(({ kind }) => kind === 'secondary')
      .flatMap(({ addresses: [, ...spare] }) => spare);

  const dump = async (): Promise<Record<string, string[]>> => {
    const found: Record<string, string[]> = {};
    const held = new Set(heldByNodes());
    for (const [what, line] of Object.entries(DUMP))
      found[what] = (await lab.host.exec(['sh', '-c', line])).stdout.split('\n').filter((row) => row !== '');
    // Of the dump itself there is this one; and nodes go on to probe what runs.
    const isPassing = (row: string): boolean => row.startsWith('ps -e') || row.includes('kube-probe/');
    found['processes'] = (found['processes'] ?? []).filter((row) => !isPassing(row)).toSorted(byText);
    // Other tests, which run beside this one, have namespaces and temporary folders of their own on the machine.
    const isOfAnotherTest = (row: string): boolean =>
      /\/run\/netns\/tk\d/.test(row) || (row.includes(`${tmpdir()}/`) && !row.includes(lab.stateDir));
    found['mounts'] = (found['mounts'] ?? []).filter((row) => !isOfAnotherTest(row));
    // The fabric takes and delivers every address of an ENI; one that a Pod still had would show in the node's own routes.
    for (const address of heldByNodes()) held.add(address);
    const delivered = (row: string): boolean => row.includes(' via 169.254.0.1 ') && held.has(row.split(' ')[0] ?? '');
    found['routes'] = (found['routes'] ?? []).filter((row) => !delivered(row));
    // A set of nft is printed with several elements' braces and commas around them: each on a line of its own.
    const elements = (row: string): string[] =>
      row.split(/(?<=elements = \{) | (?=\}$)/).map((part) => part.trim().replace(/,$/, ''));
    const taken = (row: string): boolean => held.has(/^"[^"]+" \. (\S+)$/.exec(row)?.[1] ?? '');
    found['filters'] = (found['filters'] ?? []).flatMap(elements).filter((row) => !taken(row));
    const list = async (folder: string): Promise<string[]> =>
      (await readdir(join(lab.stateDir, folder)).catch((): string[] => [])).toSorted(byText);
    found['files'] = [...(await list('pods')), ...(await list('sandboxes')), ...(await list('logs/pods'))];
    return found;
  };

  /** The dump once it is the same twice, so that nothing of passing commands is in it. */
  const settled = async (): Promise<Record<string, string[]>> => {
    let last = await dump();
    await expect
      .poll(
        async () => {
          const before = last;
          last = await dump();
          return isDeepStrictEqual(before, last);
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBe(true);
    return last;
  };

  const expectNothingLeft = async (before: Record<string, string[]>): Promise<void> => {
    // What nodes do by themselves, such as a look at a link that just went, may take a moment more.
    await expect.poll(dump, { timeout: 30_000, interval: 200 }).toEqual(before);
  };

  const writeGigabyte = async (): Promise<void> => {
    await add('writes', {
      restartPolicy: 'Never',
      containers: [shell(`yes ${'x'.repeat(200)} | head -c 1073741824; echo end`)],
    });
    const hasEnded = ({ metadata, status }: Pod): boolean =>
      metadata.name === 'writes' && status?.phase === 'Succeeded';
    await waitForObjects(lab.client, pods, (all) => all.some(hasEnded), {
      namespace: NAMESPACE,
      what: 'a gigabyte to be written',
      timeoutMs: 180_000,
    });
    const folders = (await readdir(join(lab.stateDir, 'logs/pods'))).filter((name) => name.includes('_writes_'));
    const folder = join(lab.stateDir, 'logs/pods', folders[0] ?? '', 'c');
    const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
    expect(sizes).toHaveLength(5);
    expect(Math.max(...sizes)).toBeLessThan(11 << 20);
    expect((await readFile(join(folder, '0.log'), 'utf8')).slice(-4)).toBe('end\n');
  };
  const misname = async (): Promise<void> => {
    const limits = { 'tke.cloud.tencent.com/sub eni': '1' };
    await expect(add('misnamed', { containers: [{ ...shell('true'), resources: { limits } }] })).rejects.toThrow(
      /limits\[tke\.cloud\.tencent\.com\/sub eni\]: Invalid value/,
    );
  };
  const runCommands = async (): Promise<void> => {
    const target = { namespace: NAMESPACE, pod: 'forks', container: 'c' };
    // `npm run bench -- lab-execs` runs 10,000 of them.
    await execMany(await readFile(lab.kubeconfig, 'utf8'), target, { count: 200, parallel: 4 });
  };

  it('is as it was before when the Pods are gone: one in which 200 commands ran, those that could not run, which said why, and one that wrote a log of 1 GB, of which the end was kept', async () => {
    const before = await settled();
    await oneRound(async () => {
      await Promise.all([writeGigabyte(), misname(), runCommands(), addMistakes().then(mistakesShown)]);
    });
    await expectNothingLeft(before);
  });
});
