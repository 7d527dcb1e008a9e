// The scheduler extender protocol v1 as kube-scheduler speaks it (k8s.io/kube-scheduler/extender/v1): JSON with Go's field names.
import { z } from 'zod';
import type { Pod } from '../kube/resources.ts';

/** Go's decoder takes the name of a field in any case. */
const anyCase = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key.toLowerCase(), entry as unknown]));
  }, schema);

const text = z.record(z.string(), z.string()).nullish();

/** Only what is read of the Pod; the whole of it is never sent back. */
const podSchema = z.object({
  metadata: z.object({
    name: z.string().min(1),
    namespace: z.string().min(1),
    uid: z.string().nullish(),
    annotations: text,
  }),
  spec: z.object({ hostNetwork: z.boolean().nullish() }),
});

const argsSchema = anyCase(
  z.object({
    pod: podSchema,
    nodes: z
      .object({ items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).nullish() })
      .nullish(),
    nodenames: z.array(z.string()).nullish(),
  }),
);

const bindingSchema = anyCase(
  z.object({
    podname: z.string().min(1),
    podnamespace: z.string().min(1),
    poduid: z.string().min(1),
    node: z.string().min(1),
  }),
);

export interface ExtenderArgs {
  readonly pod: Pod;
  readonly nodeNames: readonly string[];
  /** The nodes themselves, when the scheduler sends them (`nodeCacheCapable: false`): the answer has to hold them again. */
  readonly nodes: readonly { readonly metadata: { readonly name: string } }[] | undefined;
}

export interface BindingArgs {
  readonly podName: string;
  readonly podNamespace: string;
  readonly podUid: string;
  readonly node: string;
}

/** ExtenderFilterResult. */
export interface FilterResult {
  readonly Nodes: { readonly metadata: object; readonly items: readonly unknown[] } | null;
  readonly NodeNames: readonly string[] | null;
  readonly FailedNodes: Readonly<Record<string, string>>;
  readonly FailedAndUnresolvableNodes: Readonly<Record<string, string>>;
  readonly Error: string;
}

export interface HostPriority {
  readonly Host: string;
  /** 0 to 10. */
  readonly Score: number;
}

/** A body that is none of the protocol: names the field and what is expected. */
export class ProtocolError extends Error {}

/** Throws ProtocolError. */
export function readExtenderArgs(body: unknown): ExtenderArgs {
  const { pod, nodes, nodenames } = read(argsSchema, body, 'ExtenderArgs');
  const items = nodes?.items ?? undefined;
  if (nodenames == null && items === undefined)
    throw new ProtocolError('ExtenderArgs: neither NodeNames nor Nodes is there; expected one of them');
  const { name, namespace, uid, annotations } = pod.metadata;
  return {
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, uid: uid ?? '', annotations: annotations ?? {} },
      spec: { hostNetwork: pod.spec.hostNetwork === true, containers: [] },
    },
    nodeNames: nodenames ?? (items ?? []).map(({ metadata }) => metadata.name),
    nodes: nodenames == null ? items : undefined,
  };
}

/** Throws ProtocolError. */
export function readBindingArgs(body: unknown): BindingArgs {
  const { podname, podnamespace, poduid, node } = read(bindingSchema, body, 'ExtenderBindingArgs');
  return { podName: podname, podNamespace: podnamespace, podUid: poduid, node };
}

function read<T>(schema: z.ZodType<T>, body: unknown, what: string): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
  throw new ProtocolError(`not an ${what} of extender/v1: ${faults.join('; ')}`);
}

/** What stays of the nodes that were shown, in the form in which they were shown. */
export function filterResult(
  args: Pick<ExtenderArgs, 'nodeNames' | 'nodes'>,
  refused: ReadonlyMap<string, string>,
): FilterResult {
  const { nodes } = args;
  return {
    Nodes:
      nodes === undefined ? null : { metadata: {}, items: nodes.filter(({ metadata }) => !refused.has(metadata.name)) },
    NodeNames: nodes === undefined ? args.nodeNames.filter((name) => !refused.has(name)) : null,
    FailedNodes: {},
    // Pods that make room would free no address in time: preemption is for the default resources alone (facts/tke.md 6.4).
    FailedAndUnresolvableNodes: Object.fromEntries(refused),
    Error: '',
  };
}

/** The scheduler could not be helped: it takes the Pod up again, or goes on without us where the configuration says `ignorable`. */
export const filterError = (message: string): FilterResult => ({
  Nodes: null,
  NodeNames: null,
  FailedNodes: {},
  FailedAndUnresolvableNodes: {},
  Error: message,
});
