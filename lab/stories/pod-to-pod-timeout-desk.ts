// The desk of document 003: the example's folder, the trace command, and a shell for the commands that it prints.
import { spawn } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { runCli } from '../../src/cli/program.ts';
import { causeCodes, type CauseCode, type TraceVerdict } from '../../src/diagnose/trace/trace.ts';
import type { ExecResult } from '../host/types.ts';
import { typePrinted } from './pod-to-pod-timeout-printed.ts';
import type { StoryContext } from './story.ts';

/** What a trace found, as far as the story looks at it. */
export interface Found {
  readonly code: number;
  readonly verdict: TraceVerdict;
  readonly cause: CauseCode | undefined;
  readonly text: string;
  /** The first command that mends it. */
  readonly command: string;
  readonly sourceSeen: string;
  /** Rules that decided, `sg-1 ingress 0`, and what decided without one. */
  readonly rules: readonly string[];
  /** With --probe: what real packets did, and whether the trace says the same. */
  readonly probe: string;
  /** What was printed as text. */
  readonly output: string;
}

export interface Desk {
  /** A copy of examples/pod-to-pod-timeout, which the scripts change. */
  readonly folder: string;
  /** `trunkline trace FROM TO`, once for people and once as data. */
  trace(from: string, to: string, ...options: readonly string[]): Promise<Found>;
  /** Runs the command that a trace printed, word for word where its tool is at hand, and waits for nothing. Gives how it was run. */
  mend(found: Found): Promise<string>;
  /** `sh FILE`, or another program, in the folder. Rejects with what it wrote when it fails. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
}

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'pod-to-pod-timeout');

const reportSchema = z.object({
  verdict: z.enum(['delivered', 'dropped', 'refused', 'unknown']),
  traces: z
    .array(
      z.object({
        sourceSeen: z.string().optional(),
        probe: z.object({ outcome: z.string(), agrees: z.boolean() }).optional(),
        cause: z
          .object({
            code: z.enum(causeCodes),
            text: z.string(),
            cures: z.array(z.object({ command: z.string() })),
          })
          .optional(),
        hops: z.array(
          z.object({
            rule: z
              .union([z.string(), z.object({ groupId: z.string(), direction: z.string(), index: z.number() })])
              .optional(),
          }),
        ),
      }),
    )
    .min(1),
});

export async function openDesk(context: StoryContext): Promise<Desk> {
  const { lab } = context;
  const folder = join(lab.stateDir, 'pod-to-pod-timeout');
  await cp(EXAMPLES, folder, { recursive: true });
  const env = {
    KUBECONFIG: lab.kubeconfig,
    TENCENTCLOUD_SECRET_ID: lab.cloudAccess.secretId,
    TENCENTCLOUD_SECRET_KEY: lab.cloudAccess.secretKey,
    TENCENTCLOUD_REGION: lab.cloudAccess.region,
    TRUNKLINE_CLOUD_ENDPOINT: lab.cloudAccess.endpoint,
    NO_COLOR: '1',
  };
  const cli = async (...argv: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
    const text = { out: '', err: '' };
    const code = await runCli(
      {
        name: 'trunkline',
        version: 'story',
        out: { write: (more) => (text.out += more) },
        err: { write: (more) => (text.err += more) },
        env,
        home: lab.stateDir,
        clock: systemClock,
        signal: new AbortController().signal,
        readFile: (path) => readFile(path, 'utf8'),
        readStdin: () => Promise.resolve(''),
        writeFile: () => Promise.reject(new Error('a trace writes no file')),
        runProgram: async (program, args, own) => (await runProgram(program, args, { ...env, ...own })).stdout,
      },
      argv,
    );
    return { code, ...text };
  };
  return {
    folder,
    trace: async (from, to, ...options) => {
      const printed = await cli('trace', from, to, ...options);
      const data = await cli('trace', from, to, ...options, '-o', 'json');
      if (data.out === '') throw new Error(`trunkline trace ${from} ${to} exits ${data.code}: ${data.err.trim()}`);
      const report = reportSchema.parse(JSON.parse(data.out));
      const [first] = report.traces;
      return {
        code: data.code,
        verdict: report.verdict,
        cause: first?.cause?.code,
        text: first?.cause?.text ?? '',
        command: first?.cause?.cures[0]?.command ?? '',
        sourceSeen: first?.sourceSeen ?? '',
        probe: `${first?.probe?.outcome ?? 'none'} ${first?.probe?.agrees === true ? 'agrees' : 'disagrees'}`,
        rules: (first?.hops ?? []).flatMap(({ rule }) =>
          rule === undefined
            ? []
            : typeof rule === 'string'
              ? [rule]
              : [`${rule.groupId} ${rule.direction} ${rule.index}`],
        ),
        output: printed.out,
      };
    },
    mend: async (found) => {
      if (!found.output.split('\n').includes(`  ${found.command}`))
        throw new Error(`the command is not a line of what was printed: ${found.command}`);
      return typePrinted(context, found.command, env);
    },
    run: async (program, args, own = {}) => {
      const { code, stdout, stderr } = await runProgram(program, args, { ...env, ...own }, folder);
      if (code === 0) return stdout;
      throw new Error(`${program} ${args.join(' ')} exits ${code}: ${stderr.trim() || stdout.trim()}`);
    },
  };
}

/** In this process's environment with `variables` on top (env(1)). Resolves also when the program is missing, with code 127. */
export function runProgram(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
  cwd = resolve('.'),
): Promise<ExecResult> {
  return new Promise((done) => {
    const settings = Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    );
    const child = spawn('env', [...settings, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd });
    const text = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
    child.on('error', (error) => done({ code: 127, stdout: '', stderr: error.message }));
    child.on('close', (code) => done({ code: code ?? 1, ...text }));
  });
}
