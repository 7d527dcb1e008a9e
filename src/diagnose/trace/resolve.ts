// From what a person types to places: Pods, nodes, Services, workloads, addresses and names; what fits several things is listed, never chosen.
import type { Pod } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import { parseAddress } from '../../securitygroup/address.ts';
import type { ClusterPicture, ServiceView, Workload } from '../picture/picture.ts';
import type { FlowProtocol, Place } from './trace.ts';

export type Resolved =
  | {
      readonly kind: 'places';
      /** Several for a workload: its Pods that live. */
      readonly places: readonly Place[];
      /** It was called by a name that DNS resolves. */
      readonly byName: boolean;
      /** Said to the user: what was chosen by a rule and not by them. */
      readonly note?: string;
    }
  | { readonly kind: 'ambiguous'; readonly text: string; readonly candidates: readonly string[] }
  | { readonly kind: 'unknown'; readonly text: string };

const KINDS: Readonly<Record<string, string>> = {
  po: 'Pod',
  pod: 'Pod',
  pods: 'Pod',
  no: 'Node',
  node: 'Node',
  nodes: 'Node',
  svc: 'Service',
  service: 'Service',
  services: 'Service',
  deploy: 'Deployment',
  deployment: 'Deployment',
  deployments: 'Deployment',
  sts: 'StatefulSet',
  statefulset: 'StatefulSet',
  statefulsets: 'StatefulSet',
  ds: 'DaemonSet',
  daemonset: 'DaemonSet',
  daemonsets: 'DaemonSet',
  rs: 'ReplicaSet',
  replicaset: 'ReplicaSet',
  job: 'Job',
  jobs: 'Job',
};

/** What can be typed, for messages. */
export const PLACE_FORMS =
  'a Pod (NAME or NAMESPACE/NAME), pod/NAME, node/NAME, svc/NAME, deploy/NAME, sts/NAME, ds/NAME, job/NAME (each also NAMESPACE/KIND/NAME), an address, or a DNS name';

/** `namespace` is where names are looked for that say none. */
export function resolvePlace(picture: ClusterPicture, text: string, namespace: string): Resolved {
  if (parseAddress(text) !== undefined)
    return { kind: 'places', places: [{ kind: 'address', address: text }], byName: false };
  const words = text.split('/');
  if (words.length > 3 || words.some((word) => word === ''))
    return { kind: 'unknown', text: `"${text}" is no place; expected ${PLACE_FORMS}` };
  const [first = '', second, third] = words;
  if (third !== undefined) return ofKind(picture, second ?? '', third, first, text);
  if (second === undefined) return anything(picture, first, namespace);
  if (KINDS[first.toLowerCase()] !== undefined) return ofKind(picture, first, second, namespace, text);
  return inNamespace(picture, second, first);
}

function ofKind(picture: ClusterPicture, word: string, name: string, namespace: string, text: string): Resolved {
  const kind = KINDS[word.toLowerCase()];
  const { kube } = picture;
  const missing = (what: string): Resolved => ({ kind: 'unknown', text: `${what} is not in the cluster` });
  /** With those of the kind that have the name elsewhere, or begin with it here. */
  const nearest = (what: string, list: readonly KubeObject[]): Resolved => {
    const near = list.flatMap(({ metadata }) =>
      metadata.name === name || (metadata.namespace === namespace && metadata.name.startsWith(name))
        ? [`${metadata.namespace ?? 'default'}/${word}/${metadata.name}`]
        : [],
    );
    const text = `${what} ${namespace}/${name} is not in the cluster`;
    return near.length === 0
      ? missing(`${what} ${namespace}/${name}`)
      : { kind: 'ambiguous', text, candidates: near.slice(0, MOST_HINTS) };
  };
  if (kind === undefined) return { kind: 'unknown', text: `"${text}": "${word}" is no kind; expected ${PLACE_FORMS}` };
  if (kind === 'Node') {
    const node = kube.nodes.find(({ metadata }) => metadata.name === name);
    return node === undefined ? missing(`node ${name}`) : places([{ kind: 'node', node }]);
  }
  const here = <T extends { metadata: { name: string; namespace?: string } }>(list: readonly T[]): T | undefined =>
    list.find(({ metadata }) => metadata.name === name && (metadata.namespace ?? 'default') === namespace);
  if (kind === 'Pod') {
    const pod = here(kube.pods);
    return pod === undefined ? nearest('Pod', kube.pods) : places([{ kind: 'pod', pod }]);
  }
  if (kind === 'Service') {
    const service = here(kube.services);
    return service === undefined ? nearest('Service', kube.services) : places([{ kind: 'service', service }], true);
  }
  const workloads = kube.workloads.filter((each) => each.kind === kind);
  const workload = here(workloads);
  return workload === undefined ? nearest(kind, workloads) : ofWorkload(picture, workload);
}

const places = (list: readonly Place[], byName = false): Resolved => ({ kind: 'places', places: list, byName });

/** A workload is its Pods that live; without one it is nowhere. */
function ofWorkload({ kube }: ClusterPicture, workload: Workload): Resolved {
  const sets = new Set(
    kube.workloads.filter((each) => isOwned(each, workload)).map(({ metadata }) => metadata.uid ?? ''),
  );
  const pods = kube.pods.filter(
    (pod) =>
      isLive(pod) &&
      (isOwned(pod, workload) || pod.metadata.ownerReferences?.some(({ uid }) => sets.has(uid)) === true),
  );
  const name = `${workload.kind} ${workload.metadata.namespace ?? 'default'}/${workload.metadata.name}`;
  if (pods.length === 0) return { kind: 'unknown', text: `${name} has no Pod` };
  return places(pods.map((pod) => ({ kind: 'pod', pod })));
}

const isLive = ({ status, metadata }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';

const isOwned = (object: Pod | Workload, owner: Workload): boolean =>
  object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;

interface Candidate {
  readonly text: string;
  readonly resolve: () => Resolved;
}

/** A bare word: whatever has that name, in the namespace or as a node. */
function anything(picture: ClusterPicture, name: string, namespace: string): Resolved {
  const node = picture.kube.nodes.find(({ metadata }) => metadata.name === name);
  const found: Candidate[] = [
    ...(node === undefined ? [] : [{ text: `node/${name}`, resolve: () => places([{ kind: 'node', node } as const]) }]),
    ...named(picture, name, namespace),
  ];
  if (found.length > 0) return oneOf(name, found);
  const elsewhere = [...new Set(picture.kube.pods.map((pod) => pod.metadata.namespace ?? 'default'))]
    .filter((other) => other !== namespace)
    .flatMap((other) => named(picture, name, other));
  if (name.includes('.')) return dnsName(picture, name);
  const begun = beginningWith(picture, name, namespace);
  if (begun.length === 1 && begun[0] !== undefined) {
    const only = begun[0].resolve();
    return only.kind === 'places' ? { ...only, note: `${name} is taken for ${begun[0].text}` } : only;
  }
  const hints = [...begun, ...elsewhere].map(({ text }) => text);
  if (hints.length > 0)
    return { kind: 'ambiguous', text: `nothing in namespace ${namespace} is called ${name}`, candidates: hints };
  return {
    kind: 'unknown',
    text: `nothing in namespace ${namespace} is called ${name}, and no node is; expected ${PLACE_FORMS}`,
  };
}

function inNamespace(picture: ClusterPicture, name: string, namespace: string): Resolved {
  const found = named(picture, name, namespace);
  if (found.length > 0) return oneOf(`${namespace}/${name}`, found);
  const begun = beginningWith(picture, name, namespace);
  if (begun.length > 0)
    return {
      kind: 'ambiguous',
      text: `nothing in namespace ${namespace} is called ${name}`,
      candidates: begun.map(({ text }) => text),
    };
  return { kind: 'unknown', text: `nothing in namespace ${namespace} is called ${name}; expected ${PLACE_FORMS}` };
}

/** Pods, Services and top-level workloads of this very name. */
function named(picture: ClusterPicture, name: string, namespace: string): readonly Candidate[] {
  const { kube } = picture;
  const is = ({ metadata }: { metadata: { name: string; namespace?: string } }): boolean =>
    metadata.name === name && (metadata.namespace ?? 'default') === namespace;
  const workloads = kube.workloads.filter((each) => is(each) && (each.metadata.ownerReferences ?? []).length === 0);
  return [
    ...kube.pods
      .filter(is)
      .map((pod) => ({ text: `${namespace}/pod/${name}`, resolve: () => places([{ kind: 'pod', pod } as const]) })),
    ...kube.services.filter(is).map((service) => ({
      text: `${namespace}/svc/${name}`,
      resolve: () => places([{ kind: 'service', service } as const], true),
    })),
    ...workloads.map((workload) => ({
      text: `${namespace}/${workload.kind.toLowerCase()}/${name}`,
      resolve: () => ofWorkload(picture, workload),
    })),
  ];
}

const MOST_HINTS = 10;

function beginningWith({ kube }: ClusterPicture, name: string, namespace: string): readonly Candidate[] {
  return kube.pods
    .filter((pod) => (pod.metadata.namespace ?? 'default') === namespace && pod.metadata.name.startsWith(name))
    .filter(isLive)
    .slice(0, MOST_HINTS)
    .map((pod) => ({
      text: `${namespace}/pod/${pod.metadata.name}`,
      resolve: () => places([{ kind: 'pod', pod } as const]),
    }));
}

function oneOf(name: string, found: readonly Candidate[]): Resolved {
  const [only, other] = found;
  if (only !== undefined && other === undefined) return only.resolve();
  return { kind: 'ambiguous', text: `${name} is several things`, candidates: found.map(({ text }) => text) };
}

/** `web.shop`, `web.shop.svc`, `web.shop.svc.cluster.local` are Services where there is one; all else is outside. */
function dnsName({ kube }: ClusterPicture, name: string): Resolved {
  const [service = '', namespace = '', svc = 'svc'] = name.replace(/\.$/, '').split('.');
  const found: ServiceView | undefined =
    svc === 'svc'
      ? kube.services.find(({ metadata }) => metadata.name === service && metadata.namespace === namespace)
      : undefined;
  return places([found === undefined ? { kind: 'name', name } : { kind: 'service', service: found }], true);
}

export interface PortWish {
  readonly protocol: FlowProtocol;
  readonly port: number | undefined;
}

/** The tail of TO: `:80`, `:53/udp`, `:icmp`. A sentence for what is none. */
export function splitTarget(text: string): { readonly place: string; readonly wish: PortWish | undefined } | string {
  const colon = text.lastIndexOf(':');
  // A bare IPv6 address has colons of its own.
  if (colon === -1 || parseAddress(text) !== undefined) return { place: text, wish: undefined };
  const place = text.slice(0, colon);
  const [portText = '', protocolText = 'tcp', more] = text.slice(colon + 1).split('/');
  if (portText.toLowerCase() === 'icmp' && protocolText === 'tcp')
    return { place, wish: { protocol: 'ICMP', port: undefined } };
  const protocol = protocolText.toUpperCase();
  const port = Number(portText);
  if (more !== undefined || (protocol !== 'TCP' && protocol !== 'UDP'))
    return `"${protocolText}" in "${text}" is no protocol; expected TO:PORT, TO:PORT/tcp, TO:PORT/udp or TO:icmp`;
  if (!/^\d{1,5}$/.test(portText) || port < 1 || port > 65_535)
    return `"${portText}" in "${text}" is no port; expected 1 to 65535`;
  return { place, wish: { protocol, port } };
}

/** The one port that a place offers by itself: a Service's, or what the containers of a Pod declare. */
export function offeredPorts(place: Place): readonly PortWish[] {
  const wish = (port: number, protocol = 'TCP'): PortWish[] =>
    protocol === 'TCP' || protocol === 'UDP' ? [{ port, protocol }] : [];
  if (place.kind === 'service')
    return (place.service.spec?.ports ?? []).flatMap(({ port, protocol }) => wish(port, protocol));
  if (place.kind === 'pod')
    return place.pod.spec.containers.flatMap(({ ports = [] }) =>
      ports.flatMap(({ containerPort, protocol }) => wish(containerPort, protocol)),
    );
  return [];
}
