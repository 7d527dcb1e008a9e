// The names of a cluster's Services and Pods, by the Kubernetes DNS specification 1.1.0 as CoreDNS answers it. Pure.
import { z } from 'zod';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Answer, Question, RecordData, ResourceRecord } from './message.ts';
import { RECORD_TYPES, RESPONSE_CODES } from './message.ts';

/** What of the cluster is known. Objects come as the API gives them; one that cannot be read has no names. */
export interface ClusterView {
  /** The cluster's domain, `cluster.local`. */
  readonly domain: string;
  readonly hasNamespace: (name: string) => boolean;
  /** By `namespace/name`. */
  readonly service: (key: string) => KubeObject | undefined;
  readonly endpoints: (key: string) => KubeObject | undefined;
  readonly services: () => readonly KubeObject[];
  readonly allEndpoints: () => readonly KubeObject[];
}

/** As in the Corefile of a usual cluster. */
const TTL_SECONDS = 30;
const DNS_VERSION = '1.1.0';
const CLASS_IN = 1;

const servicePort = z.object({ name: z.string().default(''), protocol: z.string().default('TCP'), port: z.int() });
const serviceSchema = z.object({
  type: z.string().optional(),
  clusterIP: z.string().default(''),
  externalName: z.string().optional(),
  ports: z.array(servicePort).default([]),
});
const subsetsSchema = z
  .array(
    z.object({
      addresses: z.array(z.object({ ip: z.string(), hostname: z.string().nullish() })).nullish(),
      ports: z.array(servicePort).nullish(),
    }),
  )
  .nullish();

/** One answer of a Service: what its name stands for on one port. */
interface Target {
  readonly host: string;
  readonly address: string;
  readonly port: z.output<typeof servicePort> | undefined;
}

type Found =
  | { readonly kind: 'targets'; readonly targets: readonly Target[] }
  | { readonly kind: 'alias'; readonly target: string }
  | { readonly kind: 'text'; readonly text: string }
  /** The name is there, and has nothing of its own. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'nothing' };

/** Names outside the cluster are refused: the lab has no resolver to ask. */
export function answerOf(question: Question, view: ClusterView): Answer {
  if (question.class !== CLASS_IN) return { code: RESPONSE_CODES.refused, authoritative: false, answers: [] };
  const reverse = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(question.name);
  if (reverse !== null) return reverseAnswer(question, reverse.slice(1).toReversed().join('.'), view);
  if (question.name !== view.domain && !question.name.endsWith(`.${view.domain}`))
    return { code: RESPONSE_CODES.refused, authoritative: false, answers: [] };
  const found = find(question.name.slice(0, -view.domain.length).replace(/\.$/, ''), view);
  if (found.kind === 'nothing') return nothing(RESPONSE_CODES.nameError, view);
  const answers = recordsOf(found, question.type).map((data) => record(question.name, data));
  return answers.length === 0
    ? nothing(RESPONSE_CODES.noError, view)
    : { code: RESPONSE_CODES.noError, authoritative: true, answers };
}

function recordsOf(found: Found, type: number): RecordData[] {
  if (found.kind === 'alias') return [{ type: 'CNAME', target: found.target }];
  if (found.kind === 'text') return type === RECORD_TYPES.TXT ? [{ type: 'TXT', text: found.text }] : [];
  if (found.kind !== 'targets') return [];
  const { targets } = found;
  if (type === RECORD_TYPES.A)
    return [...new Set(targets.map(({ address }) => address))].map((address) => ({ type: 'A', address }));
  if (type !== RECORD_TYPES.SRV) return [];
  const named = targets.flatMap(({ host, port }) => (port === undefined ? [] : [{ host, port: port.port }]));
  const weight = Math.max(1, Math.floor(100 / Math.max(1, named.length)));
  return named.map(({ host, port }) => ({ type: 'SRV', priority: 0, weight, port, target: host }));
}

/** `path` is the name without the domain. */
function find(path: string, view: ClusterView): Found {
  const labels = path === '' ? [] : path.split('.');
  const kind = labels.pop();
  if (kind === undefined) return { kind: 'empty' };
  if (kind === 'dns-version' && labels.length === 0) return { kind: 'text', text: DNS_VERSION };
  if (kind !== 'svc' && kind !== 'pod') return { kind: 'nothing' };
  const namespace = labels.pop();
  if (namespace === undefined) return { kind: 'empty' };
  if (!view.hasNamespace(namespace)) return { kind: 'nothing' };
  const name = labels.pop();
  if (name === undefined) return { kind: 'empty' };
  return kind === 'pod' ? findPod(name, labels) : findService(`${namespace}/${name}`, labels, view);
}

/** Any address in any namespace that exists, without a look at Pods (`pods insecure`). */
function findPod(name: string, rest: readonly string[]): Found {
  const address = name.replaceAll('-', '.');
  if (rest.length > 0 || !isAddress(address)) return { kind: 'nothing' };
  return { kind: 'targets', targets: [{ host: '', address, port: undefined }] };
}

/** `prefix` is empty, a host, or `_port _protocol`, innermost first. */
function findService(key: string, prefix: readonly string[], view: ClusterView): Found {
  const service = view.service(key);
  const spec = serviceSchema.safeParse((service as { spec?: unknown } | undefined)?.spec);
  if (service === undefined || !spec.success) return { kind: 'nothing' };
  const [first, second] = prefix;
  const wanted =
    prefix.length === 2 && first?.startsWith('_') === true && second?.startsWith('_') === true
      ? { port: first.slice(1), protocol: second.slice(1).toUpperCase() }
      : undefined;
  if (prefix.length > 1 && wanted === undefined) return { kind: 'nothing' };
  const host = prefix.length === 1 ? first : undefined;
  const { type, externalName, clusterIP, ports } = spec.data;
  if (type === 'ExternalName')
    return prefix.length === 0 && externalName !== undefined
      ? { kind: 'alias', target: externalName.replace(/\.$/, '') }
      : { kind: 'nothing' };

  const own = hostOf(service, view);
  const headless = clusterIP === 'None' || host !== undefined;
  const targets = headless
    ? endpointTargets(view.endpoints(key), own).filter(
        (target) => host === undefined || target.host === `${host}.${own}`,
      )
    : isAddress(clusterIP)
      ? (ports.length === 0 ? [undefined] : ports).map((port): Target => ({ host: own, address: clusterIP, port }))
      : [];
  const matching = targets.filter(
    ({ port }) => wanted === undefined || (port?.name === wanted.port && port.protocol === wanted.protocol),
  );
  return matching.length === 0 ? { kind: 'nothing' } : { kind: 'targets', targets: matching };
}

function endpointTargets(endpoints: KubeObject | undefined, service: string): Target[] {
  const subsets = subsetsSchema.safeParse((endpoints as { subsets?: unknown } | undefined)?.subsets).data ?? [];
  return subsets.flatMap(({ addresses, ports }) =>
    (addresses ?? []).flatMap(({ ip, hostname }) =>
      (ports == null || ports.length === 0 ? [undefined] : ports).map(
        (port): Target => ({ host: `${endpointHost(ip, hostname)}.${service}`, address: ip, port }),
      ),
    ),
  );
}

/** A Pod that has no name under its Service goes by its address. */
const endpointHost = (ip: string, hostname: string | null | undefined): string => hostname ?? ip.replaceAll('.', '-');

const hostOf = ({ metadata }: KubeObject, view: ClusterView): string =>
  `${metadata.name}.${metadata.namespace ?? 'default'}.svc.${view.domain}`;

/** ClusterIPs and endpoints have names; other addresses are somebody else's. */
function reverseAnswer(question: Question, address: string, view: ClusterView): Answer {
  const byIp = view
    .services()
    .filter((service) => serviceSchema.safeParse((service as { spec?: unknown }).spec).data?.clusterIP === address)
    .map((service) => hostOf(service, view));
  const names =
    byIp.length > 0
      ? byIp
      : view
          .allEndpoints()
          .flatMap((endpoints) => endpointTargets(endpoints, hostOf(endpoints, view)))
          .filter((target) => target.address === address)
          .map(({ host }) => host);
  if (names.length === 0) return { code: RESPONSE_CODES.refused, authoritative: false, answers: [] };
  if (question.type !== RECORD_TYPES.PTR) return nothing(RESPONSE_CODES.noError, view);
  return {
    code: RESPONSE_CODES.noError,
    authoritative: true,
    answers: [...new Set(names)].map((target) => record(question.name, { type: 'PTR', target })),
  };
}

function nothing(code: Answer['code'], { domain }: ClusterView): Answer {
  const data: RecordData = {
    type: 'SOA',
    primary: `ns.dns.${domain}`,
    mailbox: `hostmaster.${domain}`,
    serial: 1,
    minimumSeconds: TTL_SECONDS,
  };
  return { code, authoritative: true, answers: [], authority: [record(domain, data)] };
}

function record(name: string, data: RecordData): ResourceRecord {
  return { name, ttlSeconds: TTL_SECONDS, data };
}

const isAddress = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);
