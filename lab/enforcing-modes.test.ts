// The routing table of document 002 by packets: what passes the groups of a Pod with standard and with strict routing, and what does not.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { nodeEniConfigs } from '../src/api/node-eni-config.ts';
import { type EnforcingMode, enforcingModes, subEniName, vpcEnis } from '../src/api/vpc-eni.ts';
import type { Pod } from '../src/kube/resources.ts';
import { encodeRawValues } from './cloud/addons/raw-values.ts';
import { converse, echoCommand, type Flow, serverCommand, tryFlows } from './flows/flows.ts';
import { probeHost } from './host/probe.ts';
import { packetsPossible, PROJECT_DIR } from './host/testing/test-host.ts';
import { applyObject } from './install.ts';
import { type Lab, startLab } from './lab.ts';
import { CLUSTER_ID, VPC } from './layout.ts';
import { waitForObjects } from './wait.ts';

const { possible, why } = packetsPossible(probeHost());
const NAMESPACE = 'flows';
const PORT = 8080;
const HOST_PORT = 8090;
/** What gets through does so at once, unless the machine is busy; what does not is waited for in vain. */
const LONGEST_MS = { answered: 30_000, silent: 2_500 } as const;

type Protocol = Flow['protocol'];
type Both = readonly [open: boolean, shut: boolean];
const PASS: Both = [true, true];
const FILTERED: Both = [true, false];

/** By path: whether a Pod whose groups open everything, and one whose groups open nothing, is reached or reaches; then the same with strict routing. */
const TABLE: readonly (readonly [path: string, standard: Both, strict: Both, protocols?: readonly Protocol[]])[] = [
  ['from a Pod of the same node', PASS, FILTERED],
  ['from an ordinary Pod of the same node', PASS, FILTERED],
  ['from its own node', PASS, FILTERED],
  ['to its own node', PASS, FILTERED],
  ['to an ordinary Pod of the same node', PASS, FILTERED],
  ['from a Pod of another node', FILTERED, FILTERED],
  ['from another node', FILTERED, FILTERED],
  ['through a Service from a Pod of the same node', PASS, FILTERED, ['tcp', 'udp']],
  ['through a Service from a Pod of another node', FILTERED, FILTERED, ['tcp', 'udp']],
  ['through a Service from its own node', PASS, FILTERED, ['tcp', 'udp']],
];

describe.skipIf(!possible)(`the groups of a Pod${why}`, { timeout: 120_000 }, () => {
  let lab: Lab;
  let home = '';
  let away = '';
  const groups = new Map<string, string>();
  const pods = new Map<string, Pod>();
  const services = new Map<string, string>();

  const pod = (name: string): Pod => {
    const found = pods.get(name);
    if (found === undefined) throw new Error(`no Pod ${name}`);
    return found;
  };
  const ip = (name: string): string => pod(name).status?.podIP ?? '';
  const tries = (from: string, flows: readonly Flow[]): Promise<readonly boolean[]> =>
    tryFlows({ lab, projectDir: PROJECT_DIR }, pod(from), flows);

  const makeGroup = async (name: string, ingress: readonly object[], egress: readonly object[]): Promise<void> => {
    const made = await lab.cloud.call('vpc', 'CreateSecurityGroupWithPolicies', {
      GroupName: name,
      GroupDescription: name,
      SecurityGroupPolicySet: { Ingress: ingress, Egress: egress },
    });
    groups.set(
      name,
      z.object({ SecurityGroup: z.object({ SecurityGroupId: z.string() }) }).parse(made).SecurityGroup.SecurityGroupId,
    );
  };
  /** Pods with the label `groups: NAME` get these groups, in this order. */
  const makePolicy = (name: string, ...names: readonly string[]): Promise<void> => makePolicyWith(name, names, {});
  const makePolicyWith = (name: string, names: readonly string[], more: object): Promise<void> =>
    applyObject(lab.client, {
      apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
      kind: 'SecurityGroupPolicy',
      metadata: { name, namespace: NAMESPACE },
      spec: {
        podSelector: { matchLabels: { groups: name } },
        securityGroups: { groupIds: names.map((each) => groups.get(each) ?? '') },
        ...more,
      },
    } as never);
  const makePod = (
    name: string,
    node: string,
    podLabels: Readonly<Record<string, string>>,
    command: readonly string[] = serverCommand(PROJECT_DIR, '0.0.0.0', PORT),
    hostNetwork = false,
  ): Promise<void> =>
    applyObject(lab.client, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE, labels: { ...podLabels, app: 'flows' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        hostNetwork,
        nodeSelector: { 'kubernetes.io/hostname': node },
        containers: [{ name: 'main', image: 'busybox', command }],
      },
    } as never);
  const makeMode = async (mode: EnforcingMode): Promise<void> => {
    for (const name of ['open', 'shut']) {
      await makePod(`${name}-${mode}`, home, { groups: name, mode });
      const spec = {
        selector: { groups: name, mode },
        ports: (['TCP', 'UDP'] as const).map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: PORT })),
      };
      const metadata = { name: `${name}-${mode}`, namespace: NAMESPACE };
      await applyObject(lab.client, { apiVersion: 'v1', kind: 'Service', metadata, spec } as never);
    }
    await makePod(`near-${mode}`, home, { groups: 'caller', mode }, ['sleep', 'infinity']);
    await makePod(`far-${mode}`, away, { groups: 'caller', mode }, ['sleep', 'infinity']);
  };
  const untilRunning = async (count: number): Promise<void> => {
    for (const each of await lab.runningPods(NAMESPACE, 'app=flows', count)) pods.set(each.metadata.name, each);
  };

  /** Where a flow of the table begins and ends, for a Pod whose groups open everything or nothing. */
  const endsOf = (path: string, subject: string): Pick<Flow, 'to' | 'port'> & { readonly from: string } => {
    const mode = subject.split('-')[1] ?? '';
    const service = path.startsWith('through a Service');
    const target = { to: service ? (services.get(subject) ?? '') : ip(subject), port: PORT };
    const callers: Readonly<Record<string, string>> = {
      'from a Pod of the same node': `near-${mode}`,
      'from an ordinary Pod of the same node': 'ordinary',
      'from its own node': 'host-home',
      'from a Pod of another node': `far-${mode}`,
      'from another node': 'host-away',
    };
    if (path === 'to its own node') return { from: subject, to: home, port: HOST_PORT };
    if (path === 'to an ordinary Pod of the same node') return { from: subject, to: ip('ordinary'), port: PORT };
    const from = callers[path.replace('through a Service ', '')];
    if (from === undefined) throw new Error(`no path "${path}"`);
    return { from, ...target };
  };

  interface Case {
    readonly name: string;
    readonly passes: boolean;
    readonly from: string;
    readonly flow: Flow;
  }
  const casesOf = (mode: EnforcingMode): readonly Case[] =>
    TABLE.flatMap(([path, standard, strict, protocols = ['tcp', 'udp', 'icmp']]) =>
      protocols.flatMap((protocol) =>
        ['open', 'shut'].map((kind, at) => {
          const passes = (mode === 'strict' ? strict : standard)[at] === true;
          const { from, ...flow } = endsOf(path, `${kind}-${mode}`);
          const limitMs = passes ? LONGEST_MS.answered : LONGEST_MS.silent;
          return { name: `${protocol} ${path}, ${kind}`, passes, from, flow: { protocol, ...flow, limitMs } };
        }),
      ),
    );
  /** One process per place that flows begin at. */
  const outcomes = async (cases: readonly Case[]): Promise<Readonly<Record<string, boolean>>> => {
    const tried = [...Map.groupBy(cases, ({ from }) => from)].map(async ([from, own]) => {
      const answers = await tries(
        from,
        own.map(({ flow }) => flow),
      );
      return own.map(({ name }, at) => [name, answers[at] === true] as const);
    });
    return Object.fromEntries((await Promise.all(tried)).flat());
  };
  const expected = (cases: readonly Case[]): Readonly<Record<string, boolean>> =>
    Object.fromEntries(cases.map(({ name, passes }) => [name, passes]));

  beforeAll(async () => {
    lab = await startLab({ projectDir: PROJECT_DIR, nodes: 2, superNodes: 0, progress: () => undefined });
    [home = '', away = ''] = lab.nodes.flatMap(({ name, kind }) => (kind === 'general' ? [name] : []));
    const all = { Protocol: 'ALL', Port: 'ALL', CidrBlock: VPC.cidr, Action: 'ACCEPT' };
    const rule = (Protocol: string, Action = 'ACCEPT') => ({ ...all, Protocol, Port: String(PORT), Action });
    await makeGroup('open', [all], [all]);
    await makeGroup('shut', [], []);
    await makeGroup('caller', [], [all]);
    await makeGroup('only-tcp', [rule('TCP')], []);
    await makeGroup('only-udp', [rule('UDP')], []);
    await makeGroup('drops-tcp', [rule('TCP', 'DROP')], []);
    await lab.createNamespace(NAMESPACE);
    for (const name of ['open', 'shut', 'caller']) await makePolicy(name, name);
    await makePolicy('union', 'only-tcp', 'only-udp');
    await makePolicy('union-turned', 'only-udp', 'only-tcp');
    await makePolicy('drop-first', 'drops-tcp', 'open');
    await makePolicy('drop-last', 'open', 'drops-tcp');
    await makePod('host-home', home, {}, serverCommand(PROJECT_DIR, home, HOST_PORT), true);
    await makePod('host-away', away, {}, ['sleep', 'infinity'], true);
    await makePod('ordinary', home, {});
    await makeMode('standard');
    await untilRunning(7);
  }, 240_000);
  afterAll(async () => await lab?.close());

  /** Once the Services of a mode have an address. */
  const findServices = async (mode: EnforcingMode): Promise<void> => {
    for (const name of [`open-${mode}`, `shut-${mode}`]) {
      const found = await lab.client.request('GET', `/api/v1/namespaces/${NAMESPACE}/services/${name}`);
      services.set(name, z.object({ spec: z.object({ clusterIP: z.string() }) }).parse(found).spec.clusterIP);
    }
  };

  it('are asked across nodes alone with standard routing: TCP, UDP and ICMP, on every path', async () => {
    await findServices('standard');
    const cases = casesOf('standard');
    expect(await outcomes(cases)).toEqual(expected(cases));
  });

  it('are asked for every packet with strict routing, beside standard Pods that stay as they are', async () => {
    const values = {
      vpcCni: { trunkingEni: { podSecurityGroupEnforcingMode: 'strict' } },
      agent: { config: { disableTcpEarlyDemux: true, disableUdpEarlyDemux: true } },
    };
    const RawValues = encodeRawValues(values);
    await lab.cloud.call('tke', 'UpdateAddon', {
      ClusterId: CLUSTER_ID,
      AddonName: 'eniipamd',
      RawValues,
      UpdateStrategy: 'merge',
    });
    const fit = { type: 'StrictRouting', status: 'True' };
    await waitForObjects(
      lab.client,
      nodeEniConfigs,
      (all) =>
        all.filter(({ status }) =>
          status?.conditions?.some(({ type, status: is }) => type === fit.type && is === fit.status),
        ).length === 2,
      { what: 'both nodes to be fit for strict routing', timeoutMs: 30_000 },
    );
    await makeMode('strict');
    await untilRunning(11);
    for (const mode of enforcingModes)
      for (const name of ['open', 'shut', 'near', 'far']) {
        const eni = await lab.client.get(vpcEnis, subEniName(pod(`${name}-${mode}`).metadata.uid ?? ''));
        expect([name, eni.spec.enforcingMode]).toEqual([name, mode]);
      }
    await findServices('strict');
    const cases = casesOf('strict');
    expect(await outcomes(cases)).toEqual(expected(cases));
    const before = casesOf('standard');
    expect(await outcomes(before)).toEqual(expected(before));
  });

  it('are asked on the way to the API server, which every other Pod reaches at the address of its Service', async () => {
    const reaches = async (name: string, limit: number): Promise<number> => {
      const url = `https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/`;
      const command = `exec curl --silent --insecure --connect-timeout ${limit} ${url}`;
      return (await lab.exec(pod(name), ['sh', '-c', command])).code;
    };
    for (const name of ['ordinary', 'host-home', 'open-standard', 'open-strict'])
      expect([name, await reaches(name, 30)]).toEqual([name, 0]);
    for (const name of ['shut-standard', 'shut-strict']) expect([name, await reaches(name, 2)]).toEqual([name, 28]);
  });

  it('are asked in their order: what any of them accepts is open, unless an earlier one drops it', async () => {
    const names = ['union', 'union-turned', 'drop-first', 'drop-last'] as const;
    for (const name of names) await makePod(name, home, { groups: name });
    await untilRunning(15);
    const reached = async (name: string, protocol: Protocol, passes: boolean): Promise<boolean> => {
      const limitMs = passes ? LONGEST_MS.answered : LONGEST_MS.silent;
      return (await tries('host-away', [{ protocol, to: ip(name), port: PORT, limitMs }]))[0] === true;
    };
    const table = [
      ['union', 'tcp', true],
      ['union', 'udp', true],
      ['union', 'icmp', false],
      ['union-turned', 'tcp', true],
      ['union-turned', 'udp', true],
      ['drop-first', 'tcp', false],
      ['drop-first', 'udp', true],
      ['drop-last', 'tcp', true],
    ] as const;
    const seen = await Promise.all(
      table.map(async ([name, protocol, passes]) => [name, protocol, await reached(name, protocol, passes)]),
    );
    expect(seen).toEqual(table.map((row) => [...row]));
  });

  it('are changed in place in Live mode: an open connection goes on, also where the new ones let nothing in, and the next one is asked', async () => {
    const live = { updateStrategy: { type: 'Live' } };
    await makePolicyWith('live', ['open'], live);
    await makePod('live', home, { groups: 'live' }, echoCommand(PROJECT_DIR, '0.0.0.0', PORT));
    await untilRunning(16);
    const talk = { to: ip('live'), port: PORT, limitMs: 20_000 };
    const talks = ['near-strict', 'far-strict'].map((from) =>
      converse({ lab, projectDir: PROJECT_DIR }, pod(from), talk),
    );
    // Who has a connection to local port 8080 that is ESTABLISHED, by the server's own network (proc(5)).
    const callers = async (): Promise<number> => {
      const { stdout } = await lab.exec(pod('live'), ['cat', '/proc/net/tcp']);
      return new Set([...stdout.matchAll(/:1F90 ([0-9A-F]{8}):[0-9A-F]{4} 01 /g)].map(([, address]) => address)).size;
    };
    await vi.waitFor(async () => expect(await callers()).toBe(2), { timeout: 15_000, interval: 200 });
    await makePolicyWith('live', ['shut'], live);
    expect(await Promise.all(talks)).toEqual([
      { began: true, shut: true, goesOn: true },
      { began: true, shut: true, goesOn: true },
    ]);
    const name = subEniName(pod('live').metadata.uid ?? '');
    await waitForObjects(
      lab.client,
      vpcEnis,
      (all) => all.some((eni) => eni.metadata.name === name && eni.status?.groupsApplied?.[0] === groups.get('shut')),
      { what: 'the change to be recorded', timeoutMs: 30_000 },
    );
    const [after] = await lab.runningPods(NAMESPACE, 'groups=live', 1);
    expect(after?.metadata.uid).toBe(pod('live').metadata.uid);
  });
});
