// The process of one server under measurement: the embedded API server alone, or a bare node:https server that answers given bytes.
import { createServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { flushCompileCache } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createServingCertificates } from '../lab/kube/apiserver/access/certificates.ts';
import { startApiServer } from '../lab/kube/apiserver/index.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import type { Endpoint } from './kube-api-connection.ts';

/** What the benchmark asks its children for, by `ask`. */
export type Question = 'rss' | 'reset' | 'stall' | 'cpu';

const KEEP_ALIVE_MS = 120_000;

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

async function apiServer(): Promise<Endpoint> {
  const api = await startApiServer({
    clock: systemClock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    resolveService: () => Promise.resolve(undefined),
  });
  return { port: api.port, caPem: api.caPem, token: api.adminConnection().auth.token };
}

/** POST /event tells the watchers what was put at /event; everything else answers what was put at its path. */
async function bareServer(): Promise<Endpoint> {
  const { caPem, certPem, keyPem } = await createServingCertificates(new Date(), ['127.0.0.1']);
  const answers = new Map<string, Buffer>();
  const watchers = new Set<ServerResponse>();
  // A connection waits while the other server is measured, for longer than Node's default keeps it.
  const options = { cert: certPem, key: keyPem, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = createServer(options, (request, response) => {
    const path = request.url ?? '';
    response.setHeader('Content-Type', 'application/json');
    if (path === '/watch') {
      watchers.add(response);
      response.on('close', () => watchers.delete(response));
      response.flushHeaders();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'PUT') answers.set(path, Buffer.concat(chunks));
      const body = answers.get(path) ?? Buffer.alloc(0);
      if (path === '/event' && request.method === 'POST') for (const watcher of watchers) watcher.write(body);
      response.setHeader('Content-Length', body.length);
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, caPem, token: 'none' };
}

function answerTo(question: Question): number {
  switch (question) {
    case 'rss':
      return process.memoryUsage.rss();
    case 'cpu': {
      const { user, system } = process.cpuUsage();
      return user + system;
    }
    case 'reset':
    case 'stall':
      return delay.max / 1e6;
  }
}

process.on('message', (question: Question) => {
  if (question === 'reset') delay.reset();
  process.send?.(answerTo(question));
});
process.on('disconnect', () => {
  flushCompileCache();
  process.exit(0);
});
process.send?.(await (process.argv[2] === 'bare' ? bareServer() : apiServer()));
