// Watch connections that misbehave: clients that stop reading, that close half, and a server that goes away.
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringAt } from '../json.ts';
import { configMap, paths } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

const WATCH = `${paths.configMaps}?watch=1&fieldSelector=metadata.name=noisy`;

/** A watch over a bare connection, for what an HTTP client would not do. */
function bareWatch(api: TestApi): Promise<TLSSocket> {
  const { caPem, port } = api.api;
  const { token } = api.api.adminConnection().auth;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, ca: caPem, allowHalfOpen: true };
    const socket = connect(options, () =>
      socket.write(`GET ${WATCH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`),
    );
    socket.on('error', reject);
    socket.once('readable', () => resolve(socket));
  });
}

describe('watch connections', () => {
  it('closes the connection of a client that stops reading, and tells every other everything', async () => {
    const stuck = await bareWatch(t);
    const closed = new Promise<void>((resolve) => stuck.on('close', () => resolve()));
    // Kept out of the way of `reject`: the server cuts it off.
    stuck.removeAllListeners('error');
    stuck.on('error', () => undefined);
    stuck.on('end', () => stuck.destroy());
    const healthy = await t.watch(WATCH);
    await t.call('POST', paths.configMaps, configMap('noisy'));
    await healthy.next();
    const filler = 'x'.repeat(500_000);
    for (let count = 1; count <= 40; count += 1) {
      await t.patch('merge', `${paths.configMaps}/noisy`, { data: { filler, count: String(count) } });
      expect(stringAt(await healthy.next(), 'object', 'data', 'count')).toBe(String(count));
    }
    // Only now does it read what the kernel still held, and finds the end.
    stuck.resume();
    await closed;
    healthy.close();
  });

  it('ends the watch of a client that has closed its side', async () => {
    const half = await bareWatch(t);
    const ended = new Promise<void>((resolve) => half.on('end', () => resolve()));
    half.resume();
    half.end();
    await ended;
    half.destroy();
  });

  it('ends every watch when the server stops', async () => {
    const other = await startTestApi();
    const watches = await Promise.all([1, 2, 3].map(() => other.watch(WATCH)));
    await other.close();
    await Promise.all(watches.map((watch) => watch.ended));
  });
});
