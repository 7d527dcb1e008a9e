// What the agent tells about itself, over TCP.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { add } from './add.ts';
import { createInspection, createInspectionServer, type Inspection } from './inspection.ts';
import { createFakeKernel } from './testing/fake-kernel.ts';
import { callOf, createServiceWorld, NODE, podOf, type ServiceWorld } from './testing/service-world.ts';
import { eniInfoOf, pluggedOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';

let world: ServiceWorld;
let inspection: Inspection;
beforeEach(() => {
  const kernel = createFakeKernel();
  kernel.plug({ name: 'eth2', mac: eniInfoOf(2).mac });
  world = createServiceWorld(kernel, { name: 'veth', ensure: () => Promise.resolve('') }, { ready: false });
  const foreignRules = (): readonly string[] => ['pref 10 from all lookup 7'];
  inspection = createInspection({ ...world.deps, metrics: world.metrics, foreignRules, version: 'v3.6.0' });
});
afterEach(() => world.close());

describe('the agent tells', () => {
  it('that it is alive at once, and that it is ready once the node can connect Pods', async () => {
    expect(await inspection.page('/health')).toMatchObject({ status: 200 });
    expect(await inspection.page('/ready')).toMatchObject({ status: 503, body: expect.stringContaining('not looked') });
    world.network.offerNow({ trunk: undefined, enis: [pluggedOf(2)], message: '' });
    expect(await inspection.page('/ready')).toMatchObject({ status: 200 });
    expect(await inspection.page('/wired')).toBeUndefined();
  });

  it('how long the phases of ADD take, each from the start with zero', async () => {
    const phases = async (): Promise<readonly (string | undefined)[]> => {
      const text = (await inspection.page('/metrics'))?.body ?? '';
      return [...text.matchAll(/add_phase_seconds_count\{phase="(\w+)"\} (\d)/g)].map(([, name, n]) => `${name} ${n}`);
    };
    expect(await phases()).toEqual(['lookup 0', 'network 0', 'record 0', 'node 0', 'pod 0']);
    world.network.offerNow({ trunk: undefined, enis: [pluggedOf(2)], message: '' });
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    const pod = podOf('web', { networks: null });
    world.addPod(pod);
    await add(world.deps, callOf('ADD', pod, 'c1'), new AbortController().signal);
    expect(await phases()).toEqual(['lookup 1', 'network 1', 'record 1', 'node 1', 'pod 1']);
    expect((await inspection.page('/metrics'))?.body).toContain('trunkline_agent_wired_sandboxes 1');
    expect(JSON.parse(inspection.everything().body)).toMatchObject({
      node: NODE,
      wired: [{ containerId: 'c1', wiring: { podIp: '10.0.35.21' } }],
      addresses: { allocations: { '10.0.35.21': { podUID: 'uid-web' } } },
      foreignRules: ['pref 10 from all lookup 7'],
    });
  });

  it('nothing of its Pods over TCP', async () => {
    const stop = new AbortController();
    const listening = Promise.withResolvers<number>();
    const server = createInspectionServer(inspection, { host: '127.0.0.1', port: 0 }, listening.resolve);
    const done = server.run(stop.signal);
    const url = `http://127.0.0.1:${await listening.promise}`;
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/inspect`)).status).toBe(404);
    expect((await fetch(`${url}/health`, { method: 'POST' })).status).toBe(404);
    stop.abort();
    await done;
  });
});
