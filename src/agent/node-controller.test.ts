// The node's readiness: told to ADD, to the runtime and to the API, and taken back when the trunk goes.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import { type NodeEniConfig, nodeEniConfigs } from '../api/node-eni-config.ts';
import { TrunklineError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import { parseNetConf } from '../cni/net-conf.ts';
import { createManualInformer } from '../kube/testing/manual-informer.ts';
import type { KubeClient } from '../kube/types.ts';
import { CONFLIST_NAME, conflist, createConflistFile } from './conflist.ts';
import { agentErrors } from './errors.ts';
import { createVethDriver, type LinkDriver } from './link-driver.ts';
import { createLinkWatch } from './link-watch.ts';
import { createNodeController } from './node-controller.ts';
import { createNodeNetwork } from './node-network.ts';
import { createFakeKernel } from './testing/fake-kernel.ts';

const NODE = '10.0.32.11';
const TRUNK = { name: 'eth1', mac: '20:90:6f:00:00:01' };

const nec = (status: NodeEniConfig['status']): NodeEniConfig => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'NodeENIConfig',
  metadata: { name: NODE },
  spec: {},
  ...(status === undefined ? {} : { status }),
});
const eniInfo = {
  eniID: 'eni-trunk001',
  index: 1,
  mac: TRUNK.mac,
  primaryIP: '10.0.35.11',
  subnetID: 'subnet-12345678',
  subnetCIDR: '10.0.35.0/24',
  gateway: '10.0.35.1',
  securityGroups: [],
  trunk: true,
};
const SHARED = { name: 'eth2', mac: '20:90:6f:00:00:02' };
const sharedInfo = {
  ...eniInfo,
  eniID: 'eni-route001',
  index: 2,
  mac: SHARED.mac,
  primaryIP: '10.0.35.12',
  trunk: false,
};
const withTrunk = nec({
  eniInfos: [{ ...sharedInfo, mac: '20:90:6f:00:00:99' }, eniInfo],
});

/** What makes the trunk ready to carry Pods, each time the node looks. */
const ETH1_LINES = [
  'link set eth1 up',
  'route replace 10.0.35.1/32 dev eth1 scope link table 10001',
  'route replace default via 10.0.35.1 dev eth1 table 10001',
];

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function start(options: { readonly choose?: () => Promise<LinkDriver> } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'tke-node-'));
  const kernel = createFakeKernel();
  const clock = createFakeClock();
  const links = createLinkWatch({ kernel, clock, logger: silentLogger });
  const necs = createManualInformer<NodeEniConfig>(nodeEniConfigs);
  const network = createNodeNetwork();
  const sysctls = new Map<string, string>();
  const reports: unknown[] = [];
  const routing = { status: { strict: false, ipvs: false, nodeLocalDNS: false }, changed: (): void => undefined };
  const patch: KubeClient['patch'] = (_resource, name, body, patchOptions) => {
    reports.push({ name, manager: patchOptions?.fieldManager, ...(body.body as { status: object }).status });
    return Promise.resolve(withTrunk) as never;
  };
  const controller = createNodeController({
    nodeName: NODE,
    kernel: {
      links: () => kernel.links(),
      ipBatch: (lines, batch) => kernel.ipBatch(lines, batch),
      setSysctl: (name, value) => Promise.resolve(void sysctls.set(name, value)),
    },
    client: { patch },
    wirings: () => [],
    necs,
    links,
    network,
    routing: {
      observe: () => Promise.resolve(routing.status),
      onChange: (fn) => {
        routing.changed = fn;
        return () => undefined;
      },
    },
    conflist: createConflistFile(directory),
    chooseDriver: options.choose ?? (() => Promise.resolve(createVethDriver({ kernel, watch: links }))),
    agentVersion: 'v3.6.0',
    quickRelease: true,
    clock,
    logger: silentLogger,
  });
  const stop = new AbortController();
  const done = Promise.all([controller.run(stop.signal), links.run(stop.signal)]);
  cleanups.push(() => {
    stop.abort();
    void done.then(() => rmSync(directory, { recursive: true, force: true }));
  });
  necs.sync();
  const path = join(directory, CONFLIST_NAME);
  /** Files are synced meanwhile, which takes any number of turns of the event loop on a busy disk; the test's time limit ends it. */
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await clock.settle();
  };
  return { kernel, clock, necs, network, routing, sysctls, reports, path, until };
}

describe('the node', () => {
  it('takes Pods once its trunk is known and plugged: ADD, runtime and API are told', async () => {
    const { kernel, necs, network, sysctls, reports, path, until } = start();
    kernel.plug(TRUNK);
    necs.put(withTrunk);
    await until(() => reports.length > 0);
    expect(network.offer).toMatchObject({
      trunk: { device: 'eth1', driver: { name: 'veth' } },
      enis: [{ eniID: 'eni-trunk001', index: 1, device: 'eth1' }],
    });
    expect(kernel.lines).toEqual(ETH1_LINES);
    expect(Object.fromEntries(sysctls)).toEqual({
      'net/ipv4/ip_forward': '1',
      'net/ipv4/conf/all/rp_filter': '0',
      'net/ipv4/conf/default/rp_filter': '0',
      'net/ipv4/conf/eth1/rp_filter': '0',
    });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(conflist);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(reports).toEqual([
      {
        name: NODE,
        manager: 'tke-eni-agent',
        node: {
          linkDriver: 'veth',
          ready: true,
          message: 'the shared ENI eni-route001 (20:90:6f:00:00:99) is not plugged into the node yet',
          agentVersion: 'v3.6.0',
          quickRelease: true,
          routing: { strict: false, ipvs: false, nodeLocalDNS: false },
          sysctls: {
            'net.ipv4.ip_forward': '1',
            'net.ipv4.conf.all.rp_filter': '0',
            'net.ipv4.conf.default.rp_filter': '0',
            'net.ipv4.conf.eth1.rp_filter': '0',
          },
        },
      },
    ]);
  });

  it('notices the trunk when it is plugged after it was announced', async () => {
    const { kernel, necs, network, reports, path, until } = start();
    necs.put(withTrunk);
    await until(() => reports.length === 1);
    expect(reports[0]).toMatchObject({
      node: {
        ready: false,
        linkDriver: 'unavailable',
        message: `the shared ENI eni-route001 (20:90:6f:00:00:99) is not plugged into the node yet; the trunk ENI eni-trunk001 (${TRUNK.mac}) is not plugged into the node yet`,
      },
    });
    expect(existsSync(path)).toBe(false);
    kernel.plug(TRUNK);
    await until(() => network.ready && existsSync(path));
  });

  it('stops taking Pods when the trunk is pulled out', async () => {
    const { kernel, clock, necs, network, path, until } = start();
    kernel.plug(TRUNK);
    necs.put(withTrunk);
    await until(() => network.ready && existsSync(path));
    kernel.unplug('eth1');
    await clock.advance(1_000);
    await until(() => !network.ready && !existsSync(path));
    expect(network.offer.message).toContain('eni-trunk001');
  });

  it('looks once, not once per link, when many links change', async () => {
    const { kernel, clock, necs, network, path, until } = start();
    kernel.plug(TRUNK);
    necs.put(withTrunk);
    await until(() => network.ready && existsSync(path));
    await clock.settle();
    const before = kernel.lines.length;
    for (let pod = 0; pod < 50; pod++)
      kernel.plug({ name: `tke${pod}`, mac: `02:00:00:00:00:${String(pod).padStart(2, '0')}` });
    await clock.settle();
    expect(kernel.lines.length).toBe(before);
    await clock.advance(1_000);
    await until(() => kernel.lines.length > before);
    await clock.advance(1_000);
    expect(kernel.lines.slice(before)).toEqual(ETH1_LINES);
  });

  it.each([
    ['no NodeENIConfig yet', undefined, `no NodeENIConfig ${NODE} yet`],
    ['no ENI yet', nec({}), `NodeENIConfig ${NODE} lists no ENI yet`],
    [
      'two ENIs that make no sense',
      nec({
        eniInfos: [
          { ...eniInfo, gateway: '' },
          { ...sharedInfo, gateway: '10.9.0.1' },
        ],
      }),
      'ENI eni-trunk001 is not used: its gateway is ""; expected an IPv4 address such as 10.0.35.1; ENI eni-route001 is not used: its gateway 10.9.0.1 is not in its subnet 10.0.35.0/24',
    ],
    [
      'ENIs that go, went, or come back',
      nec({
        eniInfos: [
          { ...eniInfo, pendingOperation: 'attach' },
          { ...sharedInfo, pendingOperation: 'detach' },
          { ...sharedInfo, eniID: 'eni-route002', index: 3, mac: '20:90:6f:00:00:03', pendingOperation: 'gone' },
        ],
      }),
      'the trunk ENI eni-trunk001 (20:90:6f:00:00:01) is not plugged into the node yet; the shared ENI eni-route001 (20:90:6f:00:00:02) is being taken off the node; the shared ENI eni-route002 (20:90:6f:00:00:03) is gone; Pods that have its addresses must be made anew',
    ],
  ])('says why it takes no Pods: %s', async (_what, object, message) => {
    const { necs, network, until } = start();
    if (object !== undefined) necs.put(object);
    await until(() => network.offer.message === message);
    expect(network.ready).toBe(false);
  });

  it.each([
    ['no link driver works', nec({ eniInfos: [eniInfo] }), 'no link driver works on this node: vlan: no'],
    ['there is no trunk', nec({ eniInfos: [sharedInfo] }), `NodeENIConfig ${NODE} lists no trunk ENI`],
    [
      'the model has no sub-ENIs',
      nec({ eniInfos: [sharedInfo], subENI: { quota: 0, reason: 'model S5 is not supported' } }),
      'no trunk ENI: the sub-ENI quota is 0: model S5 is not supported',
    ],
  ])('takes Pods with shared addresses, and says by name that %s for sub-ENIs', async (_what, object, message) => {
    const { kernel, necs, network, reports, path, until } = start({
      choose: () =>
        Promise.reject(new TrunklineError(agentErrors.linkUnavailable, 'no link driver works on this node: vlan: no')),
    });
    kernel.plug(TRUNK);
    kernel.plug(SHARED);
    necs.put(object);
    await until(() => reports.length > 0 && existsSync(path));
    expect(reports.at(-1)).toMatchObject({ node: { linkDriver: 'unavailable', ready: true, message } });
    expect(network.offer).toMatchObject({ trunk: undefined, enis: [{ eniID: object.status?.eniInfos?.[0]?.eniID }] });
  });

  it('gives each ENI a table of its own, and goes on with the others when the kernel refuses one', async () => {
    const { kernel, clock, necs, network, until } = start();
    kernel.plug(TRUNK);
    kernel.plug(SHARED);
    kernel.intercept((line) => {
      if (line.includes('dev eth1')) throw new TrunklineError(agentErrors.kernel, `ip ${line}: no`);
    });
    necs.put(nec({ eniInfos: [eniInfo, sharedInfo] }));
    await until(() => network.ready);
    expect(network.offer.enis.map(({ eniID }) => eniID)).toEqual(['eni-route001']);
    expect(network.offer.message).toContain('ENI eni-trunk001 is not used: ip route replace 10.0.35.1/32 dev eth1');
    expect(kernel.lines).toContain('route replace default via 10.0.35.1 dev eth2 table 10002');
    kernel.intercept(undefined);
    while (network.offer.enis.length < 2) await clock.advance(10_000);
    expect(network.offer.message).toBe('');
  });

  it('writes nothing to the API when nothing has changed', async () => {
    const first = start();
    first.kernel.plug(TRUNK);
    first.necs.put(withTrunk);
    await first.until(() => first.reports.length === 1);
    const { node } = first.reports[0] as { node: NonNullable<NodeEniConfig['status']>['node'] };
    const second = start();
    second.kernel.plug(TRUNK);
    second.necs.put({ ...withTrunk, status: { ...withTrunk.status, ...(node === undefined ? {} : { node }) } });
    await second.until(() => existsSync(second.path));
    await second.clock.settle();
    expect(second.reports).toEqual([]);
  });
});

describe('the conflist', () => {
  it('is a configuration that the agent itself accepts', () => {
    const [plugin] = conflist.plugins;
    const { cniVersion, name } = conflist;
    expect(parseNetConf(JSON.stringify({ cniVersion, name, ...plugin })).type).toBe('tke-route-eni');
  });

  it('is left untouched while it is right, since runtimes reload at each change', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tke-conf-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const file = createConflistFile(directory);
    await file.publish();
    const { ino } = statSync(join(directory, CONFLIST_NAME));
    await file.publish();
    expect(statSync(join(directory, CONFLIST_NAME)).ino).toBe(ino);
    await file.withdraw();
    await file.withdraw();
    expect(existsSync(join(directory, CONFLIST_NAME))).toBe(false);
  });

  it('reports what strict routing depends on, and again when that changes', async () => {
    const { kernel, clock, necs, routing, reports, until } = start();
    kernel.plug(TRUNK);
    necs.put(withTrunk);
    await until(() => reports.length > 0);
    routing.status = { strict: true, ipvs: true, nodeLocalDNS: false };
    routing.changed();
    await clock.advance(1_000);
    await until(() => reports.length > 1);
    expect(reports.at(-1)).toMatchObject({ node: { routing: { strict: true, ipvs: true, nodeLocalDNS: false } } });
  });
});
