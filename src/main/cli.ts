#!/usr/bin/env node
// Composition root of the command line: `trunkline`, and `kubectl trunkline` when called as kubectl-trunkline.
import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename } from 'node:path';
import { setFlagsFromString } from 'node:v8';

import project from '../../package.json' with { type: 'json' };
import { systemClock } from '../base/clock.ts';
import { stopOnSignals } from '../base/stop-signal.ts';
import { runCli } from '../cli/program.ts';

// Reading a large cluster leaves much garbage and keeps little: a nursery that does not grow spares 100 MB of 10,000 Pods and 50,000 rules.
setFlagsFromString('--semi-space-growth-factor=1');

// A reader such as `head` that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 4));
// What nobody hears changes nothing about the answer.
process.stderr.on('error', () => undefined);

/** A credential program of a kubeconfig that takes longer waits for a person. */
const PROGRAM_TIMEOUT_MS = 60_000;

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

process.exitCode = await runCli(
  {
    name: basename(process.argv[1] ?? '').startsWith('kubectl-') ? 'kubectl trunkline' : 'trunkline',
    version: `v${project.version}`,
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    home: homedir(),
    clock: systemClock,
    signal: stopOnSignals(),
    readFile: (path) => readFile(path, 'utf8'),
    writeFile: (path, content) => writeFile(path, content, { mode: 0o600 }),
    readStdin,
    lookup: async (name) => (await lookup(name, { all: true, family: 4 })).map(({ address }) => address),
    runProgram: (command, args, env) =>
      new Promise((resolve, reject) => {
        execFile(command, args, { env: { ...env }, timeout: PROGRAM_TIMEOUT_MS }, (error, stdout, stderr) =>
          error === null ? resolve(stdout) : reject(new Error(stderr.trim() || error.message)),
        );
      }),
  },
  process.argv.slice(2),
);
