// A program that the helper starts inside a network namespace: opens a listening socket there, hands it over and ends.
import { createServer } from 'node:net';
import type { ListenerMessage } from './protocol.ts';

const [host = '', port = ''] = process.argv.slice(2);
const server = createServer();
const say = (message: ListenerMessage, handle?: typeof server): void => {
  process.send?.(message, handle);
};
// Not before the socket has arrived: an end that is noticed first would look like a failure, and leave the socket with nobody.
process.once('disconnect', () => process.exit(0));
server.once('error', (error) => say({ kind: 'refused', reason: error.message }));
server.listen({ host, port: Number(port) }, () => say({ kind: 'listening' }, server));
