// Who takes part in a policy's preflight: one of its Pods, the cluster's DNS Pods and the nodes that probe, each with its address and groups.
import { objectNames } from '../../../api/keys.ts';
import { isNodeEni, subEniName } from '../../../api/vpc-eni.ts';
import type { Service } from '../../../kube/resources.ts';
import type { Party, Port } from '../../../planning/preflight.ts';
import { parseAddress, parseCidr } from '../../../securitygroup/address.ts';
import type { IpamdDeps } from '../../deps.ts';
import { managedInstance } from '../../node/managed-instance.ts';
import { serviceSelects } from '../../strict-limits/views.ts';
import type { WorkingPod } from '../../views.ts';

export type PartyDeps = Pick<IpamdDeps, 'enis' | 'instances' | 'subnets' | 'settings'> & {
  readonly informers: Pick<IpamdDeps['informers'], 'pods' | 'vpcEnis' | 'nodes' | 'services'>;
};

/** Groups of instances change rarely, and are asked for many policies at once. */
const INSTANCE_FRESH_MS = 300_000;
/** More DNS Pods than that have the groups of these. */
const MOST_DNS_PODS = 4;
const DNS_SERVICE = 'kube-dns';
/** An address in a container subnet, for a policy that has no Pod yet. */
const SAMPLE_HOST = 10n;

/** A Pod of the policy with the groups it would get; without one that has an address, an address of a container subnet. */
export async function policyParty(
  deps: PartyDeps,
  pods: readonly WorkingPod[],
  groupIds: readonly string[],
  signal: AbortSignal,
): Promise<Party | undefined> {
  for (const pod of pods) {
    const address = parseAddress(addressOf(deps, pod) ?? '');
    if (address?.family === 4) return { name: nameOf(pod), address, groupIds };
  }
  const [subnet] = await deps.subnets.get(deps.settings.current().subnetIds, signal);
  const cidr = parseCidr(subnet?.cidr ?? '');
  if (cidr?.family !== 4) return undefined;
  return { name: 'a Pod of the policy', address: { family: 4, value: cidr.value + SAMPLE_HOST }, groupIds };
}

/** The Pods behind kube-system/kube-dns whose groups are known, and the ports they serve DNS at. */
export async function dnsParties(
  deps: PartyDeps,
): Promise<{ readonly dns: readonly Party[]; readonly dnsPorts: readonly Port[] }> {
  const { systemNamespace } = objectNames;
  const service = deps.informers.services.get(`${systemNamespace}/${DNS_SERVICE}`);
  if (service === undefined) return { dns: [], dnsPorts: [] };
  const behind = deps.informers.pods
    .byIndex('namespace', systemNamespace)
    .filter((pod) => !pod.ended && serviceSelects(service, pod.metadata.labels ?? {}));
  const [first] = behind;
  if (first === undefined) return { dns: [], dnsPorts: [] };
  const parties = await Promise.all(behind.slice(0, MOST_DNS_PODS).map((pod) => podParty(deps, pod)));
  const ports = portsOf(service, first).filter(({ port }) => port === 53);
  return { dns: parties.filter((party) => party !== undefined), dnsPorts: ports };
}

/** Ports of the Services that select a Pod of the policy. */
export function servicePorts(deps: PartyDeps, pod: WorkingPod): readonly (Port & { readonly service: string })[] {
  const { namespace = '' } = pod.metadata;
  return deps.informers.services
    .byIndex('namespace', namespace)
    .filter((service) => serviceSelects(service, pod.metadata.labels ?? {}))
    .flatMap((service) =>
      portsOf(service, pod).map((port) => ({ ...port, service: `${namespace}/${service.metadata.name}` })),
    );
}

/** The general and native nodes among `names`, one for each list of groups that they have. */
export async function nodeParties(deps: PartyDeps, names: readonly string[]): Promise<readonly Party[]> {
  const parties = await Promise.all(names.map((name) => nodeParty(deps, name)));
  const known = parties.filter((party) => party !== undefined);
  return [...new Map(known.map((party) => [party.groupIds.join(), party])).values()];
}

async function nodeParty(deps: PartyDeps, name: string): Promise<Party | undefined> {
  const node = deps.informers.nodes.get(name);
  const instanceId = node === undefined ? undefined : managedInstance(node);
  const instance = instanceId === undefined ? undefined : await deps.instances.get(instanceId, INSTANCE_FRESH_MS);
  const address = parseAddress(instance?.privateIps[0] ?? '');
  if (instance === undefined || address === undefined) return undefined;
  return { name: `node ${name}`, address, groupIds: instance.securityGroups };
}

/** Nothing for a Pod whose groups cannot be told, e.g. one of another network. */
async function podParty(deps: PartyDeps, pod: WorkingPod): Promise<Party | undefined> {
  const address = parseAddress(pod.podIp ?? '');
  if (address === undefined || pod.nodeName === undefined) return undefined;
  if (pod.hostNetwork) {
    const node = await nodeParty(deps, pod.nodeName);
    return node === undefined ? undefined : { ...node, name: nameOf(pod) };
  }
  const own = deps.enis.latest(subEniName(pod.metadata.uid ?? ''));
  const shared = deps.informers.vpcEnis
    .byIndex('node', pod.nodeName)
    .find((eni) => isNodeEni(eni) && eni.status?.eni?.addresses.some(({ ip }) => ip === pod.podIp) === true);
  const groupIds = (own ?? shared)?.status?.eni?.securityGroups;
  return groupIds === undefined ? undefined : { name: nameOf(pod), address, groupIds };
}

function portsOf({ spec }: Service, pod: WorkingPod): readonly Port[] {
  return (spec?.ports ?? []).flatMap(({ port, protocol = 'TCP', targetPort = port }) => {
    const target = typeof targetPort === 'number' ? targetPort : pod.listens.named[targetPort];
    return target === undefined || (protocol !== 'TCP' && protocol !== 'UDP') ? [] : [{ protocol, port: target }];
  });
}

const addressOf = (deps: PartyDeps, pod: WorkingPod): string | undefined =>
  pod.podIp ?? deps.enis.latest(subEniName(pod.metadata.uid ?? ''))?.status?.eni?.addresses[0]?.ip;

const nameOf = ({ metadata }: WorkingPod): string => `Pod ${metadata.namespace ?? ''}/${metadata.name}`;
