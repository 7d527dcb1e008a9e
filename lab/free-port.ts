// A TCP port on loopback that nobody listens on at this moment.
import { createServer } from 'node:net';

/** Free when asked; another process may take it before it is used. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('no free port on loopback');
  return address.port;
}
