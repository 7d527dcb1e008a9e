// The command `trace` over a fixed picture: what is printed, how it ends, and what real packets say to it.
import { describe, expect, it } from 'vitest';
import type { ClusterPicture } from '../../diagnose/picture/picture.ts';
import { ANY, pictureOf, type TestCluster } from '../../diagnose/trace/testing/cluster.ts';
import type { Exec, ExecAnswer } from '../../kube/exec.ts';
import type { CliSession } from '../context.ts';
import { styleFor } from '../table.ts';
import { trace, type TraceReport } from './run.ts';

const NODE = '10.0.1.1';
const cluster = (change: Partial<TestCluster> = {}): ClusterPicture =>
  pictureOf({
    nodes: { [NODE]: [], '10.0.1.2': [] },
    groups: { open: { in: [ANY], out: [ANY] }, shut: { out: [ANY] } },
    pods: [
      { name: 'a', address: '10.0.32.1', node: NODE, mode: 'standard', groups: ['open'] },
      { name: 'b-1', address: '10.0.36.1', node: '10.0.1.2', mode: 'standard', groups: ['open'], ports: [80] },
      { name: 'b-2', address: '10.0.36.2', node: '10.0.1.2', mode: 'standard', groups: ['shut'], ports: [80] },
      { name: 'c', address: '10.0.36.3', node: '10.0.1.2', mode: 'standard', groups: ['open'], ports: [80, 443] },
    ],
    ...change,
  });

function sessionOf(picture: ClusterPicture, exec?: (argv: readonly string[]) => ExecAnswer) {
  const printed: { data?: TraceReport; text: string; warned: string[] } = { text: '', warned: [] };
  const run: Exec = (_, argv) => Promise.resolve(exec?.(argv) ?? { code: 126, stdout: '', stderr: 'no shell' });
  const session = {
    signal: new AbortController().signal,
    style: styleFor({}, true),
    namespace: () => Promise.resolve('default'),
    picture: () => Promise.resolve(picture),
    exec: () => Promise.resolve(run),
    world: {
      lookup: (name: string) =>
        name === 'www.example.com' ? Promise.resolve(['192.0.2.7']) : Promise.reject(new Error('ENOTFOUND')),
    },
    warn: (text: string) => void printed.warned.push(text),
    print: (data: unknown, text: () => string) => {
      printed.data = data as TraceReport;
      printed.text = text();
    },
  } as unknown as CliSession;
  return { session, printed };
}

describe('trunkline trace', () => {
  it.each([
    ['b-1:80', 0],
    ['b-2:80', 1],
  ])('of a to %s ends with exit code %i', async (to, code) => {
    const { session } = sessionOf(cluster());
    expect(await trace(session, 'a', to, {})).toBe(code);
  });

  it('prints the command that mends it on a line of its own', async () => {
    const { session, printed } = sessionOf(cluster());
    await trace(session, 'a', 'b-2:80', {});
    const command = printed.data?.traces[0]?.cause?.cures[0]?.command ?? '';
    expect(command).toContain('tccli vpc CreateSecurityGroupPolicies');
    expect(printed.text.split('\n')).toContain(`  ${command}`);
  });

  it('ends with 3 and says what is missing where the cloud is not asked', async () => {
    const { cloud: _, ...blind } = cluster();
    const { session, printed } = sessionOf({ ...blind, gaps: [{ what: 'cloud', why: 'there are no keys' }] });
    expect(await trace(session, 'a', 'b-1:80', {})).toBe(3);
    expect(printed.text).toContain('cloud: there are no keys');
  });

  it('names the only thing of that name where it is in another namespace', async () => {
    const picture = cluster();
    const pods = picture.kube.pods.map((pod) =>
      pod.metadata.name === 'c' ? { ...pod, metadata: { ...pod.metadata, namespace: 'shop' } } : pod,
    );
    const { session } = sessionOf({ ...picture, kube: { ...picture.kube, pods } });
    await expect(trace(session, 'a', 'c:80', {})).rejects.toThrow(
      'TO: nothing in namespace default is called c; near is shop/pod/c',
    );
  });

  it('takes the only port that there is, and says so; of several it lists them', async () => {
    const { session, printed } = sessionOf(cluster());
    expect(await trace(session, 'a', 'b-1', {})).toBe(0);
    expect(printed.warned[0]).toContain('no port is given: 80/tcp, the only one of b-1');
    await expect(trace(session, 'a', 'c', {})).rejects.toThrow('expected one of c:80/tcp, c:443/tcp');
    await expect(trace(session, 'a', '10.0.36.1', {})).rejects.toThrow('which port?');
  });

  it('takes a name outside the cluster for the address that is found here, and leaves one that is not found unknown', async () => {
    const { session, printed } = sessionOf(cluster());
    expect(await trace(session, 'a', 'www.example.com:443', {})).toBe(1);
    expect(printed.warned).toEqual(['www.example.com is 192.0.2.7, as it is resolved here']);
    expect(printed.data?.traces[0]).toMatchObject({ called: 'www.example.com', cause: { code: 'NoWayOut' } });
    expect(await trace(session, 'a', 'nowhere.example.com:443', {})).toBe(3);
  });

  it('lists what a name could mean, and refuses to choose', async () => {
    const { session } = sessionOf(cluster());
    await expect(trace(session, 'b', 'a:80', {})).rejects.toThrow(
      /one of\n {2}default\/pod\/b-1\n {2}default\/pod\/b-2/,
    );
    await expect(trace(session, 'a', 'a:0', {})).rejects.toThrow('"0" in "a:0" is no port');
  });

  it('traces every Pod of a workload, the worst first', async () => {
    const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'b', uid: 'uid-b' };
    const base = cluster();
    const pods = base.kube.pods.map((pod) =>
      pod.metadata.name.startsWith('b-') ? { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } } : pod,
    );
    const set = {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'b', namespace: 'default', uid: 'uid-b' },
    };
    const { session, printed } = sessionOf({ ...base, kube: { ...base.kube, pods, workloads: [set] } });
    expect(await trace(session, 'a', 'ds/b:80', {})).toBe(1);
    expect(printed.data?.traces.map(({ verdict, to }) => [verdict, to.name])).toEqual([
      ['dropped', 'Pod default/b-2'],
      ['delivered', 'Pod default/b-1'],
    ]);
  });
});

describe('trunkline trace --probe', () => {
  const sockets = 'sl local_address rem_address st\n 0: 00000000:0050 00000000:0000 0A\n';
  const packets =
    (outcome: string, open = sockets) =>
    (argv: readonly string[]): ExecAnswer => ({
      code: 0,
      stdout: argv[0] === 'cat' ? open : `${outcome} curl\n`,
      stderr: '',
    });

  it('agrees with packets that arrive, and with packets that do not', async () => {
    const good = sessionOf(cluster(), packets('delivered'));
    expect(await trace(good.session, 'a', 'b-1:80', { probe: true })).toBe(0);
    const bad = sessionOf(cluster(), packets('dropped'));
    expect(await trace(bad.session, 'a', 'b-2:80', { probe: true })).toBe(1);
    expect([good, bad].map(({ printed }) => printed.data?.traces[0]?.probe?.agrees)).toEqual([true, true]);
  });

  it('says that it disagrees, and ends with 1, when packets are lost that should arrive', async () => {
    const { session, printed } = sessionOf(cluster(), packets('dropped'));
    expect(await trace(session, 'a', 'b-1:80', { probe: true })).toBe(1);
    expect(printed.text).toContain('Probe DISAGREES: real packets to 10.0.36.1:80: dropped (curl)');
  });

  it('knows from the kernel inside the target which ports are open', async () => {
    const { session, printed } = sessionOf(cluster(), packets('refused'));
    await trace(session, 'a', 'c:443', { probe: true });
    expect(printed.data?.verdict).toBe('refused');
    expect(printed.data?.traces[0]?.hops.at(-1)).toMatchObject({
      where: 'target',
      source: 'kernel',
      verdict: 'refuse',
    });
  });

  it('claims nothing where nothing can be sent', async () => {
    const { session, printed } = sessionOf(cluster());
    expect(await trace(session, 'a', 'b-1:80', { probe: true })).toBe(0);
    expect(printed.data?.traces[0]?.probe).toMatchObject({ outcome: 'unknown', agrees: true });
    expect(await trace(session, 'node/10.0.1.1', 'b-1:80', { probe: true })).toBe(0);
    expect(printed.data?.traces[0]?.probe?.text).toContain('packets are sent from Pods alone');
  });
});
