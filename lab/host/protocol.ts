// The messages between the lab and its helper process, decoded on both sides.
import { z } from 'zod';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'expected a name of letters, digits, "_", "." and "-", at most 63 long');
const absolutePath = z.string().startsWith('/', 'expected an absolute path');
const argv = z.tuple([z.string().min(1, 'expected a program')], z.string());

const place = {
  argv,
  netns: name.optional(),
  root: absolutePath.optional(),
  env: z.record(z.string(), z.string()).optional(),
  cwd: absolutePath.optional(),
};

const execRequest = z.object({
  op: z.literal('exec'),
  ...place,
  stdin: z.string().optional(),
  timeoutMs: z.number().positive(),
});
const hostname = z.string().min(1).max(64).optional();
const consoleOptions = z.object({
  hostname,
  socket: absolutePath,
  stdin: z.boolean(),
  stdinOnce: z.boolean(),
  tty: z.boolean(),
});
const spawnRequest = z.object({
  op: z.literal('spawn'),
  ...place,
  logFile: absolutePath,
  console: consoleOptions.optional(),
});
/** Where the carrier of a process finds who asked for it. */
const caller = { socket: absolutePath, token: z.string().min(1) };
const openRequest = z.object({
  op: z.literal('open'),
  ...place,
  ...caller,
  hostname,
  stdin: z.boolean(),
  tty: z.boolean(),
});
const dialRequest = z.object({
  op: z.literal('dial'),
  ...caller,
  netns: name.optional(),
  port: z.number().int().min(1).max(65_535),
});
const killRequest = z.object({
  op: z.literal('kill'),
  /** Id of the spawn request that started it. */
  process: z.number(),
  signal: z.enum(['SIGTERM', 'SIGKILL', 'SIGSTOP', 'SIGCONT']),
});
const bind = z.object({
  source: absolutePath,
  sourceRoot: absolutePath.optional(),
  target: absolutePath,
  readOnly: z.boolean().optional(),
});
const makeRootRequest = z.object({ op: z.literal('makeRoot'), name, binds: z.array(bind) });
const writeFileRequest = z.object({
  op: z.literal('writeFile'),
  root: absolutePath,
  path: absolutePath,
  base64: z.string(),
  mode: z.number().int().optional(),
});
const listenRequest = z.object({
  op: z.literal('listen'),
  netns: name,
  host: z.string().min(1),
  port: z.number().int().min(0).max(65_535),
});

const requestBody = z.discriminatedUnion('op', [
  execRequest,
  spawnRequest,
  killRequest,
  openRequest,
  dialRequest,
  z.object({ op: z.literal('addNetns'), name }),
  z.object({ op: z.literal('deleteNetns'), name }),
  makeRootRequest,
  z.object({ op: z.literal('removeRoot'), root: absolutePath }),
  writeFileRequest,
  z.object({
    op: z.literal('readFile'),
    root: absolutePath,
    path: absolutePath,
    maxBytes: z.number().int().positive().optional(),
  }),
  listenRequest,
]);

/** What the lab asks of the helper; `id` comes back in the reply and names a spawned process from then on. */
export const requestSchema = z.object({ id: z.number().int(), body: requestBody });

/** The part of a request that must be there for a refusal to find its way back. */
export const requestIdSchema = z.object({ id: z.number().int() });

/** What the helper says to the lab. The reply of `listen` carries the server's handle beside the message. */
export const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), machinePid: z.number().int() }),
  z.object({ kind: z.literal('reply'), id: z.number(), value: z.unknown() }),
  z.object({ kind: z.literal('error'), id: z.number(), code: z.string(), message: z.string() }),
  /** All output of a spawned process is written. */
  z.object({ kind: z.literal('carried'), id: z.number() }),
  z.object({ kind: z.literal('exited'), id: z.number(), code: z.number().nullable(), signal: z.string().nullable() }),
]);

/** What the listener program says to the helper. */
export const listenerMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('listening') }),
  z.object({ kind: z.literal('refused'), reason: z.string() }),
]);

/** The helper's start parameters, one JSON argument. */
export const helperOptionsSchema = z.object({ projectDir: absolutePath, stateDir: absolutePath, path: z.string() });

/** Value of the reply to `exec`. */
export const execResultSchema = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });
/** Value of the reply to `spawn`. */
export const spawnResultSchema = z.object({ pid: z.number() });

/** One of the operations above. */
export type RequestBody = z.output<typeof requestBody>;
/** A message of the helper to the lab. */
export type HelperMessage = z.output<typeof messageSchema>;
/** A message of the listener program to the helper. */
export type ListenerMessage = z.output<typeof listenerMessageSchema>;
/** The helper's start parameters. */
export type HelperOptions = z.output<typeof helperOptionsSchema>;
/** Operations by name, for the parts of the helper that perform them. */
export type ExecRequest = z.output<typeof execRequest>;
export type SpawnRequest = z.output<typeof spawnRequest>;
export type OpenRequest = z.output<typeof openRequest>;
export type DialRequest = z.output<typeof dialRequest>;
export type KillRequest = z.output<typeof killRequest>;
export type BindRequest = z.output<typeof bind>;
export type MakeRootRequest = z.output<typeof makeRootRequest>;
export type WriteFileRequest = z.output<typeof writeFileRequest>;
export type ListenRequest = z.output<typeof listenRequest>;
/** Where a process runs: the part that exec and spawn share. */
export type Place = Pick<ExecRequest, 'argv' | 'netns' | 'root' | 'env' | 'cwd'>;
