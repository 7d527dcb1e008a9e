// The admin endpoint of a simulator that runs alone: faults, time and saving on command, counts, metrics and the audit log, behind a token.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { z } from 'zod';

import type { Clock } from '../../../src/base/clock.ts';
import { errorText } from '../../../src/base/errors.ts';
import { ApiError } from '../api-error.ts';
import type { Cloud } from '../cloud.ts';
import { applyFault, type FaultCommand, faultCommand } from './fault-command.ts';
import { countCalls, queryAudit, renderMetrics } from './insight.ts';
import type { ManualClock } from './manual-clock.ts';

export interface ControlServer {
  /** `http://HOST:PORT/_trunkline`. */
  readonly url: string;
  /** Goes into `Authorization: Bearer TOKEN`; new at every start. */
  readonly token: string;
  /** Cuts open connections too. */
  close(): Promise<void>;
}

export interface ControlOptions {
  readonly cloud: Pick<Cloud, 'admin' | 'requestLog' | 'save'>;
  /** Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The cloud's, which `POST clock` moves when it is a manual one. */
  readonly clock: Clock | ManualClock;
  /** Where `POST save` saves to, and how; undefined: it refuses. */
  readonly saveTo?: { readonly file: string; readonly save: () => Promise<void> };
}

interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

const MAX_BODY_BYTES = 1024 * 1024;
const json = (status: number, value: unknown): Reply => ({ status, body: `${JSON.stringify(value)}\n` });
const refusal = (status: number, error: string): Reply => json(status, { error });

/** Listens before it resolves; rejects when the address is taken. */
export async function serveControl(options: ControlOptions): Promise<ControlServer> {
  const { listen } = options;
  const token = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    void reply(options, token, request)
      .catch((error: unknown) => refusal(500, errorText(error)))
      .then(({ body, status, type = 'application/json' }) => {
        response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
        response.end(body);
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${listen.host}:${port}/_trunkline`,
    token,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function reply(options: ControlOptions, token: string, request: IncomingMessage): Promise<Reply> {
  const { clock, cloud, saveTo } = options;
  if (!sameText(request.headers.authorization ?? '', `Bearer ${token}`))
    return refusal(401, 'send Authorization: Bearer TOKEN with the token printed at the start');
  const url = new URL(request.url ?? '/', 'http://control');
  const call = `${request.method} ${url.pathname}`;
  switch (call) {
    case 'GET /_trunkline/calls':
      return json(200, countCalls(cloud.requestLog()));
    case 'GET /_trunkline/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4', body: renderMetrics(countCalls(cloud.requestLog())) };
    case 'GET /_trunkline/audit':
      return audit(cloud, url.searchParams);
    case 'POST /_trunkline/faults':
      return commanded(await bodyOf(request), faultCommand, (command) => fault(cloud, command));
    case 'GET /_trunkline/clock':
      return json(200, timeOf(clock));
    case 'POST /_trunkline/clock':
      return commanded(await bodyOf(request), clockCommand, (command) => advance(clock, command));
    case 'GET /_trunkline/save':
      return { status: 200, body: cloud.save() };
    case 'POST /_trunkline/save':
      if (saveTo === undefined) return refusal(409, 'start with --save FILE to say where; GET save answers the text');
      await saveTo.save();
      return json(200, { file: saveTo.file });
    default:
      return refusal(
        404,
        `no ${call}; there are GET calls, metrics, audit, clock, save and POST faults, clock, save under /_trunkline`,
      );
  }
}

const auditParameters = z.strictObject({
  action: z.string().optional(),
  resource: z.string().optional(),
  since: z.coerce.number().optional(),
  outcome: z.string().optional(),
});

function audit(cloud: ControlOptions['cloud'], parameters: URLSearchParams): Reply {
  const query = auditParameters.safeParse(Object.fromEntries(parameters));
  if (!query.success) return refusal(400, z.prettifyError(query.error));
  return json(200, queryAudit(cloud.requestLog(), query.data));
}

/** Reads the body and does what it commands. */
async function commanded<T>(
  text: string | undefined,
  schema: z.ZodType<T>,
  act: (command: T) => Reply | Promise<Reply>,
): Promise<Reply> {
  if (text === undefined) return refusal(413, `the body has more than ${MAX_BODY_BYTES} bytes`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return refusal(400, `the body is not JSON: ${errorText(error)}`);
  }
  const command = schema.safeParse(content);
  return command.success ? act(command.data) : refusal(400, z.prettifyError(command.error));
}

function fault(cloud: ControlOptions['cloud'], command: FaultCommand): Reply {
  try {
    applyFault(cloud.admin, command);
    return json(200, {});
  } catch (error) {
    if (error instanceof ApiError) return json(409, { error: error.message, code: error.code });
    throw error;
  }
}

const TEN_YEARS_S = 315_360_000;
const clockCommand = z.strictObject({ advanceSeconds: z.number().nonnegative().max(TEN_YEARS_S) });

const isManual = (clock: Clock | ManualClock): clock is ManualClock => 'advance' in clock;

const timeOf = (clock: Clock | ManualClock): object => ({
  now: clock.now().toISOString(),
  monotonicMs: clock.monotonicMs(),
  manual: isManual(clock),
});

async function advance(clock: Clock | ManualClock, { advanceSeconds }: z.output<typeof clockCommand>): Promise<Reply> {
  if (!isManual(clock)) return refusal(409, 'time passes by itself here; start with --manual-clock to move it');
  await clock.advance(advanceSeconds * 1000);
  return json(200, timeOf(clock));
}

/** Undefined when it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
