// The agent's socket, over the wire.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { TrunklineError } from '../base/errors.ts';
import { cniErrorResultSchema } from '../cni/error.ts';
import { askAgent } from './ask-agent.ts';
import { agentErrors } from './errors.ts';
import type { Inspection } from './inspection.ts';
import { createAgentMetrics } from './metrics.ts';
import { type CniHandler, createCniServer } from './server.ts';

interface Reply {
  readonly status: number | undefined;
  readonly length: string | undefined;
  readonly body: string;
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(handle: CniHandler) {
  const directory = mkdtempSync(join(tmpdir(), 'tke-server-'));
  const socket = join(directory, 'agent.sock');
  // Left by an agent that was killed.
  writeFileSync(socket, '');
  const stop = new AbortController();
  const listening = Promise.withResolvers<void>();
  const logger = { ...silentLogger, info: () => listening.resolve() };
  const inspection: Inspection = {
    page: (path) => Promise.resolve(path === '/health' ? { status: 200, type: 'text/plain', body: 'well' } : undefined),
    everything: () => ({ status: 200, type: 'application/json', body: '{"wired":[]}' }),
  };
  const metrics = createAgentMetrics();
  const clock = createFakeClock();
  const done = createCniServer({ socket, handle, inspection, metrics, clock, logger }).run(stop.signal);
  await Promise.race([listening.promise, done]);
  const shutDown = async (): Promise<void> => {
    stop.abort(new Error('SIGTERM'));
    await done;
  };
  cleanups.push(async () => {
    await shutDown();
    rmSync(directory, { recursive: true });
  });
  return { socket, shutDown, metrics };
}

const headers = {
  'x-cni-command': 'ADD',
  'x-cni-containerid': 'c1',
  'x-cni-netns': '/run/netns/p',
  'x-cni-ifname': 'eth0',
  'x-cni-args': 'K8S_POD_NAME=p',
};
const CONF = '{"cniVersion":"0.4.0","name":"n","type":"tke-route-eni"}';

function post(
  socket: string,
  options: { readonly headers?: object; readonly body?: string; readonly path?: string } = {},
): {
  readonly reply: Promise<Reply>;
  readonly sent: ClientRequest;
} {
  const outcome = Promise.withResolvers<Reply>();
  const sent = request(
    { socketPath: socket, method: 'POST', path: options.path ?? '/cni', headers: { ...headers, ...options.headers } },
    (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      answer.on('end', () =>
        outcome.resolve({ status: answer.statusCode, length: answer.headers['content-length'], body }),
      );
    },
  );
  sent.on('error', outcome.reject);
  sent.end(options.body ?? CONF);
  return { reply: outcome.promise, sent };
}
const errorIn = (reply: Reply) => cniErrorResultSchema.parse(JSON.parse(reply.body));

describe('the socket of the agent', () => {
  it('is for root alone, and takes the place of one that was left', async () => {
    const { socket } = await serve(() => Promise.resolve(undefined));
    expect(statSync(socket).isSocket()).toBe(true);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
  });

  it('answers a result with its length', async () => {
    const { socket } = await serve((call) => Promise.resolve({ id: call.containerId }));
    const reply = await post(socket).reply;
    expect(reply).toEqual({ status: 200, length: String(reply.body.length), body: '{"id":"c1"}\n' });
  });

  it('answers nothing, with its length, where a command has no result', async () => {
    const { socket } = await serve(() => Promise.resolve(undefined));
    expect(await post(socket).reply).toEqual({ status: 200, length: '0', body: '' });
  });

  it('answers an error in the version of the caller, with the cure of the catalogue', async () => {
    const { socket } = await serve(() => Promise.reject(new TrunklineError(agentErrors.notYet, 'no VpcENI yet')));
    const reply = await post(socket).reply;
    expect(reply.status).toBe(500);
    expect(errorIn(reply)).toMatchObject({ cniVersion: '0.4.0', code: 11, msg: 'no VpcENI yet' });
    expect(errorIn(reply).details).toContain('AGENT-NOT-YET');
  });

  it.each([
    ['an unknown command', { headers: { 'x-cni-command': 'PUT' } }, 4],
    ['another path', { path: '/' }, 4],
    ['a configuration over 1 MiB', { body: 'x'.repeat(1024 * 1024 + 1) }, 6],
  ])('refuses %s', async (_what, options, code) => {
    const { socket } = await serve(() => Promise.resolve(undefined));
    expect(errorIn(await post(socket, options).reply).code).toBe(code);
  });

  it('carries arguments as long as the entry may send', async () => {
    const args = `K8S_POD_NAME=${'p'.repeat(60_000)}`;
    const { socket } = await serve((call) => Promise.resolve({ length: call.args.length }));
    expect(JSON.parse((await post(socket, { headers: { 'x-cni-args': args } }).reply).body)).toEqual({
      length: args.length,
    });
  });

  it('tells a call that waits when the runtime hangs up', async () => {
    const waiting = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const { socket } = await serve((_call, signal) => {
      signal.addEventListener('abort', () => aborted.resolve());
      waiting.resolve();
      return aborted.promise.then(() => undefined);
    });
    const { reply, sent } = post(socket);
    reply.catch(() => undefined);
    await waiting.promise;
    sent.destroy();
    await aborted.promise;
  });

  it('answers a call that waits when the agent stops, instead of keeping it waiting', async () => {
    const waiting = Promise.withResolvers<void>();
    const { socket, shutDown } = await serve(
      (_call, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          waiting.resolve();
        }),
    );
    const { reply } = post(socket);
    await waiting.promise;
    await shutDown();
    expect(errorIn(await reply)).toMatchObject({ code: 11, msg: 'tke-eni-agent is stopping' });
  });

  it('tells what it holds, and how it is, on the same socket', async () => {
    const { socket } = await serve(() => Promise.resolve(undefined));
    expect(await askAgent(socket)).toBe('{"wired":[]}');
    await expect(askAgent(`${socket}.none`)).rejects.toThrow('the agent cannot be asked at');
  });

  it('counts each call with its command and the code that it ended with', async () => {
    let fails = false;
    const { socket, metrics } = await serve(() =>
      fails ? Promise.reject(new TrunklineError(agentErrors.notYet, 'no VpcENI yet')) : Promise.resolve({}),
    );
    await post(socket).reply;
    fails = true;
    await post(socket).reply;
    const text = await metrics.registry.metrics();
    expect(text).toContain('trunkline_agent_cni_call_seconds_count{command="ADD",code="0"} 1');
    expect(text).toContain('trunkline_agent_cni_call_seconds_count{command="ADD",code="11"} 1');
    expect(text).toContain('trunkline_agent_cni_call_seconds_count{command="GC",code="0"} 0');
  });
});
