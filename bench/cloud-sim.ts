// The simulated cloud's speed, memory and use of its indexes, alone in a process, beside a bare HTTP server that sends the same bytes.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { authorization } from '../lab/cloud/testing/raw-request.ts';
import { BENCH_SUBNET, type SimChild } from './cloud-sim-message.ts';
import type { Benchmark, Figure } from './result.ts';
import { figure, median } from './result.ts';

const BLOCKS = 5;
const ENIS = 10_000;
const ADDRESSES_EACH = 10;
const SMALL = 100;
const MANY = 100_000;
const FLOOR = 0.3;
const CONNECTIONS = 8;
const CALLS = 2000;
const WARM_UP = 3000;
const MEMORY_MB = 400;
const IN_SUBNET = { Name: 'subnet-id', Values: [BENCH_SUBNET] };
/** What a page and a filter may cost with a hundred times the ENIs. */
const GROWTH = 1.5;

export const cloudSim: Benchmark = {
  name: 'cloud-sim',
  title: `the simulated cloud with ${ENIS} ENIs: at least ${FLOOR} x a bare HTTP server; cost by index; ${MANY} ENIs under ${MEMORY_MB} MB`,
  run: async (progress) => {
    const many = await startChild('sim', MANY, 1);
    const memory = many.rss / 2 ** 20;
    many.close();
    progress(`${MANY} ENIs: ${memory.toFixed(0)} MB`);
    const children = await Promise.all([
      startChild('sim', ENIS, ADDRESSES_EACH),
      startChild('sim', SMALL, ADDRESSES_EACH),
      startChild('bare', 0, 0),
    ]);
    try {
      return {
        benchmark: 'cloud-sim',
        conditions: `${BLOCKS} blocks of ${CALLS} signed calls over ${CONNECTIONS} connections, interleaved, after ${WARM_UP} warm-up calls; medians; ${ENIS * ADDRESSES_EACH} addresses loaded; budget: 1/${FLOOR} of the bare time, ${GROWTH} x the time with ${SMALL} ENIs`,
        figures: [
          figure(`resident memory, ${MANY} ENIs`, memory, 'MB', MEMORY_MB),
          ...(await measureAll(children, progress)),
        ],
      };
    } finally {
      for (const child of children) child.close();
    }
  },
};

interface Child extends SimChild {
  close(): void;
}

async function measureAll(
  [large, small, bare]: readonly [Child, Child, Child],
  progress: (line: string) => void,
): Promise<Figure[]> {
  const lines = await Promise.all([large, small, bare].map((child) => openLines(child.port)));
  const [toLarge = [], toSmall = [], toBare = []] = lines;
  const figures: Figure[] = [];
  const questions = [
    ['one ENI by id', (child: Child) => ({ NetworkInterfaceIds: [child.eniId] })],
    ['one ENI by filter', () => ({ Filters: [{ Name: 'address-ip', Values: ['10.0.1.4'] }] })],
    ['none by public address', () => ({ Filters: [{ Name: 'public-address-ip', Values: ['203.0.113.9'] }] })],
    ['a page of 20', () => ({ Offset: 40, Limit: 20 })],
    ['the last page of a subnet', (child: Child) => ({ Filters: [IN_SUBNET], Offset: child.enis - 20, Limit: 20 })],
  ] as const;
  for (const [name, body] of questions) {
    const [ask, askSmall] = [request(large, body(large)), request(small, body(small))];
    const answer = await exchange(first(toLarge), ask);
    if (answer.includes('"Error"')) throw new Error(`${name}: ${answer.toString()}`);
    const put = Buffer.concat([
      Buffer.from(`PUT / HTTP/1.1\r\nHost: bare\r\nContent-Length: ${answer.length}\r\n\r\n`),
      answer,
    ]);
    await exchange(first(toBare), put);
    await Promise.all([
      callAll(toLarge, ask, WARM_UP),
      callAll(toSmall, askSmall, WARM_UP),
      callAll(toBare, ask, WARM_UP),
    ]);
    const times: [number, number, number][] = [];
    for (let block = 0; block < BLOCKS; block += 1)
      times.push([
        await callAll(toLarge, ask, CALLS),
        await callAll(toSmall, askSmall, CALLS),
        await callAll(toBare, ask, CALLS),
      ]);
    const of = (which: 0 | 1 | 2): number => median(times.map((row) => row[which]));
    progress(`${name}: ${of(0).toFixed(3)} ms, bare ${of(2).toFixed(3)} ms, with ${SMALL} ENIs ${of(1).toFixed(3)} ms`);
    figures.push(
      figure(name, of(0), 'ms', of(2) / FLOOR, { what: 'bare HTTP', value: of(2) }),
      figure(`${name}, beside ${SMALL} ENIs`, of(0), 'ms', of(1) * GROWTH, { what: `${SMALL} ENIs`, value: of(1) }),
    );
  }
  for (const socket of lines.flat()) socket.destroy();
  return figures;
}

async function startChild(kind: 'sim' | 'bare', enis: number, addressesEach: number): Promise<Child> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'cloud-sim-child.ts'), [
    kind,
    String(enis),
    String(addressesEach),
  ]);
  const [ready] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the ${kind} process ended early`))),
  ])) as [SimChild];
  return { ...ready, close: () => child.disconnect() };
}

/** DescribeNetworkInterfaces with this body, signed once: a signature holds for five minutes. */
function request(child: SimChild, content: object): Buffer {
  const body = JSON.stringify(content);
  const host = `127.0.0.1:${child.port}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  // The Node SDK signs the host without its port (facts, section 3.3).
  const parts = { method: 'POST', query: '', contentType: 'application/json', host: '127.0.0.1', timestamp, body };
  return Buffer.from(
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-TC-Action: DescribeNetworkInterfaces\r\nX-TC-Version: 2017-03-12\r\nX-TC-Region: ap-guangzhou\r\n` +
      `X-TC-Timestamp: ${timestamp}\r\nAuthorization: ${authorization(child, parts)}\r\n\r\n${body}`,
  );
}

async function openLines(port: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect(port, '127.0.0.1').setNoDelay();
      await once(socket, 'connect');
      return socket;
    }),
  );
}

/** Milliseconds per call. */
async function callAll(lines: readonly Socket[], bytes: Buffer, calls: number): Promise<number> {
  let left = calls;
  const started = performance.now();
  await Promise.all(
    lines.map(async (socket) => {
      while (left > 0) {
        left -= 1;
        await exchange(socket, bytes);
      }
    }),
  );
  return (performance.now() - started) / calls;
}

/** The body of the answer. Rejects when the server hangs up. */
function exchange(socket: Socket, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got: Buffer = Buffer.alloc(0);
    const end = (): void => {
      socket.off('data', onData).off('close', onClose);
    };
    const onClose = (): void => {
      end();
      reject(new Error('the server closed the connection'));
    };
    const onData = (chunk: Buffer): void => {
      got = got.length === 0 ? chunk : Buffer.concat([got, chunk]);
      const head = got.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(got.toString('latin1', 0, head))?.[1]);
      if (got.length < head + 4 + length) return;
      end();
      resolve(got.subarray(head + 4));
    };
    socket.on('data', onData).on('close', onClose);
    socket.write(bytes);
  });
}

function first(lines: readonly Socket[]): Socket {
  const [line] = lines;
  if (line === undefined) throw new Error('no connection');
  return line;
}
