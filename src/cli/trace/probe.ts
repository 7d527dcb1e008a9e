// `trace --probe`: real packets from inside the Pod, and a look at the ports that are open in the target; compared with what was traced.
import { errorText } from '../../base/errors.ts';
import type { Exec, ExecAnswer } from '../../kube/exec.ts';
import type { Pod } from '../../kube/resources.ts';
import { traceIn } from '../../diagnose/trace/flow.ts';
import {
  openPorts,
  PROBE_LIMIT_MS,
  probeCommand,
  readProbe,
  SOCKETS_COMMAND,
} from '../../diagnose/trace/probe-script.ts';
import type { FlowQuery, Place, Trace } from '../../diagnose/trace/trace.ts';
import type { World } from '../../diagnose/trace/world.ts';
import type { ProbeReport } from './run.ts';

export interface ProbeDeps {
  readonly exec: Exec;
  readonly signal: AbortSignal;
}

/** One pair after the other: two probes at once would disturb each other's time. */
export async function probeTraces(
  deps: ProbeDeps,
  world: World,
  queries: readonly FlowQuery[],
): Promise<readonly (Trace & { readonly probe: ProbeReport })[]> {
  const seen = new Map<string, ReadonlySet<string> | undefined>();
  const found: (Trace & { readonly probe: ProbeReport })[] = [];
  for (const query of queries) {
    const first = traceIn(world, query);
    // Where the flow ends is known only behind Services.
    const target = targetPod(world, query, first);
    if (target !== undefined && !seen.has(keyOf(target))) seen.set(keyOf(target), await portsOf(deps, target));
    const trace = traceIn(world, query, { listening: (pod) => seen.get(keyOf(pod)) });
    found.push({ ...trace, probe: await probe(deps, query, trace) });
  }
  return found;
}

const keyOf = ({ metadata }: Pod): string => metadata.uid ?? metadata.name;

function targetPod(world: World, { to }: FlowQuery, { target }: Trace): Pod | undefined {
  if (to.kind === 'pod') return to.pod;
  return target === undefined ? undefined : world.podsByAddress.get(target.address);
}

/** Undefined when the Pod cannot be looked into. */
async function portsOf(deps: ProbeDeps, pod: Pod): Promise<ReadonlySet<string> | undefined> {
  try {
    const { code, stdout } = await inside(deps, pod, SOCKETS_COMMAND);
    return stdout.includes('local_address') || code === 0 ? openPorts(stdout) : undefined;
  } catch {
    deps.signal.throwIfAborted();
    return undefined;
  }
}

async function probe(
  deps: ProbeDeps,
  { from, to, protocol, port, byName }: FlowQuery,
  trace: Trace,
): Promise<ProbeReport> {
  const none = (text: string): ProbeReport => ({ outcome: 'unknown', agrees: true, text });
  if (from.kind !== 'pod') return none(`packets are sent from Pods alone, not from ${trace.from.name}`);
  const host = hostOf(to, byName === true);
  if (host === undefined) return none(`${trace.to.name} has no address to send to`);
  const command = probeCommand(protocol, host, port);
  if (command === undefined) return none(`whether ${protocol} arrives no tool inside a Pod tells`);
  try {
    const { outcome, text } = readProbe(await inside(deps, from.pod, command));
    const agrees = outcome === 'unknown' || trace.verdict === 'unknown' || outcome === trace.verdict;
    return {
      outcome,
      agrees,
      text: `real packets to ${host}${port === undefined ? '' : `:${port}`}: ${outcome} (${text})`,
    };
  } catch (error) {
    deps.signal.throwIfAborted();
    return none(`nothing could be sent from ${trace.from.name}: ${errorText(error)}`);
  }
}

/** As the caller would call it: by name where that is what is traced. */
function hostOf(to: Place, byName: boolean): string | undefined {
  switch (to.kind) {
    case 'pod':
      return to.pod.status?.podIP;
    case 'node':
      return to.node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    case 'service': {
      const { name, namespace = 'default' } = to.service.metadata;
      return byName ? `${name}.${namespace}.svc` : to.service.spec?.clusterIP;
    }
    case 'address':
      return to.address;
    case 'name':
      return to.name;
  }
}

function inside({ exec, signal }: ProbeDeps, pod: Pod, argv: readonly string[]): Promise<ExecAnswer> {
  const { name, namespace = 'default' } = pod.metadata;
  const container = pod.spec.containers[0]?.name ?? '';
  return exec(
    { namespace, pod: name, container },
    argv,
    AbortSignal.any([signal, AbortSignal.timeout(PROBE_LIMIT_MS)]),
  );
}
