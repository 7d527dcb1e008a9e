// Clients that end their side of a connection as soon as they have asked.
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, paths } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

/** All that comes back for a text that is sent with the end of this side, once the server has closed its own. */
function sendAndEnd(text: string): Promise<string> {
  const { caPem, port } = t.api;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, ca: caPem, allowHalfOpen: true };
    const socket = connect(options, () => socket.end(text));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

const head = (line: string): string =>
  `${line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${t.api.adminConnection().auth.token}\r\n`;

describe('a client that has ended its side', () => {
  it('is told what became of what it sent', async () => {
    const body = JSON.stringify(configMap('last-words'));
    const answer = await sendAndEnd(
      `${head(`POST ${paths.configMaps}`)}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
    expect((await t.call('GET', `${paths.configMaps}/last-words`)).code).toBe(200);
  });

  it('gets what it asked for, request by request', async () => {
    const get = `${head('GET /version')}\r\n`;
    const answer = await sendAndEnd(get + get);
    expect(answer.match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(2);
  });

  it('is let go when it asks for nothing', async () => {
    expect(await sendAndEnd('')).toBe('');
  });
});
