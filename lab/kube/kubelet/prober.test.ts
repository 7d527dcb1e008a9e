// How probes follow a container: readiness quickly at first, liveness until it gives up, startup before both.
import { describe, expect, it } from 'vitest';

import { createFakeClock } from '../../../test/fake-clock.ts';
import type { ExecResult, LabHost } from '../../host/types.ts';
import type { LabContainer } from './pod-view.ts';
import { runProbes } from './prober.ts';
import { testContainer } from './testing/pods.ts';

const probe = { exec: { command: ['check'] } };

/** Probes a container whose checks answer `codes` in turn, the last one for ever. */
function probing(parts: Partial<LabContainer>, codes: readonly number[]) {
  const clock = createFakeClock();
  const heard: string[] = [];
  let checks = 0;
  const exec = (): Promise<ExecResult> => {
    const code = codes[Math.min(checks, codes.length - 1)] ?? 0;
    checks += 1;
    return Promise.resolve({ code, stdout: '', stderr: code === 0 ? '' : 'refused' });
  };
  const container = testContainer(parts);
  const stop = new AbortController();
  const done = runProbes(
    {
      clock,
      target: { host: { exec } as unknown as LabHost, podIp: '10.0.32.5', container, run: { exec } },
      listener: {
        started: () => heard.push('started'),
        ready: (ready) => heard.push(`ready ${ready}`),
        unhealthy: (kind) => heard.push(`unhealthy ${kind}`),
        giveUp: (kind) => heard.push(`gave up ${kind}`),
      },
    },
    container,
    stop.signal,
  );
  return { clock, heard, done, stop, checks: () => checks };
}

describe('runProbes', () => {
  it('is started and ready at once without probes', async () => {
    const { heard, done } = probing({}, []);
    await done;
    expect(heard).toEqual(['started', 'ready true']);
  });

  it('does not make a quick program wait a whole period for its first success', async () => {
    const { clock, heard, stop, done } = probing({ readinessProbe: { ...probe, periodSeconds: 10 } }, [1, 0]);
    await clock.advance(500);
    expect(heard).toEqual(['started', 'ready false', 'ready true']);
    stop.abort(new Error('end'));
    await done;
  });

  it('checks once a period when all is well, and not after the end', async () => {
    const { clock, stop, done, checks } = probing({ livenessProbe: { ...probe, periodSeconds: 10 } }, [0]);
    await clock.advance(25_000);
    expect(checks()).toBe(3);
    stop.abort(new Error('end'));
    await done;
    await clock.advance(60_000);
    expect(checks()).toBe(3);
  });

  it('gives up a container whose liveness fails three times', async () => {
    const { clock, heard, done } = probing({ livenessProbe: { ...probe, periodSeconds: 1 } }, [0, 1]);
    await clock.advance(5_000);
    await done;
    const unhealthy = 'unhealthy Liveness';
    expect(heard).toEqual(['started', 'ready true', unhealthy, unhealthy, unhealthy, 'gave up liveness']);
  });

  it('holds readiness back until the startup probe has succeeded', async () => {
    const startupProbe = { ...probe, periodSeconds: 1, failureThreshold: 5 };
    const { clock, heard, stop, done } = probing({ startupProbe, readinessProbe: probe }, [1, 1, 0]);
    await clock.advance(1_500);
    expect(heard).toEqual(['unhealthy Startup', 'unhealthy Startup']);
    await clock.advance(1_000);
    expect(heard.slice(2)).toEqual(['started', 'ready true']);
    stop.abort(new Error('end'));
    await done;
  });

  it('gives up a container that never starts', async () => {
    const startupProbe = { ...probe, periodSeconds: 1, failureThreshold: 2 };
    const { clock, heard, done } = probing({ startupProbe }, [1]);
    await clock.advance(3_000);
    await done;
    expect(heard).toEqual(['unhealthy Startup', 'unhealthy Startup', 'gave up startup']);
  });

  it('refuses a kind of probe that the lab lacks', async () => {
    await expect(probing({ livenessProbe: { grpc: {} } }, []).done).rejects.toThrow('httpGet, tcpSocket or exec');
  });
});
