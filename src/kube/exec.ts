// Runs a command in a container through the API server, as `kubectl exec` without a terminal: a WebSocket with one channel per stream.
import type { IncomingMessage } from 'node:http';
import { type RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { apiErrorFromAnswer, connectionError } from './api-error.ts';
import type { KubeConnection } from './connection.ts';
import { newAgent } from './transport.ts';

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface ExecAnswer {
  /** Of the command; 126 or 127 when the container has no such program, as its runtime says. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when the command has ended, whatever its exit code. Throws ApiError when it could not be begun, and the signal's reason when aborted. */
export type Exec = (target: ExecTarget, argv: readonly string[], signal: AbortSignal) => Promise<ExecAnswer>;

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const CHANNELS = { stdout: 1, stderr: 2, status: 3 } as const;
/** A command that writes more than this is not one that diagnosis runs. */
const MOST_OUTPUT = 1024 * 1024;

const statusSchema = z.object({
  status: z.string(),
  message: z.string().optional(),
  details: z.object({ causes: z.array(z.object({ reason: z.string(), message: z.string() })).optional() }).optional(),
});

export function createExec(connection: KubeConnection): Exec {
  return async (target, argv, signal) => {
    const path = `/api/v1/namespaces/${target.namespace}/pods/${target.pod}/exec`;
    const query = new URLSearchParams([
      ['container', target.container],
      ['stdout', 'true'],
      ['stderr', 'true'],
      ...argv.map((word): [string, string] => ['command', word]),
    ]);
    const token = await connection.auth.readToken?.();
    signal.throwIfAborted();
    const base = new URL(connection.server);
    const secure = base.protocol === 'https:';
    const socket = new WebSocket(
      `${secure ? 'wss' : 'ws'}://${base.host}${base.pathname.replace(/\/+$/, '')}${path}?${query.toString()}`,
      PROTOCOLS,
      {
        agent: newAgent(secure, connection, { keepAlive: false }),
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        maxPayload: MOST_OUTPUT,
        perMessageDeflate: false,
      },
    );
    return listen(socket, `GET ${path}`, signal);
  };
}

async function refused(call: string, answer: IncomingMessage): Promise<Error> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(Buffer.from(chunk as Uint8Array));
  const text = Buffer.concat(chunks).toString('utf8');
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // The text itself is then what is known.
  }
  return apiErrorFromAnswer({ call, status: answer.statusCode ?? 0, body });
}

function listen(socket: WebSocket, call: string, signal: AbortSignal): Promise<ExecAnswer> {
  const text = { stdout: '', stderr: '' };
  let status: ExecAnswer['code'] | Error | undefined;
  const hear = (data: Buffer): void => {
    const [channel] = data;
    const rest = data.toString('utf8', 1);
    if (channel === CHANNELS.stdout) text.stdout += rest;
    if (channel === CHANNELS.stderr) text.stderr += rest;
    if (channel === CHANNELS.status) status = codeOf(call, rest);
    if (text.stdout.length + text.stderr.length > MOST_OUTPUT)
      status = connectionError(call, new Error(`the command writes more than ${MOST_OUTPUT} bytes`));
    if (status instanceof Error) socket.terminate();
  };
  return new Promise((resolve, reject) => {
    const abort = (): void => socket.terminate();
    signal.addEventListener('abort', abort, { once: true });
    socket.on('message', (data) => hear(bytesOf(data)));
    socket.on('unexpected-response', (_, answer: IncomingMessage) => {
      void refused(call, answer).then((error) => {
        status = error;
        socket.terminate();
      });
    });
    socket.on('error', (error) => {
      status ??= connectionError(call, error);
    });
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      else if (status instanceof Error) reject(status);
      else if (status === undefined) reject(connectionError(call, new Error('it ended without an exit code')));
      else resolve({ code: status, ...text });
    });
  });
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

/** A Status: success, an exit code among the causes, or why nothing ran. */
function codeOf(call: string, text: string): number | Error {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return connectionError(call, new Error(`the status is not JSON: ${text}`));
  }
  const status = statusSchema.safeParse(value).data;
  if (status?.status === 'Success') return 0;
  const code = status?.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return code === undefined ? apiErrorFromAnswer({ call, status: 500, body: value }) : Number(code);
}
