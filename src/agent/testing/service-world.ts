// For tests: the agent's service with informers that the test fills, a real state directory, and a clock that stands still.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock, type FakeClock } from '../../../test/fake-clock.ts';
import { annotations, labels, networks } from '../../api/keys.ts';
import { type NodeEniConfig, nodeEniConfigs } from '../../api/node-eni-config.ts';
import { subEniName, type VpcEni, vpcEnis } from '../../api/vpc-eni.ts';
import { type VpcIp, vpcIps } from '../../api/vpc-ip.ts';
import { silentLogger } from '../../base/logger.ts';
import type { CniCall, CniCommand } from '../../cni/call.ts';
import { apiFailure } from '../../kube/testing/memory-objects.ts';
import { createManualInformer, type ManualInformer } from '../../kube/testing/manual-informer.ts';
import { type Pod, pods } from '../../kube/resources.ts';
import type { KubeClient, KubeObject, Resource } from '../../kube/types.ts';
import { createAddressStore } from '../address-store.ts';
import { createKeyLock } from '../key-lock.ts';
import { type AgentMetrics, createAgentMetrics } from '../metrics.ts';
import type { Kernel } from '../kernel.ts';
import type { LinkDriver } from '../link-driver.ts';
import { createNodeRouting, type NodeRouting } from '../node-routing.ts';
import { createRestClock } from '../rest-clock.ts';
import { createNodeNetwork, type MutableNodeNetwork } from '../node-network.ts';
import { type PodView, viewPod } from '../pod-view.ts';
import type { ServiceDeps } from '../service-deps.ts';
import { createWiredStore } from '../wired-store.ts';

export const NODE = '10.0.32.11';

/** A Pod as the API has it; `networks: null` leaves the annotation out. */
export function podOf(
  name: string,
  changes: { uid?: string; networks?: string | null; phase?: 'Running' | 'Succeeded' | 'Failed' } = {},
): Pod {
  const network = changes.networks === undefined ? networks.subEni : changes.networks;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'ns',
      uid: changes.uid ?? `uid-${name}`,
      ...(network === null ? {} : { annotations: { [annotations.networks]: network } }),
    },
    spec: { nodeName: NODE, containers: [] },
    ...(changes.phase === undefined ? {} : { status: { phase: changes.phase } }),
  };
}

export interface EniFacts {
  readonly mac: string;
  readonly ip: string;
  readonly vlanId: number;
}

/** The VpcENI of a Pod: only the intent, or ready with what the cloud gave. */
export function eniOf(pod: Pod, facts: EniFacts | undefined, changes: Partial<VpcEni['spec']> = {}): VpcEni {
  const { name, namespace = '', uid = '' } = pod.metadata;
  return {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcENI',
    metadata: { name: subEniName(uid), uid: `eni-of-${uid}`, labels: { [labels.nodeName]: NODE } },
    spec: {
      type: 'SubENI',
      nodeName: NODE,
      pod: { namespace, name, uid },
      securityGroups: ['sg-12345678'],
      enforcingMode: 'standard',
      ...changes,
    },
    status:
      facts === undefined
        ? { phase: 'Creating' }
        : {
            phase: 'Ready',
            eni: {
              eniID: `eni-${facts.vlanId}`,
              macAddress: facts.mac,
              addresses: [{ ip: facts.ip, primary: true }],
              vlanID: facts.vlanId,
              subnetID: 'subnet-12345678',
              subnetCIDR: '10.0.36.0/24',
              gateway: '10.0.36.1',
              securityGroups: ['sg-12345678'],
            },
          },
  };
}

/** A call of the runtime for a Pod. */
export function callOf(command: CniCommand, pod: Pod, containerId: string, netns = '/run/netns/none'): CniCall {
  const { name, namespace = '', uid = '' } = pod.metadata;
  return {
    command,
    containerId,
    netns,
    ifName: 'eth0',
    args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_UID=${uid}`,
    // The newest where only that has the command.
    stdin: `{"cniVersion":"${command === 'STATUS' || command === 'GC' ? '1.1.0' : '1.0.0'}","name":"tke-eni","type":"tke-route-eni","mtu":1500}`,
  };
}

export interface ServiceWorld {
  readonly deps: ServiceDeps;
  readonly clock: FakeClock;
  readonly pods: ManualInformer<PodView>;
  readonly enis: ManualInformer<VpcEni>;
  readonly configs: ManualInformer<NodeEniConfig>;
  readonly ips: ManualInformer<VpcIp>;
  readonly network: MutableNodeNetwork;
  readonly routing: NodeRouting;
  readonly stateDir: string;
  readonly metrics: AgentMetrics;
  /** Adds to the watch and to the server. */
  addPod(pod: Pod): void;
  /** Pod UIDs whose wiring changed, in order. */
  readonly changes: readonly string[];
  readonly tornDown: Set<string>;
  close(): void;
}

/** The server knows the Pods that were added and nothing else. */
export function createServiceWorld(
  kernel: Kernel,
  driver: LinkDriver,
  options: { readonly ready?: boolean } = {},
): ServiceWorld {
  const stateDir = mkdtempSync(join(tmpdir(), 'tke-agent-'));
  const clock = createFakeClock();
  const podInformer = createManualInformer<PodView>(pods as unknown as Resource<PodView>);
  const enis = createManualInformer<VpcEni>(vpcEnis);
  const configs = createManualInformer<NodeEniConfig>(nodeEniConfigs);
  const ips = createManualInformer<VpcIp>(vpcIps);
  const network = createNodeNetwork();
  const served = new Map<string, Pod>();
  const changes: string[] = [];
  const tornDown = new Set<string>();
  const metrics = createAgentMetrics();
  const store = createWiredStore({ directory: join(stateDir, 'wired'), logger: silentLogger });
  const routing = createNodeRouting({ kernel, store, path: join(stateDir, 'early-demux.json'), logger: silentLogger });
  podInformer.sync();
  enis.sync();
  configs.sync();
  ips.sync();
  if (options.ready !== false) network.offerNow({ trunk: { device: 'eth1', driver }, enis: [], message: '' });
  const client: Pick<KubeClient, 'get'> = {
    get: <T extends KubeObject>(_resource: unknown, name: string, { namespace }: { namespace?: string } = {}) => {
      const found = served.get(`${namespace}/${name}`);
      return found === undefined ? Promise.reject(apiFailure(404, 'NotFound')) : Promise.resolve(found as unknown as T);
    },
  };
  return {
    deps: {
      nodeName: NODE,
      client,
      pods: podInformer,
      enis,
      configs,
      ips,
      addresses: createAddressStore({ path: join(stateDir, 'addresses.json'), logger: silentLogger }),
      addressRestMs: 30_000,
      restNowMs: createRestClock(clock),
      store,
      routing,
      lock: createKeyLock(),
      kernel,
      node: network,
      tornDown: {
        add: (uid) => void tornDown.add(uid),
        has: (uid) => tornDown.has(uid),
        forget: (uid) => void tornDown.delete(uid),
      },
      clock,
      metrics,
      logger: silentLogger,
      findNetns: (path) => path,
      checkNetns: () => undefined,
      addTimeoutMs: 45_000,
      changed: (uid) => void changes.push(uid),
    },
    clock,
    pods: podInformer,
    enis,
    configs,
    ips,
    network,
    routing,
    metrics,
    stateDir,
    addPod: (pod) => {
      served.set(`${pod.metadata.namespace}/${pod.metadata.name}`, pod);
      podInformer.put(viewPod(pod));
    },
    changes,
    tornDown,
    close: () => rmSync(stateDir, { recursive: true, force: true }),
  };
}
