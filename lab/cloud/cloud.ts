// Starts the simulated Tencent Cloud account: the API over HTTP, and an in-process hand on what lies behind it.
import type { Clock } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/logger.ts';
import { allActions } from './actions/index.ts';
import { type CloudAdmin, createAdmin } from './admin.ts';
import { createClientTokens } from './client-tokens.ts';
import { createCore } from './core.ts';
import { createGateway } from './gateway.ts';
import { serveHttp } from './http-server.ts';
import { createRateLimiter } from './rate-limits.ts';
import type { FabricSink, FabricSnapshot } from './read-model.ts';
import { createRequestLog, type RequestLogEntry } from './request-log.ts';
import { type CloudSettings, defaultSettings } from './settings.ts';
import type { AcceptedCredential } from './signature.ts';

export interface CloudOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Absent: the API alone, nothing enforces its rules. */
  readonly fabric?: FabricSink;
  /** Makes ids and keys the same in every run. */
  readonly seed?: number;
  readonly settings?: Partial<CloudSettings>;
  /** Default ap-guangzhou. */
  readonly region?: string;
}

export interface Cloud {
  /** `http://127.0.0.1:PORT`, for tccli and the SDK. */
  readonly endpoint: string;
  readonly port: number;
  readonly secretId: string;
  readonly secretKey: string;
  readonly region: string;
  readonly admin: CloudAdmin;
  snapshot(): FabricSnapshot;
  /** Every request so far, in order of their answers. */
  requestLog(): readonly RequestLogEntry[];
  /** Called for every later request after it acted, before its answer leaves; `at` is the arrival. Returns the way to stop. */
  onRequest(listener: (entry: RequestLogEntry) => void): () => void;
  /** Cuts connections and ends pending tasks. */
  close(): Promise<void>;
}

/** Listens before it resolves; rejects when the address is taken. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const settings: CloudSettings = { ...defaultSettings, ...options.settings };
  const region = options.region ?? 'ap-guangzhou';
  const { clock, logger } = options;
  const core = createCore({ clock, logger, region, fabric: options.fabric, seed: options.seed, settings });
  const limiter = createRateLimiter(clock, settings.rateLimits);
  const log = createRequestLog();
  const main = {
    secretId: `AKID${core.ids.uuid().replaceAll('-', '')}`,
    secretKey: core.ids.uuid().replaceAll('-', ''),
  };
  const credentials: AcceptedCredential[] = [main];
  const answer = createGateway({
    core,
    logger,
    actions: allActions,
    credentials,
    limiter,
    tokens: createClientTokens(clock),
    log,
  });
  const front = await serveHttp(options.listen, answer);
  return {
    endpoint: `http://${options.listen.host}:${front.port}`,
    port: front.port,
    ...main,
    region,
    admin: createAdmin({ core, limiter, credentials }),
    snapshot: () => core.snapshot(),
    requestLog: () => log.entries,
    onRequest: (listener) => log.onEntry(listener),
    close: async () => {
      core.stop();
      await front.close();
    },
  };
}
