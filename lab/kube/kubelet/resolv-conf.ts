// The /etc/resolv.conf of a Pod, by its dnsPolicy and dnsConfig. Pure.
import type { LabPod } from './pod-view.ts';

/** The DNS of the cluster, as kubelets are told it (`clusterDNS` and `clusterDomain`). */
export interface ClusterDns {
  readonly server: string;
  readonly domain: string;
}

/** Limits of the kubelet; what is beyond them is left out, as there. */
const MOST_SERVERS = 3;
const MOST_SEARCHES = 32;

/**
 * The file's text in the order that containerd writes; undefined: the node's own file is the Pod's too. Host-network Pods are asked by
 * `ClusterFirstWithHostNet` only, as by the kubelet. The nodes of the lab have no search domains of their own.
 */
export function resolvConf(pod: LabPod, cluster: ClusterDns | undefined): string | undefined {
  const { dnsPolicy = 'ClusterFirst', dnsConfig = {}, hostNetwork = false } = pod.spec;
  const base = baseOf(dnsPolicy, hostNetwork, pod.metadata.namespace ?? 'default', cluster);
  if (base === undefined) return undefined;
  const servers = unique([...base.servers, ...(dnsConfig.nameservers ?? [])]).slice(0, MOST_SERVERS);
  const searches = unique([...base.searches, ...(dnsConfig.searches ?? [])]).slice(0, MOST_SEARCHES);
  const options = new Map(base.options);
  // A Pod's own value wins.
  for (const { name = '', value } of dnsConfig.options ?? []) options.set(name, value ?? '');
  return [
    ...(searches.length === 0 ? [] : [`search ${searches.join(' ')}`]),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.size === 0
      ? []
      : [`options ${[...options].map(([name, value]) => (value === '' ? name : `${name}:${value}`)).join(' ')}`]),
    '',
  ].join('\n');
}

/** True when the Pod gets the node's file and more, which the lab does not do. */
export function addsToNodeFile(pod: LabPod, cluster: ClusterDns | undefined): boolean {
  return pod.spec.dnsConfig !== undefined && resolvConf(pod, cluster) === undefined;
}

interface Base {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly (readonly [string, string])[];
}

function baseOf(
  policy: string,
  hostNetwork: boolean,
  namespace: string,
  cluster: ClusterDns | undefined,
): Base | undefined {
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  const byCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !hostNetwork);
  if (!byCluster || cluster === undefined) return undefined;
  const { server, domain } = cluster;
  return {
    servers: [server],
    searches: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain],
    options: [['ndots', '5']],
  };
}

const unique = (items: readonly string[]): string[] => [...new Set(items)];
