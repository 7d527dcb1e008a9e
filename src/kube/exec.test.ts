// A command in a container, over a server that speaks the channel protocol.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createExec } from './exec.ts';

const TARGET = { namespace: 'default', pod: 'web', container: 'main' };
const never = (): AbortSignal => new AbortController().signal;

let server: Server;
let answer: (socket: WebSocket, url: string) => void;
let refusal: string | undefined;

beforeEach(async () => {
  refusal = undefined;
  answer = () => undefined;
  const sockets = new WebSocketServer({ noServer: true });
  server = createServer();
  server.on('upgrade', (request, socket, head) => {
    if (refusal !== undefined) return void socket.end(refusal);
    sockets.handleUpgrade(request, socket, head, (opened) => answer(opened, request.url ?? ''));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

const exec = (argv: readonly string[], signal = never()) =>
  createExec({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, auth: {} })(TARGET, argv, signal);
const channel = (socket: WebSocket, number: number, text: string): void =>
  socket.send(Buffer.concat([Buffer.from([number]), Buffer.from(text)]));

describe('a command in a container', () => {
  it('gives what it wrote to each stream, and its exit code', async () => {
    let asked = '';
    answer = (socket, url) => {
      asked = url;
      channel(socket, 1, 'out');
      channel(socket, 2, 'err');
      channel(socket, 1, 'put');
      const causes = [{ reason: 'ExitCode', message: '28' }];
      channel(socket, 3, JSON.stringify({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes } }));
      socket.close();
    };
    expect(await exec(['curl', 'a b'])).toEqual({ code: 28, stdout: 'output', stderr: 'err' });
    expect(asked).toBe(
      '/api/v1/namespaces/default/pods/web/exec?container=main&stdout=true&stderr=true&command=curl&command=a+b',
    );
  });

  it('ends with 0 where the server says success', async () => {
    answer = (socket) => {
      channel(socket, 3, JSON.stringify({ status: 'Success' }));
      socket.close();
    };
    expect((await exec(['true'])).code).toBe(0);
  });

  it('that may not be begun is refused in the words of the server', async () => {
    const body = JSON.stringify({ kind: 'Status', message: 'pods "web" is forbidden', reason: 'Forbidden', code: 403 });
    refusal = `HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
    await expect(exec(['true'])).rejects.toMatchObject({ status: 403, reason: 'Forbidden' });
  });

  it('that breaks off without an exit code is an error', async () => {
    answer = (socket) => socket.terminate();
    await expect(exec(['true'])).rejects.toThrow('GET /api/v1/namespaces/default/pods/web/exec');
  });

  it('is given up with the reason of the signal', async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('enough'));
    await expect(exec(['sleep'], stop.signal)).rejects.toThrow('enough');
  });
});
