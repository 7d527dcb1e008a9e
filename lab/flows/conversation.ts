// A program for Pods of the lab: keeps one TCP connection to `echo.ts` open until a new one gets no answer any more, then speaks on the first. Arguments: address, port, ms.
import { connect, type Socket } from 'node:net';
import type { Conversation } from './flows.ts';

/** A packet that nothing drops is answered long before. */
const SILENT_MS = 2_000;

const [to = '', port = '', limitMs = '30000'] = process.argv.slice(2);

/** Whether what is said comes back. */
function answers(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (answered: boolean): void => {
      clearTimeout(timer);
      socket.removeAllListeners('data');
      resolve(answered);
    };
    const timer = setTimeout(() => done(false), SILENT_MS);
    socket.once('data', () => done(true));
    socket.write('?');
  });
}

function open(): Socket {
  const socket = connect({ host: to, port: Number(port) });
  socket.on('error', () => undefined);
  return socket;
}

async function newOneAnswers(): Promise<boolean> {
  const socket = open();
  const answered = await answers(socket);
  socket.destroy();
  return answered;
}

const end = performance.now() + Number(limitMs);
const first = open();
const began = await answers(first);
let shut = false;
while (began && !shut && performance.now() < end) {
  shut = !(await newOneAnswers());
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const seen: Conversation = { began, shut, goesOn: await answers(first) };
first.destroy();
console.log(JSON.stringify(seen));
