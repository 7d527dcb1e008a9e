// For tests of the whole agent: real entry, real socket, real kernel, and the embedded Kubernetes API with our CRDs.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { type ApiServer, startApiServer } from '../../../lab/kube/apiserver/index.ts';
import { nodeEniConfigs } from '../../api/node-eni-config.ts';
import { type VpcEni, vpcEnis } from '../../api/vpc-eni.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { type ClosableKubeClient, createKubeClient } from '../../kube/client.ts';
import { namespaces, type Pod, pods, serviceAccounts } from '../../kube/resources.ts';
import type { KubeClient, KubeObject, Resource } from '../../kube/types.ts';
import { type AgentProgramOptions, runAgent } from '../program.ts';
import { createNetnsWorld, type NetnsWorld } from './netns-world.ts';
import { NODE, podOf } from './service-world.ts';
import { eniInfoOf, poolOfIps, sharedEniOf } from './shared-enis.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');

export interface CniOutcome {
  readonly code: number | null;
  readonly stdout: string;
}

export interface ProgramWorld {
  readonly world: NetnsWorld;
  /** The test's own, which no wrapper stands before. */
  readonly client: ClosableKubeClient;
  /** Directory of everything that the agent writes. */
  readonly base: string;
  /** For another process. */
  readonly connection: { readonly server: string; readonly caPem: string; readonly token: string };
  /** Resolves once its socket is there. `wrap` stands between the agent and the API. */
  startAgent(wrap?: (client: KubeClient) => KubeClient, more?: Partial<AgentProgramOptions>): Promise<void>;
  stopAgent(): Promise<void>;
  /** What the runtime does: the installed entry, with the variables of the protocol. */
  cni(command: string, pod: Pod, containerId: string, netns: string, conf?: object): Promise<CniOutcome>;
  /** Same, with these variables and this on stdin alone. `program`: another file than the installed entry. */
  entry(variables: Readonly<Record<string, string>>, stdin: string, program?: string): Promise<CniOutcome>;
  setStatus<T extends KubeObject>(resource: Resource<T>, name: string, status: object): Promise<T>;
  /** What ipamd and the VPC do: a record with its status. */
  putEni(eni: VpcEni): Promise<void>;
  /** The same for the first shared ENI with a pool of these addresses, which packets reach. */
  shareEni(ips: readonly string[]): Promise<void>;
  /** A Pod bound to the node; `networks: null` leaves the annotation out. */
  createPod(name: string, options?: { readonly networks?: string | null }): Promise<Pod>;
  close(): Promise<void>;
}

/** With a NodeENIConfig of the node that says nothing yet. `label` keeps worlds of parallel test files apart. */
export async function createProgramWorld(label: string): Promise<ProgramWorld> {
  const base = mkdtempSync(join(tmpdir(), 'tke-program-'));
  execFileSync('sh', [join(PROJECT, 'native/cni-entry/build.sh'), join(base, 'cni-entry')]);
  const world = createNetnsWorld(label);
  const { api, client, connection } = await startApi();
  const socket = join(base, 'agent.sock');
  let stopRunning = (): Promise<void> => Promise.resolve();
  const setStatus: ProgramWorld['setStatus'] = (resource, name, status) =>
    client.patch(resource, name, { type: 'merge', body: { status } }, { subresource: 'status' });
  const putEni = async ({ status = {}, ...intent }: VpcEni): Promise<void> => {
    await client.create(vpcEnis, intent);
    await setStatus(vpcEnis, intent.metadata.name, status);
  };
  return {
    world,
    client,
    base,
    connection,
    startAgent: async (wrap = (own) => own, more = {}) => {
      const changes = watch(base, { signal: AbortSignal.timeout(10_000) });
      const stop = new AbortController();
      const done = runAgent({
        client: wrap(client),
        kernel: world.kernel,
        clock: systemClock,
        logger: silentLogger,
        nodeName: NODE,
        hash: (text) => text,
        binDirectory: join(base, 'bin'),
        conflistDirectory: join(base, 'net.d'),
        socket,
        stateDirectory: join(base, 'state'),
        netnsDirectory: '/run/netns',
        ownNetns: world.netns('node'),
        entries: [join(base, 'cni-entry')],
        linkDriver: 'veth',
        addTimeoutMs: 10_000,
        addressRestMs: 0,
        version: 'v3.6.0',
        ...more,
        signal: stop.signal,
      });
      done.catch(() => undefined);
      stopRunning = async () => {
        stop.abort();
        await done;
      };
      for await (const { filename } of changes) if (filename === 'agent.sock' && existsSync(socket)) return;
    },
    stopAgent: () => stopRunning(),
    entry: (variables, stdin, program) => runEntry(base, variables, stdin, program),
    cni: (command, pod, containerId, netns, conf = {}) =>
      runEntry(
        base,
        {
          CNI_COMMAND: command,
          CNI_CONTAINERID: containerId,
          CNI_NETNS: netns,
          CNI_IFNAME: 'eth0',
          CNI_ARGS: cniArgsOf(pod),
          CNI_PATH: join(base, 'bin'),
        },
        JSON.stringify({ ...CONF, ...conf }),
      ),
    setStatus,
    putEni,
    shareEni: async (ips) => {
      await putEni(sharedEniOf(1, poolOfIps(...ips)));
      const { mac, gateway } = eniInfoOf(1);
      for (const ip of ips) world.plug({ mac, gateway, ip });
    },
    createPod: async (name, options = {}) => {
      const wanted = podOf(name, options);
      const { uid: _server, ...metadata } = wanted.metadata;
      return await client.create(
        pods,
        { ...wanted, metadata, spec: { nodeName: NODE, containers: [{ name: 'c', image: 'i' }] } },
        { namespace: 'ns' },
      );
    },
    close: async () => {
      await stopRunning();
      client.close();
      await api.close();
      await world.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

async function startApi(): Promise<{
  readonly api: ApiServer;
  readonly client: ClosableKubeClient;
  readonly connection: ProgramWorld['connection'];
}> {
  const common = { clock: systemClock, logger: silentLogger };
  const api = await startApiServer({
    ...common,
    listen: { host: '127.0.0.1', port: 0 },
    resolveService: () => Promise.resolve(undefined),
  });
  const { server, caPem, auth } = api.adminConnection();
  const client = createKubeClient({
    ...common,
    connection: { server, caPem, auth: { readToken: () => Promise.resolve(auth.token) } },
  });
  for (const file of readdirSync(join(PROJECT, 'deploy/crds')).filter((name) =>
    /^(vpcenis|vpcips|nodeeni)/.test(name),
  )) {
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
  return { api, client, connection: { server, caPem: caPem ?? '', token: auth.token } };
}

/** `CNI_ARGS` as CRI runtimes write it for a Pod. */
export const cniArgsOf = ({ metadata: { namespace = '', name, uid = '' } }: Pod): string =>
  `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_UID=${uid}`;

const CONF = { cniVersion: '0.3.1', name: 'tke-eni', type: 'tke-route-eni', mtu: 1500 };

/** The installed entry with these variables, besides those of its own settings, and this on stdin. */
function runEntry(
  base: string,
  variables: Readonly<Record<string, string>>,
  stdin: string,
  program = join(base, 'bin', 'tke-route-eni'),
): Promise<CniOutcome> {
  return new Promise((done, failed) => {
    const child = spawn(program, {
      env: {
        TKE_ENI_AGENT_SOCKET: join(base, 'agent.sock'),
        TKE_ENI_AGENT_TOMBSTONES: join(base, 'state', 'tombstones'),
        ...variables,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    // It may refuse before it has read everything.
    child.stdin.on('error', () => undefined);
    child.on('error', failed);
    child.on('close', (code) => done({ code, stdout }));
    child.stdin.end(stdin);
  });
}
