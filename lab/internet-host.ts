// The one host of the lab's internet: it tells every caller the address that it was called from.
import type { Server } from 'node:net';
import { INTERNET_HOST } from './fabric/internet.ts';
import type { LabHost } from './host/types.ts';

const PORT = 80;

/** Answers HTTP at INTERNET_HOST with the caller's address and a line feed. Lasts as long as the host. Rejects when the port cannot be had. */
export async function serveInternetHost(host: LabHost, netns: string): Promise<void> {
  const server = await host.listen(netns, { host: INTERNET_HOST, port: PORT });
  answerWithCaller(server);
  void host.ended.then(() => server.close());
}

function answerWithCaller(server: Server): void {
  server.on('connection', (socket) => {
    const body = `${socket.remoteAddress ?? ''}\n`;
    // One request a connection is all that anybody asks; who sends nothing gets nothing.
    socket.once('data', () =>
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      ),
    );
    socket.on('error', () => socket.destroy());
  });
}
