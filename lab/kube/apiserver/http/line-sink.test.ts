// The end of a watch's stream: what comes after it is dropped, and harms nobody.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createLineSink } from './line-sink.ts';

it('drops a line that is told between the end of the stream and the end of its connection', async () => {
  const errors: unknown[] = [];
  const server = createServer((_, response) => {
    response.on('error', (error) => errors.push(error));
    const sink = createLineSink(response, { first: [], maxWaiting: 1_000, onOverflow: () => errors.push('overflow') });
    sink.push(Buffer.from('before\n'));
    sink.end();
    sink.push(Buffer.from('after\n'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}`);
  expect(await answer.text()).toBe('before\n');
  server.close();
  await once(server, 'close');
  expect(errors).toEqual([]);
});
