// Takes the picture of a cluster: every list that diagnosis reads, page by page, and the cloud behind it where keys are at hand.
import { z } from 'zod';
import { eipClaims } from '../../api/eip-claim.ts';
import { objectNames } from '../../api/keys.ts';
import { nodeEniConfigs } from '../../api/node-eni-config.ts';
import { securityGroupPolicies } from '../../api/security-group-policy.ts';
import { vpcEnis } from '../../api/vpc-eni.ts';
import { vpcIpClaims } from '../../api/vpc-ip-claim.ts';
import { vpcIps } from '../../api/vpc-ip.ts';
import type { Clock } from '../../base/clock.ts';
import { isNotFound } from '../../kube/api-error.ts';
import {
  configMaps,
  daemonSets,
  deployments,
  networkPolicies,
  nodes,
  pods,
  serviceAccounts,
  services,
} from '../../kube/resources.ts';
import type { KubeClient, KubeObject, Resource } from '../../kube/types.ts';
import type { CloudReader } from './cloud-reader.ts';
import { type GapKeeper, keepGaps } from './gaps.ts';
import type { ClusterPicture, EndpointSlice, KubePicture, ServiceView, Workload } from './picture.ts';
import { takeCloud } from './take-cloud.ts';

export interface TakeOptions {
  readonly client: KubeClient;
  /** Absent: the cloud is not asked; `cloudGap` says why. */
  readonly cloud?: CloudReader | undefined;
  readonly cloudGap?: string | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal?: AbortSignal | undefined;
  /** Told what has been read so far: `12 of 19: pods (10000)`. */
  readonly onProgress?: ((text: string) => void) | undefined;
}

const NO_CLOUD =
  'the cloud was not asked: no credentials are given (--credentials-dir, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY)';

const endpointSlices: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};
const apps = (plural: string, kind: string): Resource<Workload> => ({
  group: 'apps',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});
/** Replica sets too: a Pod's owner is one, whose owner is the Deployment. */
const workloadKinds: readonly Resource<Workload>[] = [
  apps('deployments', 'Deployment'),
  apps('replicasets', 'ReplicaSet'),
  apps('statefulsets', 'StatefulSet'),
  apps('daemonsets', 'DaemonSet'),
  { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true },
];

/**
 * Reads and never writes. What cannot be read (no CRDs, no permission, no cloud) is a gap of the picture; only an API server that does not answer
 * at all throws, as its first call does.
 */
export async function takePicture(options: TakeOptions): Promise<ClusterPicture> {
  const { client, cloud, clock, signal } = options;
  const gaps = keepGaps(signal);
  const version = await client.request('GET', '/version', undefined, signal === undefined ? {} : { signal });
  const kube = await takeKube(options, gaps);
  const found = cloud === undefined ? undefined : await takeCloud({ ...options, cloud, kube, gaps });
  if (cloud === undefined) gaps.note('cloud', options.cloudGap ?? NO_CLOUD);
  return {
    takenAt: clock.now().toISOString(),
    serverVersion: z.object({ gitVersion: z.string() }).safeParse(version).data?.gitVersion ?? '',
    kube,
    ...(found === undefined ? {} : { cloud: found }),
    gaps: gaps.gaps,
  };
}

async function takeKube({ client, signal, onProgress }: TakeOptions, gaps: GapKeeper): Promise<KubePicture> {
  let asked = 0;
  let read = 0;
  const system = { namespace: objectNames.systemNamespace };
  const list = <T extends KubeObject>(resource: Resource<T>, within: { namespace?: string } = {}): Promise<T[]> => {
    asked += 1;
    const options = { ...within, ...(signal === undefined ? {} : { signal }) };
    const all = async (): Promise<T[]> => {
      const { items } = await client.list(resource, options);
      read += 1;
      onProgress?.(`${read} of ${asked}: ${resource.plural} (${items.length})`);
      return items;
    };
    return gaps.attempt(resource.plural, () => all().catch((error: unknown) => missingKind(resource, error)), []);
  };
  const workloads = Promise.all(workloadKinds.map((kind) => list(kind)));
  const lists = {
    pods: list(pods),
    nodes: list(nodes),
    // The wider view of a Service is of this program alone.
    services: list<ServiceView>(services as Resource<ServiceView>),
    endpointSlices: list(endpointSlices),
    serviceAccounts: list(serviceAccounts),
    workloads: workloads.then((all) => all.flat()),
    networkPolicies: list(networkPolicies),
    configMaps: list(configMaps, system),
    daemonSets: list(daemonSets, system),
    deployments: list(deployments, system),
    nodeEniConfigs: list(nodeEniConfigs),
    vpcEnis: list(vpcEnis),
    vpcIps: list(vpcIps),
    vpcIpClaims: list(vpcIpClaims),
    eipClaims: list(eipClaims),
    securityGroupPolicies: list(securityGroupPolicies),
  };
  // Waits for all, so that none of them is rejected unheard when the signal ends the others.
  await Promise.all(Object.values(lists));
  return {
    pods: await lists.pods,
    nodes: await lists.nodes,
    services: await lists.services,
    endpointSlices: await lists.endpointSlices,
    serviceAccounts: await lists.serviceAccounts,
    workloads: await lists.workloads,
    networkPolicies: await lists.networkPolicies,
    configMaps: await lists.configMaps,
    daemonSets: await lists.daemonSets,
    deployments: await lists.deployments,
    nodeEniConfigs: await lists.nodeEniConfigs,
    vpcEnis: await lists.vpcEnis,
    vpcIps: await lists.vpcIps,
    vpcIpClaims: await lists.vpcIpClaims,
    eipClaims: await lists.eipClaims,
    securityGroupPolicies: await lists.securityGroupPolicies,
  };
}

/** An API server that does not know the kind says 404 to its listing. */
function missingKind(resource: Resource, error: unknown): never {
  if (!isNotFound(error)) throw error;
  const group = resource.group === '' ? 'v1' : `${resource.group}/${resource.version}`;
  throw new Error(`this cluster has no kind ${resource.kind} (${group}): the add-on that brings it is not installed`, {
    cause: error,
  });
}
