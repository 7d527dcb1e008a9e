// Reports the status of a Pod to the API, only when it changed and never out of order.
import { isDeepStrictEqual } from 'node:util';
import { errorText } from '../../../src/base/errors.ts';
import { isNotFound } from '../../../src/kube/api-error.ts';
import type { KubeletOptions } from './kubelet-types.ts';
import { viewOf } from './pod-state.ts';
import type { PodState } from './pod-state.ts';
import { podStatus } from './pod-status.ts';
import { labPods } from './pod-view.ts';

type ReportDeps = Pick<KubeletOptions, 'client' | 'clock' | 'logger' | 'node'>;

/** Writes the status when it differs from the one written last; writes of one Pod never overtake each other. */
export async function writeStatus(deps: ReportDeps, state: PodState): Promise<void> {
  const write = state.writing.catch(() => undefined).then(() => writeNow(deps, state));
  state.writing = write;
  await write;
}

/** The same without waiting; a failure is only logged, as every look ends with a write that is waited for. */
export function writeStatusBehind(deps: ReportDeps, state: PodState): void {
  writeStatus(deps, state).catch((error: unknown) => {
    deps.logger.debug(
      { pod: state.pod.metadata.name, error: errorText(error) },
      'early status of a Pod could not be written',
    );
  });
}

async function writeNow(deps: ReportDeps, state: PodState): Promise<void> {
  const status = podStatus(viewOf(state, deps.node.internalIp, deps.clock.now()));
  if (isDeepStrictEqual(status, state.reported)) return;
  const { name, namespace = 'default' } = state.pod.metadata;
  try {
    await deps.client.patch(
      labPods,
      name,
      { type: 'strategic', body: { metadata: { uid: state.uid }, status } },
      { namespace, subresource: 'status' },
    );
    state.reported = status;
  } catch (error) {
    // The object went away meanwhile; its deletion brings us back.
    if (!isNotFound(error)) throw error;
  }
}
