// Runs a tool of the node to its end: `ip`, `nft`, and what leads them into another namespace.
import { spawn } from 'node:child_process';
import { type CatalogueEntry, TrunklineError } from '../base/errors.ts';

export interface ToolOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `argv`: the program and its arguments. Resolves for every exit code; rejects with the row it was made with when the program cannot be started. */
export type Tool = (argv: readonly string[], input?: string) => Promise<ToolOutcome>;

export interface ToolOptions {
  /** The row of what a tool, or the kernel behind it, refuses. */
  readonly refused: CatalogueEntry;
  /** What leads every tool into another namespace, such as `nsenter --net=...`; by default it runs where the program is. */
  readonly lead?: readonly string[];
}

export function createTool({ refused, lead = [] }: ToolOptions): Tool {
  return (argv, input = '') =>
    new Promise((resolve, reject) => {
      const [program = '', ...args] = [...lead, ...argv];
      const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.on('error', (error) =>
        reject(new TrunklineError(refused, `${program} cannot be started: ${error.message}`, { cause: error })),
      );
      child.on('close', (code) =>
        resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
      );
      // It may end before it has read everything; its exit code tells why.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
}

/** The output of a tool that has to succeed; else the row with its arguments and its own words. */
export async function mustRun(
  tool: Tool,
  refused: CatalogueEntry,
  argv: readonly string[],
  input?: string,
): Promise<string> {
  const { code, stdout, stderr } = await tool(argv, input);
  if (code === 0) return stdout;
  throw new TrunklineError(refused, `${argv.join(' ')}: ${stderr.trim()}`);
}
