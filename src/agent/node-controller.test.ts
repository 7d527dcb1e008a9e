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
const withTrunk = nec({
  eniInfos: [{ ...eniInfo, eniID: 'eni-route001', mac: '20:90:6f:00:00:99', trunk: false }, eniInfo],
});

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
    necs,
    links,
    network,
    conflist: createConflistFile(directory),
    chooseDriver: options.choose ?? (() => Promise.resolve(createVethDriver({ kernel, watch: links }))),
    agentVersion: 'v3.6.0',
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
  return { kernel, clock, necs, network, sysctls, reports, path, until };
}

describe('the node', () => {
  it('takes Pods once its trunk is known and plugged: ADD, runtime and API are told', async () => {
    const { kernel, necs, network, sysctls, reports, path, until } = start();
    kernel.plug(TRUNK);
    necs.put(withTrunk);
    await until(() => reports.length > 0);
    expect(network.ready).toMatchObject({ trunk: 'eth1', driver: { name: 'veth' } });
    expect(kernel.lines).toContain('link set eth1 up');
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
          agentVersion: 'v3.6.0',
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
        message: `the trunk ENI eni-trunk001 (${TRUNK.mac}) is not plugged into the node yet`,
      },
    });
    expect(existsSync(path)).toBe(false);
    kernel.plug(TRUNK);
    await until(() => network.ready !== undefined && existsSync(path));
  });

  it('stops taking Pods when the trunk is pulled out', async () => {
    const { kernel, clock, necs, network, path, until } = start();
    kernel.plug(TRUNK);
    necs.put(withTrunk);
    await until(() => network.ready !== undefined && existsSync(path));
    kernel.unplug('eth1');
    await clock.advance(1_000);
    await until(() => network.ready === undefined && !existsSync(path));
    expect(network.message).toContain('eni-trunk001');
  });

  it('looks once, not once per link, when many links change', async () => {
    const { kernel, clock, necs, network, path, until } = start();
    kernel.plug(TRUNK);
    necs.put(withTrunk);
    await until(() => network.ready !== undefined && existsSync(path));
    await clock.settle();
    const before = kernel.lines.length;
    for (let pod = 0; pod < 50; pod++)
      kernel.plug({ name: `tke${pod}`, mac: `02:00:00:00:00:${String(pod).padStart(2, '0')}` });
    await clock.settle();
    expect(kernel.lines.length).toBe(before);
    await clock.advance(1_000);
    await until(() => kernel.lines.length > before);
    await clock.advance(1_000);
    expect(kernel.lines.slice(before)).toEqual(['link set eth1 up']);
  });

  it.each([
    ['no NodeENIConfig yet', undefined, `no NodeENIConfig ${NODE} yet`],
    ['no trunk yet', nec({}), `NodeENIConfig ${NODE} lists no trunk ENI yet`],
    [
      'a model without sub-ENIs',
      nec({ subENI: { quota: 0, reason: 'model S5 is not supported' } }),
      'the node has no trunk ENI: its sub-ENI quota is 0: model S5 is not supported',
    ],
  ])('says why it takes no Pods: %s', async (_what, object, message) => {
    const { necs, network, until } = start();
    if (object !== undefined) necs.put(object);
    await until(() => network.message === message);
    expect(network.ready).toBeUndefined();
  });

  it('says by name that no link driver works', async () => {
    const { kernel, necs, reports, until } = start({
      choose: () =>
        Promise.reject(new TrunklineError(agentErrors.linkUnavailable, 'no link driver works on this node: vlan: no')),
    });
    kernel.plug(TRUNK);
    necs.put(withTrunk);
    await until(() => reports.length > 0);
    expect(reports.at(-1)).toMatchObject({
      node: { linkDriver: 'unavailable', ready: false, message: 'no link driver works on this node: vlan: no' },
    });
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
});

describe('waiting for the node', () => {
  it('ends with the node, or with the reason to stop', async () => {
    const network = createNodeNetwork();
    const stop = new AbortController();
    const patient = network.waitReady(new AbortController().signal);
    const stopped = network.waitReady(stop.signal);
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    const driver = createVethDriver({
      kernel: createFakeKernel(),
      watch: {
        waitFor: () => Promise.reject(new Error()),
        onChange: () => () => undefined,
        run: () => Promise.resolve(),
      },
    });
    network.becomeReady({ trunk: 'eth1', driver });
    expect((await patient).trunk).toBe('eth1');
    expect((await network.waitReady(new AbortController().signal)).trunk).toBe('eth1');
  });
});
