// HTTP extenders: their configuration, what they are sent, and what their answers do.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';

import { silentLogger } from '../../../src/base/logger.ts';
import { decide } from './cycle.ts';
import type { Decision } from './cycle.ts';
import { readExtenders } from './extender-config.ts';
import { callExtender, createExtender } from './extender.ts';
import type { Extender } from './extender.ts';
import { testNode, testPod, testSnapshot } from './testing/objects.ts';

const HEADER = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nextenders:\n';
const extenders = (yaml: string): ReturnType<typeof readExtenders> => readExtenders(HEADER + yaml);

describe('the configuration', () => {
  it('is read as kube-scheduler reads it', () => {
    const yaml = `- urlPrefix: http://127.0.0.1:8900/scheduler
  filterVerb: filter
  prioritizeVerb: prioritize
  weight: 5
  bindVerb: ''
  httpTimeout: 1m30s
  nodeCacheCapable: true
  ignorable: true
  managedResources:
  - name: tke.cloud.tencent.com/eip
    ignoredByScheduler: true
`;
    expect(extenders(yaml)).toEqual([
      {
        urlPrefix: 'http://127.0.0.1:8900/scheduler',
        filterVerb: 'filter',
        prioritizeVerb: 'prioritize',
        bindVerb: undefined,
        weight: 5,
        timeoutMs: 90_000,
        nodeCacheCapable: true,
        ignorable: true,
        managedResources: [{ name: 'tke.cloud.tencent.com/eip', ignoredByScheduler: true }],
        tls: { insecure: false, caData: undefined },
      },
    ]);
  });

  it('that is wrong is refused with the field and what would be right', () => {
    expect(() => extenders('- {urlPrefix: "http://a", prioritizeVerb: p}')).toThrow(
      'extenders.0.weight: must have a positive weight',
    );
    expect(() => extenders('- {urlPrefix: "http://a", httpTimeout: soon}')).toThrow(
      '"soon" is no duration; expected for example 500ms or 30s',
    );
    expect(() => extenders('- {urlPrefix: nowhere}')).toThrow(
      'extenders.0.urlPrefix: a URL with http or https is expected',
    );
    expect(() => extenders('- {urlPrefix: "http://a", bindVerb: b}\n- {urlPrefix: "http://b", bindVerb: b}')).toThrow(
      'http://a and http://b do',
    );
    expect(() => readExtenders('kind: Policy')).toThrow('KubeSchedulerConfiguration: ');
  });
});

describe('an extender', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const asked: { path: string | undefined; body: Record<string, unknown> }[] = [];

  async function serve(answers: Readonly<Record<string, unknown>>, yaml: string): Promise<Extender> {
    asked.length = 0;
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (part) => (text += String(part)));
      request.on('end', () => {
        asked.push({ path: request.url, body: JSON.parse(text) as Record<string, unknown> });
        const answer = answers[request.url ?? ''];
        response.statusCode = answer === undefined ? 500 : 200;
        response.end(JSON.stringify(answer ?? {}));
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const [config] = extenders(`- urlPrefix: http://127.0.0.1:${port}/\n${yaml.replaceAll(/^/gm, '  ')}`);
    if (config === undefined) throw new Error('no extender was read');
    return createExtender(config);
  }
  const nodes = [testNode('a'), testNode('b'), testNode('c')];
  const ask = (extender: Extender, pod = testPod('p', { cpu: '1' })): Promise<Decision> =>
    decide(pod, testSnapshot(nodes), [extender], silentLogger);

  it('narrows the nodes, and its reasons stand in the message', async () => {
    const failed = {
      FailedNodes: { a: 'no EIP left', b: 'no EIP left' },
      FailedAndUnresolvableNodes: { c: 'wrong zone' },
    };
    const extender = await serve(
      { '/filter': { NodeNames: [], ...failed } },
      'filterVerb: filter\nnodeCacheCapable: true',
    );
    expect(await ask(extender)).toMatchObject({
      kind: 'unschedulable',
      message:
        '0/3 nodes are available: 1 wrong zone, 2 no EIP left. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
    });
    expect(asked[0]?.body).toMatchObject({ Pod: { metadata: { name: 'p' } }, Nodes: null, NodeNames: ['a', 'b', 'c'] });
  });

  it('is sent whole nodes unless it keeps its own', async () => {
    const kept = { nodes: { items: [{ metadata: { name: 'b' } }] } };
    const extender = await serve({ '/filter': kept }, 'filterVerb: filter');
    expect(await ask(extender)).toEqual({ kind: 'bind', node: 'b' });
    expect(asked[0]?.body).toMatchObject({ NodeNames: null, Nodes: { items: [{ kind: 'Node' }, {}, {}] } });
  });

  it('prefers nodes by its points and their weight', async () => {
    const points = [
      { Host: 'c', Score: 10 },
      { host: 'b', score: 1 },
    ];
    const extender = await serve({ '/p': points }, 'prioritizeVerb: p\nweight: 100');
    expect(await ask(extender)).toEqual({ kind: 'bind', node: 'c' });
  });

  it('that fails stops scheduling, unless it may be ignored', async () => {
    const strict = await serve({}, 'filterVerb: filter');
    await expect(ask(strict)).rejects.toThrow(/^failed filter with extender at URL http:.*\/filter, code 500$/);
    const lax = await serve({}, 'filterVerb: filter\nignorable: true');
    expect(await ask(lax)).toMatchObject({ kind: 'bind' });
    const saying = await serve({ '/filter': { Error: 'not today' } }, 'filterVerb: filter');
    await expect(ask(saying)).rejects.toThrow('not today');
  });

  it('is asked only about Pods that want one of its resources', async () => {
    const extender = await serve({}, 'filterVerb: filter\nmanagedResources: [{name: example.com/thing}]');
    expect(await ask(extender)).toMatchObject({ kind: 'bind' });
    expect(asked).toEqual([]);
    const wants = testPod('p', { containers: [{ name: 'c', resources: { requests: { 'example.com/thing': '1' } } }] });
    expect(extender.isInterested(wants)).toBe(true);
  });

  it('binds when it has a bindVerb', async () => {
    const extender = await serve({ '/bind': { Error: '' } }, 'bindVerb: bind');
    await extender.bind(testPod('p'), 'a');
    expect(asked[0]?.body).toEqual({ PodName: 'p', PodNamespace: 'default', PodUID: 'p', Node: 'a' });
  });

  it('is found behind a name that only the cluster knows', async () => {
    const { config } = await serve({ '/bind': { Error: '' } }, 'bindVerb: bind');
    const { port } = new URL(config.urlPrefix);
    const named = { ...config, urlPrefix: 'http://extender.kube-system.svc/' };
    await callExtender(named, 'bind', {}, (host, at) =>
      host === 'extender.kube-system.svc' && at === 80 ? { host: '127.0.0.1', port: Number(port) } : undefined,
    );
    expect(asked).toHaveLength(1);
  });
});
