// What the server says to requests that no handler should see, and how it ends.
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createServingCertificates } from '../../lab/kube/apiserver/access/certificates.ts';
import { systemClock } from '../base/clock.ts';
import { closeServer, createJsonServer, type JsonRoutes } from './json-server.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(routes: JsonRoutes, errors: unknown[] = []) {
  const { caPem, certPem, keyPem } = await createServingCertificates(new Date(), ['127.0.0.1']);
  const server = createJsonServer({
    certificate: { cert: certPem, key: keyPem },
    routes,
    bodyLimit: 100,
    onError: (error) => void errors.push(error),
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => closeServer(server, 5_000, (ms, fn) => systemClock.after(ms, fn));
  ends.push(close);
  const call = (method: string, path: string, body = ''): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, ca: caPem, method, path }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  return { call, close };
}

const echo: JsonRoutes = new Map([['POST /echo', ({ body }) => ({ status: 200, json: body })]]);

describe('the server', () => {
  it('answers JSON with JSON, whatever follows the path', async () => {
    const { call } = await start(echo);
    expect(await call('POST', '/echo?timeout=5s', '{"a":"é"}')).toEqual({ status: 200, text: '{"a":"é"}' });
  });

  it.each([
    ['what is not served', 'GET', '/echo', '', 404],
    ['what is not JSON', 'POST', '/echo', '{"a"', 400],
    ['what is too large', 'POST', '/echo', JSON.stringify('x'.repeat(200)), 413],
  ])('refuses %s', async (_name, method, path, body, status) => {
    expect((await (await start(echo)).call(method, path, body)).status).toBe(status);
  });

  it('tells a handler that failed, and goes on', async () => {
    const errors: unknown[] = [];
    const fails = new Map([
      [
        'GET /',
        (): never => {
          throw new Error('broken');
        },
      ],
    ]);
    const { call } = await start(fails, errors);
    expect((await call('GET', '/')).status).toBe(500);
    expect((await call('GET', '/')).status).toBe(500);
    expect(errors).toHaveLength(2);
  });

  it('lets an answer under way go out when it is closed', async () => {
    const entered = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const slow: JsonRoutes = new Map([
      [
        'GET /slow',
        async () => {
          entered.resolve();
          await finish.promise;
          return { status: 200, text: 'done' };
        },
      ],
    ]);
    const { call, close } = await start(slow);
    const answer = call('GET', '/slow');
    await entered.promise;
    const closed = close();
    finish.resolve();
    expect(await answer).toEqual({ status: 200, text: 'done' });
    await closed;
    ends.length = 0;
  });
});
