// Probes: thresholds, and what one check does on the node.
import { describe, expect, it } from 'vitest';

import { hostErrorFromCode } from '../../host/errors.ts';
import type { ExecOptions, ExecResult, LabHost } from '../../host/types.ts';
import { check, nextVerdict, portNumber } from './probe.ts';
import type { ProbeTarget } from './probe.ts';
import { testContainer } from './testing/pods.ts';

const calls = (
  answer: ExecResult | Error,
): { target: ProbeTarget; seen: { argv: readonly string[]; options?: ExecOptions }[] } => {
  const seen: { argv: readonly string[]; options?: ExecOptions }[] = [];
  const exec: LabHost['exec'] = (argv, options) => {
    seen.push({ argv, ...(options === undefined ? {} : { options }) });
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const container = testContainer({ ports: [{ name: 'web', containerPort: 8080 }] });
  const target = { host: { exec } as LabHost, netns: 'node-1', podIp: '10.0.32.5', container, run: { exec } };
  return { target, seen };
};
const answer = (code: number, stdout = '', stderr = ''): ExecResult => ({ code, stdout, stderr });

describe('nextVerdict', () => {
  const fresh = { successes: 0, failures: 0, ok: true };

  it('turns bad only after the whole threshold of failures in a row', () => {
    const twice = nextVerdict(nextVerdict(fresh, false, {}), false, {});
    expect(twice.ok).toBe(true);
    expect(nextVerdict(twice, false, {}).ok).toBe(false);
    expect(nextVerdict(nextVerdict(twice, true, {}), false, {}).ok).toBe(true);
  });

  it('turns good only after the whole threshold of successes', () => {
    const probe = { successThreshold: 2 };
    const once = nextVerdict({ ...fresh, ok: false }, true, probe);
    expect(once.ok).toBe(false);
    expect(nextVerdict(once, true, probe).ok).toBe(true);
  });
});

describe('check', () => {
  it('asks the Pod from the network of the node, by named port', async () => {
    const { target, seen } = calls(answer(0, '200'));
    expect(await check(target, { httpGet: { path: '/readyz', port: 'web', scheme: 'HTTPS' } })).toMatchObject({
      ok: true,
    });
    expect(seen[0]?.argv.at(-1)).toBe('https://10.0.32.5:8080/readyz');
    expect(seen[0]?.options?.netns).toBe('node-1');
  });

  it.each([
    ['404', 0, false],
    ['302', 0, true],
    ['000', 7, false],
  ])('answer %s with exit code %i counts as %s', async (status, code, ok) => {
    const { target } = calls(answer(code, status));
    expect((await check(target, { httpGet: { port: 80 } })).ok).toBe(ok);
  });

  it('counts a check that cannot be made as failed', async () => {
    const { target } = calls(new Error('timed out'));
    expect(await check(target, { exec: { command: ['true'] } })).toEqual({ ok: false, output: 'timed out' });
  });

  it('refuses kinds that the lab lacks', async () => {
    const { target } = calls(answer(0));
    await expect(check(target, { grpc: {} })).rejects.toThrow('a probe needs httpGet, tcpSocket or exec');
  });
});

describe('portNumber', () => {
  it('names a port that the container does not have', () => {
    expect(() => portNumber(testContainer(), 'admin')).toThrow('no port named "admin"');
  });
});

describe('what a failed check says', () => {
  const refused = 'curl: (7) Failed to connect';
  it.each([
    ['a bad answer', { httpGet: { port: 80 } }, answer(0, '503 0.001'), 'HTTP probe failed with statuscode: 503'],
    [
      'a refused connection',
      { httpGet: { path: '/healthz', port: 80 } },
      answer(7, '000 0.000', refused),
      'Get "http://10.0.32.5:80/healthz": dial tcp 10.0.32.5:80: connect: connection refused',
    ],
    [
      'an answer that does not come',
      { httpGet: { port: 80 } },
      answer(28, '000 0.001'),
      'Get "http://10.0.32.5:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    ],
    [
      'a port that nobody serves',
      { tcpSocket: { port: 81 } },
      answer(1, '', "nc: can't connect to remote host (10.0.32.5): Connection refused"),
      'dial tcp 10.0.32.5:81: connect: connection refused',
    ],
    ['a command', { exec: { command: ['false'] } }, answer(1, 'no luck\n'), 'no luck'],
  ])('names %s as real kubelets do', async (_what, probe, given, output) => {
    const { target } = calls(given);
    expect(await check(target, probe)).toEqual({ ok: false, output });
  });

  it('names the command that took too long', async () => {
    const { target } = calls(hostErrorFromCode('HOST-TIMEOUT', 'sleep 9: not done'));
    expect((await check(target, { exec: { command: ['sleep', '9'] } })).output).toBe('command "sleep 9" timed out');
  });

  it('sends the headers that a probe gives', async () => {
    const { target, seen } = calls(answer(0, '200 0.001'));
    await check(target, { httpGet: { port: 80, httpHeaders: [{ name: 'X-Probe', value: 'yes' }] } });
    expect(seen[0]?.argv.join(' ')).toContain('-H X-Probe: yes');
  });
});
