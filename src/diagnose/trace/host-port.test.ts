// Host ports: the groups of the node and not those of the Pod, the caller's address, and what keeps a call from getting there.
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../kube/types.ts';
import { traceFlow } from './flow.ts';
import { ANY, nodePlace, pictureOf, podPlace, type TestCluster, type TestPod } from './testing/cluster.ts';
import type { FlowQuery, Trace } from './trace.ts';

const [N1, N2] = ['10.0.1.1', '10.0.1.2'];
const agent = (...args: readonly string[]): KubeObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'tke-eni-agent', namespace: 'kube-system' },
    spec: { template: { spec: { containers: [{ args: ['--node-name=$(NODE_NAME)', ...args] }] } } },
  }) as KubeObject;
const CALLER: TestPod = { name: 'a', address: '10.0.32.1', node: N1, mode: 'standard', groups: ['open'] };
const CALLED: TestPod = {
  name: 'b',
  address: '10.0.36.1',
  node: N2,
  mode: 'standard',
  groups: ['shut'],
  ports: [8080],
  hostPort: 18_080,
};

function toHostPort(
  called: Partial<TestPod> = {},
  change: Partial<TestCluster> & { readonly agent?: KubeObject } = {},
  query: (picture: ReturnType<typeof pictureOf>) => Partial<FlowQuery> = () => ({}),
): Trace {
  const picture = pictureOf({
    nodes: { [N1]: ['open'], [N2]: ['open'] },
    groups: { open: { in: [ANY], out: [ANY] }, shut: {} },
    pods: [CALLER, { ...CALLED, ...called }],
    ...change,
    kube: { daemonSets: [change.agent ?? agent('--port-mapping')], ...change.kube },
  });
  const from = podPlace(picture, 'a');
  const to = nodePlace(picture, N2);
  return traceFlow(picture, { from, to, protocol: 'TCP', port: 18_080, ...query(picture) });
}
const textOf = (trace: Trace): string => trace.hops.map(({ text }) => text).join('\n');

describe('a host port', () => {
  it('leads to the Pod with the address of the caller, whatever the groups of the Pod say', () => {
    const trace = toHostPort();
    expect([trace.verdict, trace.sourceSeen, trace.target, trace.called]).toEqual([
      'delivered',
      '10.0.32.1',
      { address: '10.0.36.1', port: 8080 },
      `node ${N2}`,
    ]);
    expect(textOf(trace)).toContain(
      `port 18080 of node ${N2} is the hostPort of Pod default/b: it goes on to 10.0.36.1:8080`,
    );
  });

  it.each<readonly [string, Partial<TestPod>]>([
    ['with a shared address', { mode: undefined as never, address: '10.0.32.9' }],
    ['that declares it for this address of the node alone', { hostIP: N2 }],
  ])('leads to a Pod %s, too', (_, called) => {
    expect(toHostPort(called).verdict).toBe('delivered');
  });

  it('is shut by the groups of the node', () => {
    const trace = toHostPort({}, { nodes: { [N1]: ['open'], [N2]: ['shut'] } });
    expect([trace.verdict, trace.cause?.code]).toEqual(['dropped', 'TargetGroupBlocks']);
    expect(trace.cause?.cures[0]?.command).toContain('.Port 18080 ');
  });

  it('leads nowhere where the Pod has strict routing, and standard routing mends it', () => {
    const trace = toHostPort({ mode: 'strict', groups: ['open'] });
    expect([trace.verdict, trace.cause?.code, trace.sourceSeen]).toEqual(['dropped', 'StrictHostPort', undefined]);
    expect(trace.cause?.cures[0]?.command).toMatch(/EnforcingMode":"standard".*kubectl delete pod b -n default$/);
  });

  it('leads the node itself to a Pod with strict routing through the VPC and the groups of the Pod', () => {
    const query = (picture: ReturnType<typeof pictureOf>) => ({ from: nodePlace(picture, N2) });
    expect(toHostPort({ mode: 'strict', groups: ['open'] }, {}, query).verdict).toBe('delivered');
    expect(toHostPort({ mode: 'strict' }, {}, query).cause?.code).toBe('TargetGroupBlocks');
  });

  it.each([
    ['without the flag', agent()],
    ['with the flag set to false', agent('--port-mapping=false')],
  ])('does nothing %s of the agents, whose command line is told', (_, without) => {
    const trace = toHostPort({}, { agent: without });
    expect([trace.verdict, trace.cause?.code]).toEqual(['refused', 'HostPortOff']);
    expect(trace.cause?.cures[0]?.command).toBe(
      `kubectl patch daemonset tke-eni-agent -n kube-system --type json -p '[{"op":"add","path":"/spec/template/spec/containers/0/args/-","value":"--port-mapping"}]'`,
    );
  });

  it('is not known where the agents cannot be asked, and where a Pod calls itself', () => {
    const blind = toHostPort({}, { kube: { daemonSets: [] } });
    expect([blind.verdict, blind.unknowns[0]]).toEqual([
      'unknown',
      'whether hostPort 18080 of Pod default/b does something is not known: DaemonSet tke-eni-agent cannot be read',
    ]);
    expect(toHostPort({}, {}, (picture) => ({ from: podPlace(picture, 'b') })).verdict).toBe('unknown');
  });

  it.each<readonly [string, Partial<TestPod>, Partial<FlowQuery>]>([
    ['another port', {}, { port: 18_081 }],
    ['another protocol', {}, { protocol: 'UDP' }],
    ['a Pod of another node', { node: N1 }, {}],
    ['a Pod that declares it for another address', { hostIP: '127.0.0.1' }, {}],
    ['a Pod on the network of the node', { host: true, address: N2 }, {}],
  ])('is none of %s: the call ends at the node', (_, called, query) => {
    expect(toHostPort(called, {}, () => query).target).toEqual({ address: N2, port: query.port ?? 18_080 });
  });

  it('that nobody behind it listens on is refused', () => {
    const picture = (listening: readonly string[]) => {
      const cluster = pictureOf({
        nodes: { [N1]: ['open'], [N2]: ['open'] },
        groups: { open: { in: [ANY], out: [ANY] }, shut: {} },
        pods: [CALLER, CALLED],
        kube: { daemonSets: [agent('--port-mapping')] },
      });
      return traceFlow(
        cluster,
        { from: podPlace(cluster, 'a'), to: nodePlace(cluster, N2), protocol: 'TCP', port: 18_080 },
        { listening: () => new Set(listening) },
      );
    };
    expect(picture(['TCP/8080']).verdict).toBe('delivered');
    expect(picture(['TCP/80']).cause?.code).toBe('WrongTargetPort');
  });
});
