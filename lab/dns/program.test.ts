// The cluster DNS on a real API, asked by UDP and TCP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { services } from '../kube/controllers/views.ts';
import type { TestApi } from '../kube/apiserver/testing/test-api.ts';
import { startTestApi } from '../kube/apiserver/testing/test-api.ts';
import { RECORD_TYPES } from './message.ts';
import { runDns } from './program.ts';
import { askTcp, askUdp, queryBytes, readAnswer } from './testing/client.ts';

const NAME = 'kubernetes.default.svc.cluster.local';

describe('the cluster DNS', () => {
  let api: TestApi;
  let client: ReturnType<typeof createKubeClient>;
  let port = 0;
  const stop = new AbortController();
  let running: Promise<void>;

  beforeAll(async () => {
    api = await startTestApi();
    const { server, caPem, auth } = api.api.adminConnection();
    const connection = { server, caPem, auth: { readToken: () => Promise.resolve(auth.token) } };
    client = createKubeClient({ connection, clock: systemClock, logger: silentLogger });
    const listening = Promise.withResolvers<number>();
    running = runDns({
      client,
      clock: systemClock,
      logger: silentLogger,
      host: '127.0.0.1',
      port: 0,
      domain: 'cluster.local',
      random: () => 0,
      signal: stop.signal,
      onListening: listening.resolve,
    });
    port = await Promise.race([listening.promise, running.then(() => 0)]);
  });
  afterAll(async () => {
    stop.abort(new Error('done'));
    await running;
    client.close();
    await api.close();
  });

  it('knows everything that is there when it takes its first query', async () => {
    expect(readAnswer(await askUdp(port, queryBytes(NAME, RECORD_TYPES.A))).records).toEqual([
      `${NAME} 30 A 10.96.0.1`,
    ]);
  });

  it('follows Services that come and go', async () => {
    const answersWith = async (name: string, code: number): Promise<void> => {
      // Each question is a turn of the program, which its watch takes too.
      for (let turn = 0; turn < 5_000; turn += 1)
        if (readAnswer(await askUdp(port, queryBytes(name, RECORD_TYPES.A))).code === code) return;
      throw new Error(`${name} is not answered with code ${code}`);
    };
    const spec = { ports: [{ port: 80 }] };
    await client.create(
      services,
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'late' }, spec },
      { namespace: 'default' },
    );
    await answersWith('late.default.svc.cluster.local', 0);
    await client.delete(services, 'late', { namespace: 'default' });
    await answersWith('late.default.svc.cluster.local', 3);
  });

  it('takes several queries over one connection, however they are cut', async () => {
    const query = queryBytes(NAME, RECORD_TYPES.A);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length, 0);
    const both = Buffer.concat([length, query, length, query]);
    const answers = await askTcp(port, [both.subarray(0, 1), both.subarray(1, 20), both.subarray(20)], 2);
    expect(answers.map((answer) => readAnswer(answer).records)).toEqual([
      [`${NAME} 30 A 10.96.0.1`],
      [`${NAME} 30 A 10.96.0.1`],
    ]);
  });

  it('answers nonsense with the reason as a code, and goes on', async () => {
    const cut = queryBytes(NAME, RECORD_TYPES.A).subarray(0, 20);
    expect((await askUdp(port, cut)).readUInt16BE(2) & 15).toBe(1);
    const update = queryBytes(NAME, RECORD_TYPES.A);
    update.writeUInt16BE(5 << 11, 2);
    expect((await askUdp(port, update)).readUInt16BE(2) & 15).toBe(4);
    expect(readAnswer(await askUdp(port, queryBytes(NAME, RECORD_TYPES.A))).code).toBe(0);
  });
});
