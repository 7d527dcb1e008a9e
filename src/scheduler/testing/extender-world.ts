// For tests: the extender as a program on a Kubernetes API in a map, asked over real HTTP as kube-scheduler asks.
import { labels, objectNames } from '../../api/keys.ts';
import { nodeEniConfigs } from '../../api/node-eni-config.ts';
import { vpcIpClaims } from '../../api/vpc-ip-claim.ts';
import { vpcIps } from '../../api/vpc-ip.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { configMaps, leases, nodes, pods, type Pod } from '../../kube/resources.ts';
import { microTime } from '../../kube/times.ts';
import type { KubeClient, KubeObject, Resource } from '../../kube/types.ts';
import { createMemoryCluster } from '../../webhook/testing/memory-cluster.ts';
import { runSchedulerExtender } from '../program.ts';

export interface ExtenderWorld {
  put(resource: Resource, object: object): void;
  /** A node in a zone with one ENI in a subnet, and room for so many addresses on it. */
  node(name: string, zone: string, given?: { quota?: number; maxENI?: number; subnetId?: string }): void;
  subnets(free: Readonly<Record<string, { zone: string; cidr: string; available: number; container?: boolean }>>): void;
  pod(name: string, annotations?: Readonly<Record<string, string>>): Pod;
  claim(pod: string, ip: string, subnetId: string, deletePolicy?: string): void;
  post(verb: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Until the program has caught up with what was put. */
  settled(): Promise<void>;
  readonly bound: ReadonlyMap<string, string>;
  readonly client: KubeClient;
  stop(): Promise<void>;
}

/** `watchLags`: bindings are carried out, and no watch shows them. `anotherLeads`: the Lease is another replica's. */
export async function startExtender(
  options: {
    readonly mode?: string;
    readonly watchLags?: boolean;
    readonly onlyNominated?: boolean;
    readonly anotherLeads?: boolean;
  } = {},
): Promise<ExtenderWorld> {
  const cluster = createMemoryCluster();
  const bound = new Map<string, string>();
  const client: KubeClient = {
    ...cluster.client,
    request: async (method, path, body) => {
      await turn();
      const name = /^\/api\/v1\/namespaces\/default\/pods\/([^/]+)\/binding$/.exec(path)?.[1];
      if (method !== 'POST' || name === undefined) throw new Error(`${method} ${path} is not served`);
      const { target } = body as { target: { name: string } };
      bound.set(name, target.name);
      if (options.watchLags === true) return {};
      const pod = cluster.read(pods, `default/${name}`) as Pod;
      cluster.put(pods, { ...pod, spec: { ...pod.spec, nodeName: target.name } } as KubeObject);
      return {};
    },
  };
  const put = (resource: Resource, object: object): void =>
    cluster.put(resource, {
      apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
      kind: resource.kind,
      ...object,
    } as KubeObject);
  const values = { [objectNames.addonValues]: { 'vpcCni.ipMode': options.mode ?? 'static' } };
  for (const [name, data] of Object.entries(values))
    put(configMaps, { metadata: { name, namespace: 'kube-system' }, data });
  if (options.anotherLeads === true) {
    const spec = { holderIdentity: 'another', leaseDurationSeconds: 3600, renewTime: microTime(systemClock.now()) };
    put(leases, { metadata: { name: objectNames.scheduler, namespace: 'kube-system' }, spec });
  }
  const stop = new AbortController();
  const port = Promise.withResolvers<number>();
  const running = runSchedulerExtender({
    client,
    clock: systemClock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    identity: 'test',
    elects: options.anotherLeads ?? false,
    onlyNominated: options.onlyNominated ?? false,
    signal: stop.signal,
    onListening: port.resolve,
  });
  running.catch(port.reject);
  const url = `http://127.0.0.1:${await port.promise}`;
  const post: ExtenderWorld['post'] = async (verb, body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/scheduler/${verb}`, { method: 'POST', body: text, headers });
    return { status: answer.status, body: await answer.json() };
  };
  const serves = async (): Promise<boolean> =>
    options.anotherLeads === true
      ? (
          (await post('filter', { Pod: { metadata: { name: 'p', namespace: 'n' }, spec: {} }, NodeNames: [] }))
            .body as { Error: string }
        ).Error === ''
      : (await fetch(`${url}/readyz`)).ok;
  while (!(await serves())) await turn();
  return {
    put,
    bound,
    client,
    post,
    node: (name, zone, { quota = 9, maxENI = 1, subnetId } = {}) => {
      put(nodes, { metadata: { name, labels: { [labels.zone]: zone } } });
      const eniInfos = subnetId === undefined ? [] : [{ eniID: `eni-${name}`, subnetID: subnetId }];
      const routeENI = { quota, maxENI, maxIPPerENI: 9 };
      put(nodeEniConfigs, { metadata: { name }, spec: {}, status: { eniInfos, routeENI } });
    },
    subnets: (free) => {
      const data = Object.fromEntries(
        Object.entries(free).map(([id, entry]) => [id, JSON.stringify({ container: true, ...entry })]),
      );
      put(configMaps, { metadata: { name: objectNames.subnets, namespace: 'kube-system' }, data });
    },
    pod: (name, annotations = {}) => {
      const pod = {
        metadata: { name, namespace: 'default', uid: `uid-${name}`, annotations },
        spec: { containers: [] },
      };
      put(pods, pod);
      return { apiVersion: 'v1', kind: 'Pod', ...pod };
    },
    claim: (pod, ip, subnetId, deletePolicy = 'Never') => {
      const uid = `claim-${pod}`;
      const metadata = { name: pod, namespace: 'default', uid };
      put(vpcIpClaims, { metadata, spec: { deletePolicy }, status: { phase: 'Unbound', vpcIP: ip } });
      const spec = { type: 'Pod', subnetID: subnetId, claim: { namespace: 'default', name: pod, uid } };
      put(vpcIps, { metadata: { name: ip }, spec, status: { phase: 'Unassigned' } });
    },
    // The watches of the map deliver within the turns of a real request.
    settled: async () => {
      for (let round = 0; round < 3; round += 1) await fetch(`${url}/healthz`);
    },
    stop: async () => {
      stop.abort(new Error('the test is over'));
      await running;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
