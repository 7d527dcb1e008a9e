// What a kubelet that starts anew makes of a Pod that ran on its node before: nothing of it runs any more, but its account goes on.
import { rfc3339 } from '../../../src/kube/times.ts';
import type { ContainerEnd } from './pod-status.ts';
import type { LabPod } from './pod-view.ts';

/** The account of one container: how often it started again, and how its latest run ended. */
export interface TakenOver {
  readonly restartCount: number;
  readonly end?: ContainerEnd;
  readonly lastEnd?: ContainerEnd;
}

/** As the API has it; every part may be missing. */
interface ReportedStatus {
  readonly name?: string;
  readonly restartCount?: number;
  readonly containerID?: string;
  readonly state?: { readonly running?: { readonly startedAt?: string }; readonly terminated?: ContainerEnd };
  readonly lastState?: { readonly terminated?: ContainerEnd };
}

/** Runtimes say this of a container that was running when the machine went down. */
const LOST = { exitCode: 255, reason: 'Unknown' } as const;

/** `undefined` for a container that never ran. Init containers run again in a new sandbox, so only their count is kept. Pure. */
export function takenOver(pod: LabPod, container: string, init: boolean, now: Date): TakenOver | undefined {
  const reported = (init ? pod.status?.initContainerStatuses : pod.status?.containerStatuses) ?? [];
  const status = (reported as readonly ReportedStatus[]).find(({ name }) => name === container);
  if (status === undefined) return undefined;
  const { restartCount = 0, containerID = '', state, lastState } = status;
  const lastEnd = lastState?.terminated;
  const end =
    state?.running === undefined
      ? state?.terminated
      : { ...LOST, startedAt: state.running.startedAt ?? '', finishedAt: rfc3339(now), containerID };
  if (init) return { restartCount };
  return {
    restartCount,
    // Between two runs the latest end is the last state.
    ...(end === undefined ? (lastEnd === undefined ? {} : { end: lastEnd }) : { end }),
    ...(end === undefined || lastEnd === undefined ? {} : { lastEnd }),
  };
}
