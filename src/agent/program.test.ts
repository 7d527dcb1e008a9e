// The whole agent: real entry, real socket, real kernel, and the embedded Kubernetes API with our CRDs.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type ApiServer, startApiServer } from '../../lab/kube/apiserver/index.ts';
import { untilGone, untilObject } from '../../lab/kube/testing/until-object.ts';
import { type NodeEniConfig, nodeEniConfigs } from '../api/node-eni-config.ts';
import { type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { cniErrorResultSchema } from '../cni/error.ts';
import { addResultSchema } from '../cni/result.ts';
import { type ClosableKubeClient, createKubeClient } from '../kube/client.ts';
import { namespaces, type Pod, pods, serviceAccounts } from '../kube/resources.ts';
import { CONFLIST_NAME } from './conflist.ts';
import { runAgent } from './program.ts';
import { canMakeNamespaces, createNetnsWorld, type NetnsWorld, TRUNK_MAC } from './testing/netns-world.ts';
import { eniOf, NODE, podOf } from './testing/service-world.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const FACTS = { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101 };
const trunk = {
  eniID: 'eni-trunk001',
  index: 1,
  mac: TRUNK_MAC,
  primaryIP: '10.0.35.11',
  subnetID: 'subnet-12345678',
  subnetCIDR: '10.0.35.0/24',
  gateway: '10.0.35.1',
  securityGroups: [],
  trunk: true,
};

describe.skipIf(!canMakeNamespaces())('the agent', () => {
  let world: NetnsWorld;
  let api: ApiServer;
  let client: ClosableKubeClient;
  let base: string;
  let agent: { readonly stop: () => Promise<void> } | undefined;

  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), 'tke-program-'));
    execFileSync('sh', [join(PROJECT, 'native/cni-entry/build.sh'), join(base, 'cni-entry')]);
    world = createNetnsWorld('p');
    const common = { clock: systemClock, logger: silentLogger };
    api = await startApiServer({
      ...common,
      listen: { host: '127.0.0.1', port: 0 },
      resolveService: () => Promise.resolve(undefined),
    });
    const { server, caPem, auth } = api.adminConnection();
    client = createKubeClient({
      ...common,
      connection: { server, caPem, auth: { readToken: () => Promise.resolve(auth.token) } },
    });
    for (const file of readdirSync(join(PROJECT, 'deploy/crds')).filter((name) => /^(vpcenis|nodeeni)/.test(name))) {
      const crd: unknown = parse(readFileSync(join(PROJECT, 'deploy/crds', file), 'utf8'));
      await client.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
    }
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } });
    // Pods need it, and no controller makes it here.
    await client.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: 'ns' },
    });
    await client.create(nodeEniConfigs, {
      apiVersion: 'networking.tke.cloud.tencent.com/v1',
      kind: 'NodeENIConfig',
      metadata: { name: NODE },
      spec: {},
    });
  });

  afterAll(async () => {
    await agent?.stop();
    client?.close();
    await api?.close();
    await world?.close();
    rmSync(base, { recursive: true, force: true });
  });

  const startAgent = async (): Promise<void> => {
    const socket = join(base, 'agent.sock');
    const changes = watch(base, { signal: AbortSignal.timeout(10_000) });
    const stop = new AbortController();
    const done = runAgent({
      client,
      kernel: world.kernel,
      clock: systemClock,
      logger: silentLogger,
      nodeName: NODE,
      hash: (text) => text,
      binDirectory: join(base, 'bin'),
      conflistDirectory: join(base, 'net.d'),
      socket: join(base, 'agent.sock'),
      stateDirectory: join(base, 'state'),
      netnsDirectory: '/run/netns',
      entries: [join(base, 'cni-entry')],
      linkDriver: 'veth',
      addTimeoutMs: 10_000,
      version: 'v3.6.0',
      signal: stop.signal,
    });
    done.catch(() => undefined);
    agent = {
      stop: async () => {
        stop.abort();
        await done;
      },
    };
    for await (const { filename } of changes) if (filename === 'agent.sock' && existsSync(socket)) return;
  };

  const cni = (
    command: string,
    pod: Pod,
    containerId: string,
    netns: string,
  ): Promise<{ readonly code: number | null; readonly stdout: string }> =>
    new Promise((done, failed) => {
      const { name, uid = '' } = pod.metadata;
      const child = spawn(join(base, 'bin', 'tke-route-eni'), {
        env: {
          TKE_ENI_AGENT_SOCKET: join(base, 'agent.sock'),
          TKE_ENI_AGENT_TOMBSTONES: join(base, 'state', 'tombstones'),
          CNI_COMMAND: command,
          CNI_CONTAINERID: containerId,
          CNI_NETNS: netns,
          CNI_IFNAME: 'eth0',
          CNI_ARGS: `K8S_POD_NAMESPACE=ns;K8S_POD_NAME=${name};K8S_POD_UID=${uid}`,
          CNI_PATH: join(base, 'bin'),
        },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let stdout = '';
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
      });
      child.on('error', failed);
      child.on('close', (code) => done({ code, stdout }));
      child.stdin.end('{"cniVersion":"0.3.1","name":"tke-eni","type":"tke-route-eni","mtu":1500}');
    });

  const named = (object: { readonly metadata: { readonly name: string } }) => ({
    fieldSelector: `metadata.name=${object.metadata.name}`,
  });
  const setStatus = (resource: typeof vpcEnis | typeof nodeEniConfigs, name: string, status: object) =>
    client.patch<VpcEni | NodeEniConfig>(
      resource as typeof vpcEnis,
      name,
      { type: 'merge', body: { status } },
      { subresource: 'status' },
    );
  const create = async (): Promise<Pod> => {
    const wanted = podOf('web');
    const { uid: _server, ...metadata } = wanted.metadata;
    return await client.create(
      pods,
      { ...wanted, metadata, spec: { nodeName: NODE, containers: [{ name: 'c', image: 'i' }] } },
      { namespace: 'ns' },
    );
  };

  it('takes a Pod through its life, over a restart of its own', async () => {
    await startAgent();
    await setStatus(nodeEniConfigs, NODE, { eniInfos: [trunk] });
    const nec = await untilObject(client, nodeEniConfigs, {}, (object) => object.status?.node?.ready === true);
    expect(nec.status?.node).toMatchObject({ linkDriver: 'veth', agentVersion: 'v3.6.0' });
    expect(readdirSync(join(base, 'net.d'))).toEqual([CONFLIST_NAME]);

    // ADD waits for everything in turn: the VpcENI, its cloud side, its device.
    const pod = await create();
    const netns = world.netns('web');
    const adding = cni('ADD', pod, 'c1', netns);
    const eni = eniOf(pod, FACTS);
    const { status: _later, ...intent } = eni;
    await client.create(vpcEnis, intent as VpcEni);
    await setStatus(vpcEnis, eni.metadata.name, eni.status ?? {});
    world.plug({ mac: FACTS.mac, ip: FACTS.ip, gateway: '10.0.36.1' });
    const added = await adding;
    expect(added.code).toBe(0);
    expect(addResultSchema.parse(JSON.parse(added.stdout))).toMatchObject({
      cniVersion: '0.3.1',
      ips: [{ version: '4', address: '10.0.36.21/32', gateway: '169.254.1.1', interface: 1 }],
    });
    expect(world.run('client', ['busybox', 'ping', '-c', '1', '-W', '2', FACTS.ip]).code).toBe(0);
    const wired = await untilObject(client, vpcEnis, named(eni), (object) => object.status?.agent?.state === 'Wired');
    expect(wired.status?.agent).toMatchObject({ podUID: pod.metadata.uid, containerID: 'c1' });
    expect((await cni('CHECK', pod, 'c1', netns)).code).toBe(0);

    // Away: what is wired stays wired, what somebody breaks is repaired, what is deleted is deleted later.
    await agent?.stop();
    world.must('node', 'ip rule del pref 10 iif eth1.101; ip route del 10.0.36.21/32; ip route flush table 20101');
    expect(world.run('client', ['busybox', 'ping', '-c', '1', '-W', '1', FACTS.ip]).code).not.toBe(0);
    await startAgent();
    expect(JSON.parse((await cni('ADD', pod, 'c1', netns)).stdout)).toEqual(JSON.parse(added.stdout));
    expect(world.run('client', ['busybox', 'ping', '-c', '1', '-W', '2', FACTS.ip]).code).toBe(0);
    await agent?.stop();
    expect(await cni('DEL', pod, 'c1', netns)).toEqual({ code: 0, stdout: '' });
    expect(readdirSync(join(base, 'state', 'tombstones'))).toEqual(['c1']);
    expect(world.run('node', ['ip', 'rule']).stdout).toContain('10.0.36.21');

    // Back: the deletion is carried out, and once the Pod is gone its network is reported as torn down.
    await client.delete(pods, 'web', { namespace: 'ns', gracePeriodSeconds: 0 });
    await untilGone(client, pods, 'web', 'ns');
    await startAgent();
    const torn = await untilObject(client, vpcEnis, named(eni), (object) => object.status?.agent?.state === 'TornDown');
    expect(torn.status?.agent).toMatchObject({ podUID: pod.metadata.uid });
    expect(torn.status?.agent).not.toHaveProperty('containerID');
    expect(readdirSync(join(base, 'state', 'tombstones'))).toEqual([]);
    expect(world.run('node', ['ip', 'rule']).stdout).not.toContain('10.0.36.21');
    const again = await cni('ADD', pod, 'c2', netns);
    expect(again.code).toBe(1);
    expect(cniErrorResultSchema.parse(JSON.parse(again.stdout))).toMatchObject({ cniVersion: '0.3.1', code: 100 });
    await agent?.stop();
  });
});
