// How long a Job waits after failures before it makes the next Pod. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';

const FIRST_MS = 10_000;
const MOST_MS = 10 * 60_000;

/** When the Pod's last container ended, or the Pod was deleted; ms since the epoch. */
function endedAt(pod: Pod): number {
  const times = (pod.status?.containerStatuses ?? []).map((entry) => {
    const { state } = entry as { state?: { terminated?: { finishedAt?: string } } };
    return Date.parse(state?.terminated?.finishedAt ?? '');
  });
  const known = times.filter((time) => !Number.isNaN(time));
  if (known.length > 0) return Math.max(...known);
  const fallback = Date.parse(pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp ?? '');
  return Number.isNaN(fallback) ? 0 : fallback;
}

/** 10 s after the last failure, doubling with each failure since the last success, up to 10 min (Kubernetes 1.26 and later); 0 when it is over. */
export function failureBackoffMs(pods: readonly Pod[], hasFailed: (pod: Pod) => boolean, now: Date): number {
  const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded').map(endedAt);
  const lastSuccess = Math.max(0, ...succeeded);
  const failures = pods
    .filter(hasFailed)
    .map(endedAt)
    .filter((time) => time > lastSuccess);
  if (failures.length === 0) return 0;
  const waitMs = Math.min(MOST_MS, FIRST_MS * 2 ** (failures.length - 1));
  return Math.max(0, Math.max(...failures) + waitMs - now.getTime());
}
