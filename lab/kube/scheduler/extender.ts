// An HTTP scheduler extender as kube-scheduler calls it: filter, prioritize and bind.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';

import { errorText } from '../../../src/base/errors.ts';
import type { ExtenderConfig } from './extender-config.ts';
import { podRequests } from './requests.ts';
import type { NodeInfo } from './node-info.ts';
import type { SchedPod } from './view.ts';

/** What an extender leaves of the nodes it was shown. */
export interface ExtenderFilter {
  readonly kept: readonly NodeInfo[];
  /** Node name to why it was refused. */
  readonly failed: ReadonlyMap<string, string>;
  /** Those of them that no preemption could help. */
  readonly failedForGood: ReadonlySet<string>;
}

export interface Extender {
  readonly config: ExtenderConfig;
  /** Whether the Pod asks for one of the extender's resources, or it has none and is asked about every Pod. */
  isInterested(pod: SchedPod): boolean;
  filter(pod: SchedPod, nodes: readonly NodeInfo[]): Promise<ExtenderFilter>;
  /** Points from 0 to 10 by node name, not yet weighted. */
  prioritize(pod: SchedPod, nodes: readonly NodeInfo[]): Promise<ReadonlyMap<string, number>>;
  bind(pod: SchedPod, node: string): Promise<void>;
}

/** Sends one JSON document and gives the answer's; injected so that tests need no network. Rejects on anything but 200. */
export type ExtenderCall = (config: ExtenderConfig, verb: string, body: unknown) => Promise<unknown>;

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Where a host name of the cluster leads, for names that only the cluster knows; `undefined`: as it stands. */
export type FindHost = (host: string, port: number) => { readonly host: string; readonly port: number } | undefined;

/** POST to `urlPrefix/verb` over HTTP/1.1, with the extender's time limit. */
export const callExtender = (
  config: ExtenderConfig,
  verb: string,
  body: unknown,
  find?: FindHost,
): Promise<unknown> => {
  const url = new URL(`${config.urlPrefix.replace(/\/+$/, '')}/${verb}`);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const place = find?.(url.hostname, port);
  const call = send(
    url,
    {
      method: 'POST',
      // The URL's own name would win over `host`.
      ...(place === undefined ? {} : { hostname: place.host, port: place.port, servername: url.hostname }),
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(config.timeoutMs),
      rejectUnauthorized: !config.tls.insecure,
      ...(config.tls.caData === undefined ? {} : { ca: Buffer.from(config.tls.caData, 'base64') }),
    },
    (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on('data', (part: Buffer) => {
        size += part.length;
        if (size > MAX_ANSWER_BYTES) answer.destroy(new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`));
        else parts.push(part);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode !== 200)
          return reject(
            new Error(`failed ${verb} with extender at URL ${url.href}, code ${answer.statusCode ?? 'unknown'}`),
          );
        try {
          resolve(JSON.parse(Buffer.concat(parts).toString('utf8')));
        } catch (error) {
          reject(new Error(`extender at URL ${url.href} answered no JSON: ${errorText(error)}`));
        }
      });
    },
  );
  call.on('error', (error) => reject(new Error(`extender at URL ${url.href}: ${errorText(error)}`)));
  call.end(JSON.stringify(body));
  return promise;
};

// Go's decoder takes names of fields in any case; ours are lower-cased before they are looked at.
const lowered = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key.toLowerCase(), entry as unknown]))
      : value,
  z.looseObject({
    nodes: z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })).nullish() }).nullish(),
    nodenames: z.array(z.string()).nullish(),
    failednodes: z.record(z.string(), z.string()).nullish(),
    failedandunresolvablenodes: z.record(z.string(), z.string()).nullish(),
    error: z.string().nullish(),
  }),
);
const points = z.array(
  z.preprocess(
    (value) =>
      typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key.toLowerCase(), entry as unknown]))
        : value,
    z.object({ host: z.string(), score: z.number() }),
  ),
);

export function createExtender(config: ExtenderConfig, call: ExtenderCall = callExtender): Extender {
  const name = config.urlPrefix;
  const managed = new Set(config.managedResources.map((resource) => resource.name));
  const argumentsOf = (pod: SchedPod, nodes: readonly NodeInfo[]): object =>
    config.nodeCacheCapable
      ? { Pod: pod, Nodes: null, NodeNames: nodes.map((info) => info.name) }
      : {
          Pod: pod,
          Nodes: { metadata: {}, items: nodes.map((info) => info.node) },
          NodeNames: null,
        };
  const read = <T>(schema: z.ZodType<T>, verb: string, answer: unknown): T => {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new Error(`extender "${name}": its answer to ${verb} cannot be read: ${z.prettifyError(parsed.error)}`);
  };
  return {
    config,
    isInterested: (pod) => managed.size === 0 || [...podRequests(pod).keys()].some((resource) => managed.has(resource)),
    filter: async (pod, nodes) => {
      const verb = config.filterVerb;
      if (verb === undefined) return { kept: nodes, failed: new Map(), failedForGood: new Set() };
      const answer = read(lowered, verb, await call(config, verb, argumentsOf(pod, nodes)));
      if ((answer.error ?? '') !== '') throw new Error(answer.error ?? '');
      const names =
        config.nodeCacheCapable && answer.nodenames != null
          ? answer.nodenames
          : (answer.nodes?.items ?? []).map(({ metadata }) => metadata.name);
      const shown = new Map(nodes.map((info) => [info.name, info]));
      const kept = names.map((node) => {
        const info = shown.get(node);
        if (info === undefined)
          throw new Error(
            `extender "${name}" claims a filtered node "${node}" which is not found in the input node list`,
          );
        return info;
      });
      const final = answer.failedandunresolvablenodes ?? {};
      return {
        kept,
        failed: new Map(Object.entries({ ...answer.failednodes, ...final })),
        failedForGood: new Set(Object.keys(final)),
      };
    },
    prioritize: async (pod, nodes) => {
      const verb = config.prioritizeVerb;
      if (verb === undefined) return new Map();
      const answer = read(points, verb, (await call(config, verb, argumentsOf(pod, nodes))) ?? []);
      return new Map(answer.map(({ host, score }) => [host, score]));
    },
    bind: async (pod, node) => {
      const verb = config.bindVerb;
      if (verb === undefined) throw new Error(`extender "${name}" has no bindVerb`);
      const { name: podName, namespace: podNamespace = 'default', uid = '' } = pod.metadata;
      const body = { PodName: podName, PodNamespace: podNamespace, PodUID: uid, Node: node };
      const answer = read(lowered, verb, await call(config, verb, body));
      if ((answer.error ?? '') !== '') throw new Error(answer.error ?? '');
    },
  };
}
