// A program for namespaces: answers TCP and UDP with the caller's address, and sends flows when it is told to. Arguments: name, control socket.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { createEchoCount } from './echo-count.ts';
import type { Order, PacketFlow, Word } from './words.ts';

const [name = '', path = ''] = process.argv.slice(2);
const control = connect(path);
const say = (word: Word): void => void control.write(`${JSON.stringify(word)}\n`);
/** What ends a flow that got no answer. */
const open = new Map<number, () => void>();
const echoes = createEchoCount();

const answered = (flow: number, seen: string): void => {
  open.delete(flow);
  say({ kind: 'answer', flow, seen });
};

function listen(address: string, port: number): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(socket.remoteAddress ?? '');
  });
  const udp = createSocket('udp4');
  udp.on('message', (_text, from) => udp.send(from.address, from.port, from.address));
  return Promise.all([
    new Promise<void>((resolve) => server.listen({ host: address, port, backlog: 1024 }, resolve)),
    new Promise<void>((resolve) => udp.bind(port, address, resolve)),
  ]);
}

function sendTcp({ id, to, port, sourcePort }: PacketFlow): void {
  const socket = connect({ host: to, port, localPort: sourcePort });
  let text = '';
  open.set(id, () => socket.destroy());
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  // A connection that ends without a word was refused, which is no answer.
  socket.on('close', () => text !== '' && answered(id, text));
}

function sendUdp({ id, to, port, sourcePort }: PacketFlow): void {
  const socket = createSocket('udp4');
  open.set(id, () => socket.close());
  socket.on('error', () => undefined);
  socket.on('message', (text) => {
    socket.close();
    answered(id, text.toString());
  });
  socket.bind(sourcePort, () => socket.connect(port, to, () => socket.send('?')));
}

function sendIcmp({ id, to }: PacketFlow): void {
  // Ends by its answer, or killed; the limit is only for what nobody ends.
  const child = spawn('busybox', ['ping', '-c', '1', '-W', '60', to], { stdio: 'ignore' });
  echoes.expectOne();
  open.set(id, () => child.kill('SIGKILL'));
  child.on('exit', (code) => {
    if (code !== 0) return;
    echoes.answeredOne();
    answered(id, '');
  });
}

const send = { TCP: sendTcp, UDP: sendUdp, ICMP: sendIcmp } as const;

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'listen':
      await Promise.all(order.ports.map((port) => listen(order.address, port)));
      return say({ kind: 'done' });
    case 'send':
      for (const flow of order.flows) send[flow.protocol](flow);
      return say({ kind: 'done' });
    case 'barrier':
      await echoes.settled();
      // Everything that could be read when this was read has been by then.
      return void setImmediate(() => setImmediate(() => say({ kind: 'done' })));
    case 'give-up':
      for (const end of open.values()) end();
      open.clear();
      echoes.reset();
      return say({ kind: 'done' });
  }
}

control.on('close', () => process.exit(0));
createInterface({ input: control }).on('line', (line) => void obey(JSON.parse(line) as Order));
say({ kind: 'hello', name });
