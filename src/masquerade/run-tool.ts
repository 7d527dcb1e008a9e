// Runs a tool of the node to its end.
import { spawn } from 'node:child_process';
import { TrunklineError } from '../base/errors.ts';
import { masqErrors } from './errors.ts';

/** How a tool is started, and with what it is led into another namespace. */
export type ToolCommand = readonly [string, ...string[]];

export interface ToolOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves for every exit code; rejects with MASQ-KERNEL-REFUSED when the tool cannot be started. */
export function runTool(command: ToolCommand, args: readonly string[], input = ''): Promise<ToolOutcome> {
  const [program, ...before] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...before, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.on('error', (error) =>
      reject(
        new TrunklineError(masqErrors.kernelRefused, `${program} cannot be started: ${error.message}`, {
          cause: error,
        }),
      ),
    );
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    // It may end before it has read everything; its exit code tells why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
