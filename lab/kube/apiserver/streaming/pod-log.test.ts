// pods/log with a node that the test plays.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApiBench } from '../../testing/api-bench.ts';
import { StreamRefusal } from './node-streams.ts';
import { createFakeNode } from './testing/fake-node.ts';
import type { FakeNode } from './testing/fake-node.ts';
import { startStreamBench } from './testing/stream-bench.ts';
import { trust } from './testing/web-socket-client.ts';

describe('pods/log', () => {
  let bench: ApiBench;
  let node: FakeNode;
  beforeAll(async () => {
    node = createFakeNode();
    bench = await startStreamBench(node);
    trust(bench.api);
  });
  afterAll(async () => await bench.close());
  beforeEach(() => node.refuse(undefined));
  const get = async (query: string, pod = 'web', token = bench.api.adminConnection().auth.token): Promise<Response> =>
    await fetch(`${bench.api.url}/api/v1/namespaces/default/pods/${pod}/log${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });

  it('is the text of the node', async () => {
    const response = await get('');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain']);
    expect(await response.text()).toBe('one\ntwo\n');
  });

  it('passes every option on', async () => {
    await get('?follow=true&previous=1&timestamps=true&sinceTime=2026-01-02T03:04:05Z&tailLines=5&limitBytes=10');
    expect(node.logsAsked.at(-1)).toMatchObject({
      target: { namespace: 'default', pod: 'web', container: 'web' },
      options: {
        follow: true,
        previous: true,
        timestamps: true,
        sinceMs: Date.parse('2026-01-02T03:04:05Z'),
        tailLines: 5,
        limitBytes: 10,
      },
    });
    const before = Date.now();
    await get('?sinceSeconds=60&container=web');
    const { sinceMs = 0 } = node.logsAsked.at(-1)?.options ?? {};
    expect(before - sinceMs).toBeLessThanOrEqual(60_000);
    expect(before - sinceMs).toBeGreaterThan(50_000);
  });

  it.each([
    [
      '?tailLines=-1',
      422,
      'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['?limitBytes=0', 422, 'PodLogOptions "web" is invalid: limitBytes: Invalid value: 0: must be greater than 0'],
    ['?sinceSeconds=0', 422, 'PodLogOptions "web" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0'],
    [
      '?sinceSeconds=5&sinceTime=2026-01-02T03:04:05Z',
      422,
      'at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ['?tailLines=few', 400, 'parsing "few"'],
    ['?sinceTime=yesterday', 400, 'parsing time "yesterday"'],
    ['?container=zip', 400, 'container zip is not valid for pod web'],
  ])('refuses %s', async (query, code, words) => {
    const response = await get(query);
    const { message } = (await response.json()) as { message: string };
    expect([response.status, message]).toEqual([code, expect.stringContaining(words)]);
  });

  it('tells the node’s refusal as a bad request', async () => {
    const message = 'container "web" in pod "web" is waiting to start: ContainerCreating';
    node.refuse(new StreamRefusal(400, message));
    const response = await get('');
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ message, reason: 'BadRequest' }),
    ]);
  });

  it('is empty for a Pod that is not scheduled, and asks for a container where there are several', async () => {
    expect(await (await get('', 'nowhere')).text()).toBe('');
    expect(await (await get('', 'two')).text()).toContain(
      'a container name must be specified for pod two, choose one of: [a b]',
    );
  });

  it('needs the right to get pods/log', async () => {
    expect((await get('', 'web', bench.api.issueToken('default', 'default'))).status).toBe(403);
  });
});
