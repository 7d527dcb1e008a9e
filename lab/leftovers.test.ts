// Nothing of a Pod is left on the machine once it is deleted: processes, mounts, namespaces, links, rules and files are as before.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pods } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/resources.ts';
import { probeHost } from './host/probe.ts';
import { packetsPossible, PROJECT_DIR } from './host/testing/test-host.ts';
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

describe.skipIf(!possible)(`the machine under a lab${why}`, { timeout: 120_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ projectDir: PROJECT_DIR, superNodes: 1, progress: () => undefined });
    // The first Pods make what nodes keep for later ones: ENIs with spare addresses.
    await oneRound();
  }, 120_000);
  afterAll(async () => await lab?.close());

  /** Pods with a sub-ENI, with a shared address and on a super node; one that crashes, one that forks and ignores signals. */
  const oneRound = async (): Promise<void> => {
    await lab.createNamespace(NAMESPACE);
    for (const file of ['policy', 'nginx', 'ordinary']) await lab.applyFile(`${FOLDER}/${file}.yaml`);
    const add = async (name: string, spec: object): Promise<void> => {
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: NAMESPACE }, spec } as unknown as Pod;
      await lab.client.create(pods, pod, { namespace: NAMESPACE });
    };
    const shell = (line: string): object => ({ name: 'c', image: 'busybox:1.36', command: ['sh', '-c', line] });
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
    const [web] = await lab.runningPods(NAMESPACE, 'app=my-app', 1);
    await lab.runningPods(NAMESPACE, 'app=ordinary', 1);
    const hasRun = ({ status }: Pod): boolean => status?.phase === 'Running';
    await waitForObjects(lab.client, pods, (all) => all.every(hasRun), {
      namespace: NAMESPACE,
      what: 'all Pods to run',
    });
    if (web !== undefined) for (let count = 0; count < 20; count += 1) await lab.exec(web, ['true']);
    await lab.deleteNamespace(NAMESPACE);
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
    // Of the dump itself there is this one.
    found['processes'] = (found['processes'] ?? []).filter((row) => !row.startsWith('ps -e')).toSorted(byText);
    // The fabric delivers every address of an ENI; one that a Pod still had would show in the node's own routes.
    for (const address of heldByNodes()) held.add(address);
    const delivered = (row: string): boolean => row.includes(' via 169.254.0.1 ') && held.has(row.split(' ')[0] ?? '');
    found['routes'] = (found['routes'] ?? []).filter((row) => !delivered(row));
    const list = async (folder: string): Promise<string[]> =>
      (await readdir(join(lab.stateDir, folder)).catch((): string[] => [])).toSorted(byText);
    found['files'] = [...(await list('pods')), ...(await list('sandboxes')), ...(await list('logs/pods'))];
    return found;
  };

  it('is as it was before when the Pods are gone', async () => {
    const before = await dump();
    await oneRound();
    const after = await dump();
    for (const what of Object.keys(before)) expect({ [what]: after[what] }).toEqual({ [what]: before[what] });
  });
});
