// Probes a running container until it ends: startup first, then readiness and liveness side by side.
import type { Clock } from '../../../src/base/clock.ts';
import { check, nextVerdict } from './probe.ts';
import type { ProbeTarget, Verdict } from './probe.ts';
import type { LabContainer, Probe } from './pod-view.ts';

export interface ProbeListener {
  /** The container counts as started (at once without a startup probe). */
  started(): void;
  ready(ready: boolean): void;
  /** A check failed. */
  unhealthy(kind: 'Startup' | 'Readiness' | 'Liveness', output: string): void;
  /** A startup or liveness probe gave up: the container must be restarted. */
  giveUp(kind: 'startup' | 'liveness'): void;
}

/** The first pause between readiness checks of a container that was never ready, so that quick programs are not late. */
const EAGER_MS = 100;

/** Resolves when `signal` aborts (the container's end) or a probe gave up. Rejects only with KUBELET-UNSUPPORTED. */
export async function runProbes(
  deps: { readonly clock: Clock; readonly target: ProbeTarget; readonly listener: ProbeListener },
  container: LabContainer,
  signal: AbortSignal,
): Promise<void> {
  const { clock, target, listener } = deps;
  const sleep = async (ms: number): Promise<boolean> =>
    clock.sleep(ms, signal).then(
      () => true,
      () => false,
    );

  /** Checks again and again; `onVerdict` says whether to go on. `eager`: do not wait a whole period for the first success. */
  const repeat = async (
    probe: Probe,
    kind: 'Startup' | 'Readiness' | 'Liveness',
    initially: boolean,
    onVerdict: (verdict: Verdict) => boolean,
  ): Promise<void> => {
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    let verdict: Verdict = { successes: 0, failures: 0, ok: initially };
    let pauseMs = kind === 'Readiness' ? Math.min(EAGER_MS, periodMs) : periodMs;
    if ((probe.initialDelaySeconds ?? 0) > 0 && !(await sleep((probe.initialDelaySeconds ?? 0) * 1000))) return;
    while (!signal.aborted) {
      const { ok, output } = await check(target, probe);
      if (signal.aborted) return;
      verdict = nextVerdict(verdict, ok, probe);
      // While a program starts, a refused connection is no news.
      if (!ok && (kind !== 'Readiness' || pauseMs >= periodMs)) listener.unhealthy(kind, output);
      if (!onVerdict(verdict)) return;
      pauseMs = verdict.ok ? periodMs : Math.min(periodMs, pauseMs * 2);
      if (!(await sleep(pauseMs))) return;
    }
  };

  if (container.startupProbe !== undefined) {
    const outcome = { up: false };
    await repeat(container.startupProbe, 'Startup', false, (verdict) => {
      outcome.up = verdict.ok;
      return !verdict.ok && verdict.failures < (container.startupProbe?.failureThreshold ?? 3);
    });
    if (signal.aborted) return;
    if (!outcome.up) return listener.giveUp('startup');
  }
  listener.started();
  const { readinessProbe, livenessProbe } = container;
  if (readinessProbe === undefined) listener.ready(true);
  await Promise.all([
    readinessProbe &&
      repeat(readinessProbe, 'Readiness', false, (verdict) => {
        listener.ready(verdict.ok);
        return true;
      }),
    livenessProbe &&
      repeat(livenessProbe, 'Liveness', true, (verdict) => {
        if (!verdict.ok) listener.giveUp('liveness');
        return verdict.ok;
      }),
  ]);
}
