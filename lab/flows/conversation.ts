// A program for Pods of the lab: keeps one TCP connection to `echo.ts` open until a new one gets no answer any more, then speaks on the first. Arguments: address, port, ms.
import { connect, type Socket } from 'node:net';
import type { Conversation } from './flows.ts';

/** A packet that nothing drops is answered long before, unless the machine is busy: so a silence counts when it is followed by another. */
const SILENT_MS = 2_000;
const LAST_MS = 5_000;

const [to = '', port = '', limitMs = '30000'] = process.argv.slice(2);

/** Whether what is said comes back. */
function answers(socket: Socket, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (answered: boolean): void => {
      clearTimeout(timer);
      socket.removeAllListeners('data').removeAllListeners('close');
      resolve(answered);
    };
    const timer = setTimeout(() => done(false), limitMs);
    socket.once('data', () => done(true));
    socket.once('close', () => done(false));
    socket.write('?');
  });
}

function open(): Socket {
  const socket = connect({ host: to, port: Number(port) });
  socket.on('error', () => undefined);
  return socket;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

async function newOneAnswers(): Promise<boolean> {
  const socket = open();
  const answered = await answers(socket, SILENT_MS);
  socket.destroy();
  return answered;
}

const end = performance.now() + Number(limitMs);
let first = open();
let began = await answers(first, SILENT_MS);
// The other side may be about to listen.
while (!began && performance.now() < end) {
  first.destroy();
  await pause();
  first = open();
  began = await answers(first, SILENT_MS);
}
let shut = false;
while (began && !shut && performance.now() < end) {
  shut = !(await newOneAnswers()) && !(await newOneAnswers());
  await pause();
}
const seen: Conversation = { began, shut, goesOn: await answers(first, LAST_MS) };
first.destroy();
console.log(JSON.stringify(seen));
