// What becomes of a container that could not be started, and of its account: image, configuration, or a program that cannot be executed.
import { errorText, TrunklineError } from '../../../src/base/errors.ts';
import { rfc3339 } from '../../../src/kube/times.ts';
import { HOST_ERRORS } from '../../host/errors.ts';
import { containerId } from './container-runtime.ts';
import { KUBELET_ERRORS } from './errors.ts';
import type { ContainersDeps } from './pod-containers.ts';
import { kindOf } from './pod-state.ts';
import type { ContainerSlot, PodState } from './pod-state.ts';
import { restartDelayMs, restartsIn, restartsInARow, retryDelayMs } from './restart-policy.ts';

const START_RETRY = { firstMs: 250, maxMs: 10_000 };
/** After a failed pull the next look shows the back-off, as the kubelet's next round does. */
const SHOW_BACK_OFF_MS = 2_000;

/** A run after another one: the end of that becomes the last state. */
export function countRestart(slot: ContainerSlot): void {
  if (slot.end === undefined) return;
  slot.lastEnd = slot.end;
  slot.restartCount += 1;
  delete slot.end;
}

/** Notes why a container did not start, and gives the wait before the next attempt. */
export function refused(
  deps: ContainersDeps,
  state: PodState,
  slot: ContainerSlot,
  error: unknown,
): number | undefined {
  const { clock, event } = deps;
  const cause = startProblem(error);
  if (cause !== undefined) return endedAtStart(deps, state, slot, cause);
  const entry = error instanceof TrunklineError ? error.entry : undefined;
  slot.failedStarts += 1;
  const reason = entry?.eventReason ?? 'RunContainerError';
  slot.waiting = { reason, message: errorText(error) };
  const isImage = entry !== undefined && IMAGE_REASONS.has(entry.code);
  // As real kubelets do: of an image the reason, of anything else what was wrong.
  event(state.pod, 'Warning', 'Failed', `Error: ${isImage ? reason : errorText(error)}`);
  if (entry?.retry === 'terminal') {
    slot.notBeforeMs = Number.POSITIVE_INFINITY;
    return undefined;
  }
  const isPull = entry?.code === KUBELET_ERRORS.image.code;
  const pullWaitMs = deps.imageStore.waitMs(state.pod, slot.spec);
  const delayMs =
    isImage && pullWaitMs > 0
      ? isPull
        ? Math.min(SHOW_BACK_OFF_MS, pullWaitMs)
        : pullWaitMs
      : retryDelayMs(slot.failedStarts, START_RETRY.firstMs, START_RETRY.maxMs);
  slot.notBeforeMs = clock.monotonicMs() + delayMs;
  return delayMs;
}

const IMAGE_REASONS: ReadonlySet<string> = new Set(
  (['image', 'imageBackOff', 'imageName', 'imageNever'] as const).map((kind) => KUBELET_ERRORS[kind].code),
);

/** What was wrong with the program itself, when that is why a container did not start. */
function startProblem(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof TrunklineError && cause.code === HOST_ERRORS.startProcess.code ? cause.message : undefined;
}

/** A program that cannot be executed counts as a run that ended, with the runtime's exit code for it; it starts over with back-off. */
function endedAtStart(deps: ContainersDeps, state: PodState, slot: ContainerSlot, cause: string): undefined {
  const { clock, event, wake } = deps;
  const words = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${cause}: unknown`;
  countRestart(slot);
  slot.end = {
    exitCode: 128,
    reason: 'StartError',
    message: words,
    startedAt: '1970-01-01T00:00:00Z',
    finishedAt: rfc3339(clock.now()),
    containerID: containerId(deps.randomHex(64)),
  };
  noteEnd(deps, slot, 0);
  event(state.pod, 'Warning', 'Failed', `Error: ${words}`);
  if (restartsIn(state.pod.spec.restartPolicy ?? 'Always', slot.end.exitCode, kindOf(slot)))
    slot.waiting = { reason: 'RunContainerError', message: words };
  wake(state.uid);
}

/** The account of a run that ended: when the next may begin. */
export function noteEnd({ clock }: Pick<ContainersDeps, 'clock'>, slot: ContainerSlot, ranForMs: number): void {
  slot.inARow = restartsInARow(slot.inARow, ranForMs);
  slot.notBeforeMs = clock.monotonicMs() + restartDelayMs(slot.inARow);
}
