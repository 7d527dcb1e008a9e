// The helper program: first inhabitant of the lab's namespaces, it does what the lab asks and ends when the lab does.
import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { errorText, TrunklineError } from '../../src/base/errors.ts';
import { createCarrier } from './carrier.ts';
import { NETNS_DIR } from './enter.ts';
import { HOST_ERRORS } from './errors.ts';
import { openListener } from './listen.ts';
import { setUpMounts } from './mounts.ts';
import { createProcesses } from './processes.ts';
import type { HelperMessage, RequestBody } from './protocol.ts';
import { helperOptionsSchema, requestIdSchema, requestSchema } from './protocol.ts';
import { createRoots } from './roots.ts';
import type { ExecResult } from './types.ts';

const TOOL_TIMEOUT_MS = 30_000;

const options = helperOptionsSchema.parse(JSON.parse(process.argv[2] ?? ''));
// Read before /proc is replaced: the pid by which the user's own shell knows this process.
const machinePid = Number(readlinkSync('/proc/self'));
process.chdir('/');
process.once('disconnect', () => process.exit(0));

const baseEnv = { PATH: options.path, HOME: '/root', LANG: 'C.UTF-8' };
const send = (message: HelperMessage, server?: Server): void => {
  if (!process.connected) return;
  // The lab holds its own copy from here on; keeping this one open would take connections that nobody serves.
  process.send?.(message, server, {}, () => server?.close());
};
const processes = createProcesses({
  baseEnv,
  onExit: (id, code, signal) => send({ kind: 'exited', id, code, signal }),
  onCarried: (id) => send({ kind: 'carried', id }),
  carrier: createCarrier(options.projectDir),
});
const tool = async (argv: [string, ...string[]]): Promise<ExecResult> =>
  await processes.exec({ op: 'exec', argv, timeoutMs: TOOL_TIMEOUT_MS });
const roots = createRoots({
  options,
  script: async (text, args) => await tool(['busybox', 'sh', '-eu', '-c', text, 'sh', ...args]),
});

function assertNetns(name: string): void {
  if (existsSync(join(NETNS_DIR, name))) return;
  throw new TrunklineError(HOST_ERRORS.unknownNetns, `netns ${name}: never added, or deleted`);
}

function assertPlace(place: { netns?: string | undefined; root?: string | undefined }): void {
  if (place.netns !== undefined) assertNetns(place.netns);
  if (place.root !== undefined) roots.assertKnown(place.root);
}

async function addNetns(name: string): Promise<void> {
  const path = join(NETNS_DIR, name);
  if (existsSync(path)) throw new TrunklineError(HOST_ERRORS.badRequest, `netns ${name}: exists already`);
  // Not `ip netns add`: it goes back to the namespace that it came from, which a user namespace may not enter.
  writeFileSync(path, '', { mode: 0o444 });
  // Loopback is up, as everything that lives in one wants it.
  await succeed(['unshare', `--net=${path}`, 'ip', 'link', 'set', 'lo', 'up']);
}

async function deleteNetns(name: string): Promise<void> {
  assertNetns(name);
  await succeed(['ip', 'netns', 'delete', name]);
}

async function succeed(argv: [string, ...string[]]): Promise<void> {
  const result = await tool(argv);
  if (result.code !== 0) throw new TrunklineError(HOST_ERRORS.command, `${argv.join(' ')}: ${result.stderr.trim()}`);
}

async function perform(id: number, body: RequestBody): Promise<unknown> {
  switch (body.op) {
    case 'exec':
      assertPlace(body);
      return await processes.exec(body);
    case 'spawn':
      assertPlace(body);
      mkdirSync(dirname(body.logFile), { recursive: true });
      return await processes.spawn(id, body);
    case 'open':
      assertPlace(body);
      return await processes.open(id, body);
    case 'dial':
      assertPlace({ netns: body.netns });
      return await processes.open(id, body);
    case 'kill':
      return processes.kill(body);
    case 'addNetns':
      return await addNetns(body.name);
    case 'deleteNetns':
      return await deleteNetns(body.name);
    case 'makeRoot':
      return await roots.make(body);
    case 'removeRoot':
      return await roots.remove(body.root);
    case 'writeFile':
      return roots.writeFile(body);
    case 'readFile':
      return roots.readFile(body.root, body.path, body.maxBytes);
    case 'listen':
      assertNetns(body.netns);
      return await openListener(body, baseEnv);
  }
}

async function answer(raw: unknown): Promise<void> {
  const request = requestSchema.safeParse(raw);
  if (!request.success) {
    const { id } = requestIdSchema.parse(raw);
    return send({ kind: 'error', id, code: HOST_ERRORS.badRequest.code, message: z.prettifyError(request.error) });
  }
  const { id, body } = request.data;
  try {
    const value = await perform(id, body);
    if (value instanceof Server) send({ kind: 'reply', id, value: null }, value);
    else send({ kind: 'reply', id, value: value ?? null });
  } catch (error) {
    const code = error instanceof TrunklineError ? error.code : HOST_ERRORS.command.code;
    send({ kind: 'error', id, code, message: errorText(error) });
  }
}

setUpMounts(options);
process.on('message', (raw: unknown) => void answer(raw));
send({ kind: 'ready', machinePid });
