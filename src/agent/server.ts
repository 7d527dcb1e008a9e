// The agent's socket: one POST per call of the runtime, the CNI result or error as its answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { http } from '../base/node-http.ts';
import { type CniCall, decodeCall } from '../cni/call.ts';
import { cniCodes, CniError, errorResult } from '../cni/error.ts';
import { isCniVersion, NEWEST_CNI_VERSION, type CniVersion } from '../cni/version.ts';
import type { ManagedServer } from '../kube/manager.ts';
import { removeDurably } from './durable-file.ts';
import { INSPECT_PATH } from './ask-agent.ts';
import { asCniError } from './errors.ts';
import { type Inspection, sendPage } from './inspection.ts';
import type { AgentMetrics } from './metrics.ts';

const BODY_LIMIT = 1024 * 1024;
/** The entry sends at most 64 KiB of variables, and a few headers of its own. */
const HEADER_LIMIT = 80 * 1024;

/** The answer's JSON; undefined when the command has no result. `signal` aborts when the runtime hangs up. */
export type CniHandler = (call: CniCall, signal: AbortSignal) => Promise<object | undefined>;

export interface CniServerOptions {
  readonly socket: string;
  readonly handle: CniHandler;
  /** What GET answers. */
  readonly inspection: Inspection;
  readonly metrics: Pick<AgentMetrics, 'calls'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Logger;
}

/** Only root may connect. Serves while the Kubernetes API is down: what needs it waits by itself. */
export function createCniServer(options: CniServerOptions): ManagedServer {
  const { socket, logger } = options;
  return {
    name: 'cni',
    when: 'at-start',
    run: async (signal) => {
      if (signal.aborted) return;
      const stopping = new AbortController();
      const server = http.createServer({ maxHeaderSize: HEADER_LIMIT }, (request, response) => {
        const answered =
          request.method === 'GET'
            ? inspect(options.inspection, request, response)
            : answer(options, stopping.signal, request, response);
        answered.catch((error: unknown) => response.destroy(error as Error));
      });
      await mkdir(dirname(socket), { recursive: true, mode: 0o700 });
      await removeDurably(socket);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(socket, resolve);
      });
      await chmod(socket, 0o600);
      logger.info({ socket }, 'CNI calls are served');
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        const stop = (): void => {
          server.close(() => resolve());
          stopping.abort(new CniError(cniCodes.tryAgainLater, 'tke-eni-agent is stopping'));
        };
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop, { once: true });
      });
    },
  };
}

async function inspect(inspection: Inspection, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '';
  const page = path === INSPECT_PATH ? inspection.everything() : await inspection.page(path);
  const unknown = { status: 404, type: 'text/plain', body: `expected ${INSPECT_PATH}, /health, /ready or /metrics\n` };
  sendPage(response, page ?? unknown);
}

async function answer(
  { handle, metrics, clock, logger }: CniServerOptions,
  stopping: AbortSignal,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const hungUp = new AbortController();
  response.once('close', () => hungUp.abort(new CniError(cniCodes.tryAgainLater, 'the runtime gave the call up')));
  let version: CniVersion = NEWEST_CNI_VERSION;
  let described: object = {};
  let command: CniCall['command'] | undefined;
  const startedMs = clock.monotonicMs();
  const observe = (code: number): void => {
    if (command === undefined) return;
    metrics.calls.observe({ command, code: String(code) }, (clock.monotonicMs() - startedMs) / 1_000);
  };
  try {
    const body = await readBody(request);
    version = versionIn(body);
    if (request.method !== 'POST' || request.url !== '/cni')
      throw new CniError(cniCodes.invalidEnvironment, `${request.method} ${request.url} is not served; POST /cni is`);
    const call = decodeCall((name) => headerText(request.headers[name]), body);
    command = call.command;
    described = { command, containerId: call.containerId, args: call.args };
    const result = await handle(call, AbortSignal.any([hungUp.signal, stopping]));
    send(response, 200, result);
    observe(0);
    logger.debug(described, 'CNI call served');
  } catch (cause) {
    const error = asCniError(cause);
    logger.warn({ ...described, code: error.code, error: error.message, details: error.details }, 'CNI call refused');
    send(response, 500, errorResult(error, version));
    observe(error.code);
  }
}

/** Content-Length always: the entry refuses an answer that could have been cut off. */
function send(response: ServerResponse, statusCode: number, body: object | undefined): void {
  const bytes = Buffer.from(body === undefined ? '' : `${JSON.stringify(body)}\n`);
  response.writeHead(statusCode, {
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
    Connection: 'close',
  });
  response.end(bytes);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new CniError(cniCodes.undecodable, 'the network configuration is larger than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Node gives header bytes as Latin-1 characters. */
function headerText(value: string | readonly string[] | undefined): string {
  const text = typeof value === 'string' ? value : (value?.[0] ?? '');
  return Buffer.from(text, 'latin1').toString();
}

/** The version that errors are told in: the caller's, where it can be read. */
function versionIn(body: string): CniVersion {
  try {
    const conf: unknown = JSON.parse(body);
    if (typeof conf === 'object' && conf !== null && 'cniVersion' in conf && isCniVersion(conf.cniVersion))
      return conf.cniVersion;
  } catch {
    // Told again, with its reason, by whoever needs the configuration.
  }
  return NEWEST_CNI_VERSION;
}
