// Every program refuses a wrong flag in one line that names it and what is accepted, with exit code 2; and shows its flags on --help.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

/** None of these calls gets as far as a server. */
const ENDS_MS = 15_000;

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(program: string, ...argv: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, `${program}.ts`), ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: ENDS_MS,
      killSignal: 'SIGKILL',
    });
    const text = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
    child.on('exit', (code) => resolve({ code, ...text }));
  });
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

const ON_NODES = ['agent', 'masq'];

describe.each(['ipamd', 'agent', 'masq', 'scheduler', 'webhook'])('%s', (program) => {
  it('refuses an unknown flag, naming it and the known ones', async () => {
    const { code, err } = await run(program, '--no-such-flag=1');
    expect(code).toBe(2);
    expect(lines(err)).toHaveLength(1);
    expect(err).toMatch(/unknown flag --no-such-flag; known flags: .*--kubeconfig/);
  });

  it('refuses a bad value, naming flag, value and what is accepted', async () => {
    const { code, err } = await run(program, '--node-name=n', '--log-level=loud').then((outcome) =>
      // Only what runs on each node has a node name.
      outcome.err.includes('--node-name') && !ON_NODES.includes(program) ? run(program, '--log-level=loud') : outcome,
    );
    expect(code).toBe(2);
    expect(lines(err)).toHaveLength(1);
    expect(err).toMatch(/--log-level=loud: expected one of .*info/);
  });

  it('refuses a kubeconfig that is not there in one line', async () => {
    const flags = ON_NODES.includes(program) ? ['--node-name=n'] : [];
    const { code, err } = await run(program, ...flags, '--kubeconfig=/nonexistent/kubeconfig');
    expect(code).toBe(2);
    expect(lines(err).at(-1)).toContain('/nonexistent/kubeconfig');
  });

  it('shows its flags on --help, on stdout, with exit code 0', async () => {
    const { code, out, err } = await run(program, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: .* \[flags\]/);
    expect(out).toContain('--kubeconfig');
  });
});

describe('agent', () => {
  // One that compiled beside the main thread hung in every fifth of such runs.
  it('ends each time: nothing that it compiles holds it up', { timeout: 120_000 }, async () => {
    for (let pair = 0; pair < 15; pair += 1) {
      const ends = await Promise.all([run('agent', '--help'), run('agent', '--help')]);
      expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    }
  });
});

describe('ipamd', () => {
  it.each([
    '--enable-security-groups=on',
    '--security-groups=sg-12AB34CD',
    '--claim-expired-duration=4m59s',
    '--enable-ownerref=maybe',
  ])('does not take %s and ignore it', async (flag) => {
    const { code, err } = await run('ipamd', flag);
    expect(code).toBe(2);
    expect(lines(err)).toHaveLength(1);
    expect(err).toContain(flag.split('=')[0]);
  });

  it('refuses a lease that the fence of its cloud calls would never trust', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-input-'));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(
      kubeconfig,
      'apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: [{name: a, cluster: {server: "http://127.0.0.1:9"}}]\nusers: [{name: a, user: {token: t}}]\n',
    );
    const { code, err } = await run(
      'ipamd',
      `--kubeconfig=${kubeconfig}`,
      '--lease-duration=4s',
      '--cloud-call-timeout=10s',
    );
    await rm(folder, { recursive: true });
    expect(code).toBe(2);
    expect(lines(err)).toHaveLength(1);
    expect(err).toContain('--lease-duration=4000ms');
  });
});
