// The cluster DNS of the lab: where Pods find it, and its installation unless the cluster has one already.
import { join } from 'node:path';
import { isNotFound } from '../src/kube/api-error.ts';
import type { KubeClient, KubeObject } from '../src/kube/types.ts';
import { applyObject } from './install.ts';
import type { ClusterApi } from './kube/cluster-api.ts';
import { services } from './kube/controllers/views.ts';
import type { ClusterDns } from './kube/kubelet/resolv-conf.ts';
import { loadYaml } from './manifests.ts';

const NAMESPACE = 'kube-system';
const SERVICE = 'kube-dns';

/** The tenth address of the range whose first is the API's, as kubeadm chooses; or the address of the Service that is there. */
export async function findClusterDns(
  client: KubeClient,
  api: Pick<ClusterApi, 'service'>,
): Promise<ClusterDns & { readonly installed: boolean }> {
  const domain = 'cluster.local';
  try {
    const found = await client.get(services, SERVICE, { namespace: NAMESPACE });
    const server = (found as { spec?: { clusterIP?: string } }).spec?.clusterIP ?? '';
    if (server !== '') return { server, domain, installed: true };
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return { server: api.service.host.replace(/\d+$/, '10'), domain, installed: false };
}

/** Resolves, to everything installed, when the API has it, not when it answers. */
export async function installClusterDns(
  client: KubeClient,
  projectDir: string,
  { server }: ClusterDns,
): Promise<readonly KubeObject[]> {
  const objects = (await loadYaml(join(projectDir, 'lab', 'dns', 'deploy.yaml'))).map((object) =>
    object.kind === 'Service' ? withClusterIp(object, server) : object,
  );
  const isProgram = ({ kind }: KubeObject): boolean => kind === 'Deployment';
  await Promise.all(objects.filter((object) => !isProgram(object)).map((object) => applyObject(client, object)));
  await Promise.all(objects.filter(isProgram).map((object) => applyObject(client, object)));
  return objects;
}

function withClusterIp(object: KubeObject, clusterIP: string): KubeObject {
  const { spec } = object as { spec?: Readonly<Record<string, unknown>> };
  return { ...object, spec: { ...spec, clusterIP } } as KubeObject;
}
