// A program for Pods and nodes of the lab: tries flows side by side and prints which of them got an answer. Argument: the flows as JSON.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Flow } from './flows.ts';

/** One attempt; a flow has several, since a rule may come into force between two of them. */
const ATTEMPT_MS = 1_000;

type Attempt = (flow: Flow, limitMs: number) => Promise<boolean>;

const tcp: Attempt = ({ to, port }, limitMs) =>
  new Promise((resolve) => {
    const socket = connect({ host: to, port });
    const done = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(limitMs, () => done(false));
    socket.on('data', () => done(true));
    socket.on('error', () => done(false));
    socket.on('close', () => done(false));
  });

const udp: Attempt = ({ to, port }, limitMs) =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    const done = (answered: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => done(false), limitMs);
    socket.once('message', () => done(true));
    socket.once('error', () => done(false));
    // Connected, as probes and resolvers do it: that is what early demux looks for.
    socket.connect(port, to, () => socket.send('?'));
  });

const icmp: Attempt = ({ to }, limitMs) =>
  new Promise((resolve) => {
    const child = spawn('busybox', ['ping', '-c', '1', '-W', String(Math.ceil(limitMs / 1000)), to]);
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });

const attempts: Readonly<Record<Flow['protocol'], Attempt>> = { tcp, udp, icmp };

async function answered(flow: Flow): Promise<boolean> {
  const end = performance.now() + flow.limitMs;
  do {
    const began = performance.now();
    if (await attempts[flow.protocol](flow, ATTEMPT_MS)) return true;
    // A refusal comes at once; asking again at once would only load the machine.
    const rest = began + ATTEMPT_MS / 2 - performance.now();
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  } while (performance.now() < end);
  return false;
}

const flows = JSON.parse(process.argv[2] ?? '[]') as readonly Flow[];
console.log(JSON.stringify(await Promise.all(flows.map(answered))));
