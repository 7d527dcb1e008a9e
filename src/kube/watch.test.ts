// One watch connection on the wire.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { type ClosableKubeClient, createKubeClient } from './client.ts';
import { pods } from './resources.ts';
import { createInstantClock, type InstantClock } from './testing/instant-clock.ts';
import { type Exchange, type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts';
import type { WatchEvent } from './types.ts';

let server: ScriptedServer;
let clock: InstantClock;
let client: ClosableKubeClient;

beforeEach(async () => {
  server = await startScriptedServer();
  clock = createInstantClock();
  client = createKubeClient({ connection: { server: server.url, auth: {} }, clock, logger: silentLogger });
});
afterEach(async () => {
  client.close();
  await server.close();
});

const podEvent = (type: string, name: string, version: string) => ({
  type,
  object: { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', resourceVersion: version } },
});

interface Watching {
  readonly request: Exchange;
  readonly events: WatchEvent<unknown>[];
  /** `ended`, or what was thrown. */
  readonly outcome: Promise<unknown>;
}

async function watch(signal?: AbortSignal): Promise<Watching> {
  const events: WatchEvent<unknown>[] = [];
  const run = async (): Promise<string> => {
    for await (const event of client.watch(pods, {
      resourceVersion: '10',
      timeoutSeconds: 240,
      fieldSelector: 'spec.nodeName=n1',
      ...(signal === undefined ? {} : { signal }),
    }))
      events.push(event);
    return 'ended';
  };
  const outcome = run().catch((error: unknown) => error);
  const request = await server.next();
  request.stream();
  return { request, events, outcome };
}

describe('a watch', () => {
  it('asks for bookmarks from a version, for a limited time', async () => {
    const { request, outcome } = await watch();
    expect(Object.fromEntries(request.query)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      timeoutSeconds: '240',
      fieldSelector: 'spec.nodeName=n1',
    });
    request.end();
    expect(await outcome).toBe('ended');
  });

  it('gives events and bookmarks in order, also when lines and characters are cut between chunks', async () => {
    const { request, events, outcome } = await watch();
    const text = `${JSON.stringify(podEvent('ADDED', 'höhe', '11'))}\n${JSON.stringify(podEvent('MODIFIED', 'höhe', '12'))}\n\n${JSON.stringify({ type: 'BOOKMARK', object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: '20' } } })}\n`;
    for (const byte of Buffer.from(text)) request.raw(Uint8Array.of(byte));
    request.end();
    expect(await outcome).toBe('ended');
    expect(events).toEqual([
      podEvent('ADDED', 'höhe', '11'),
      podEvent('MODIFIED', 'höhe', '12'),
      { type: 'BOOKMARK', resourceVersion: '20' },
    ]);
  });

  it('throws the status inside an ERROR event', async () => {
    const { request, outcome } = await watch();
    request.line({
      type: 'ERROR',
      object: {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'Expired',
        code: 410,
        message: 'too old resource version',
      },
    });
    expect(await outcome).toMatchObject({ status: 410, reason: 'Expired' });
    await request.closed;
  });

  it('throws when the server refuses it', async () => {
    const outcome = (async () => {
      for await (const event of client.watch(pods, { resourceVersion: '1' })) return event;
      return 'ended';
    })().catch((error: unknown) => error);
    (await server.next()).fail(403, 'Forbidden');
    expect(await outcome).toMatchObject({ status: 403 });
  });

  it.each([
    ['a line that is not JSON', '<html>\n'],
    ['a line that is no event', '{"type":"SHRUG","object":{}}\n'],
    ['an object without a version', '{"type":"ADDED","object":{"metadata":{"name":"x"}}}\n'],
  ])('throws on %s, and closes the connection', async (_, text) => {
    const { request, events, outcome } = await watch();
    request.line(podEvent('ADDED', 'a', '11'));
    request.raw(text);
    expect(await outcome).toMatchObject({ code: 'KUBE-ANSWER-MALFORMED' });
    expect(events).toHaveLength(1);
    await request.closed;
  });

  it('throws when the server closes it in the middle of a line', async () => {
    const { request, outcome } = await watch();
    request.raw('{"type":"ADDED","obj');
    request.end();
    expect(await outcome).toMatchObject({ code: 'KUBE-ANSWER-MALFORMED' });
  });

  it('throws when the connection breaks', async () => {
    const { request, outcome } = await watch();
    request.line(podEvent('ADDED', 'a', '11'));
    await clock.settle();
    request.destroy();
    expect(await outcome).toMatchObject({ code: 'KUBE-CONNECTION-FAILED' });
  });

  it('throws when it was silent for longer than the server may be, counted from the last thing heard', async () => {
    const { request, events, outcome } = await watch();
    await clock.advance(200_000);
    request.line(podEvent('ADDED', 'a', '11'));
    while (events.length === 0) await clock.settle();
    await clock.advance(269_000);
    expect(await Promise.race([outcome, Promise.resolve('still open')])).toBe('still open');
    await clock.advance(1_000);
    expect(await outcome).toMatchObject({
      reason: 'Timeout',
      message: expect.stringContaining('silent for 270000 ms'),
    });
    await request.closed;
  });

  it('throws when the server accepts the connection and never answers', async () => {
    const outcome = (async () => {
      for await (const event of client.watch(pods, { resourceVersion: '1', timeoutSeconds: 240 })) return event;
      return 'ended';
    })().catch((error: unknown) => error);
    await server.next();
    await clock.advance(270_000);
    expect(await outcome).toMatchObject({ reason: 'Timeout' });
  });

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    const { request, outcome } = await watch(stop.signal);
    const reason = new Error('shutdown');
    stop.abort(reason);
    expect(await outcome).toBe(reason);
    await request.closed;
    expect(clock.pendingTimers).toBe(0);
  });

  it('closes the connection when its reader leaves', async () => {
    const left = (async () => {
      for await (const event of client.watch(pods, { resourceVersion: '10' })) if (event.type === 'ADDED') return;
    })();
    const request = await server.next();
    request.stream();
    request.line(podEvent('ADDED', 'a', '11'));
    await left;
    await request.closed;
    expect(clock.pendingTimers).toBe(0);
  });
});
