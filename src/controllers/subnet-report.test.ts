// What ipamd publishes of the subnets, for programs without access to the cloud.
import { describe, it } from 'vitest';

import { waitForObjects } from '../../lab/wait.ts';
import { labels, objectNames } from '../api/keys.ts';
import { decodeSubnetReport, encodeSubnetReport, type SubnetReport } from '../api/subnet-report.ts';
import { configMaps, nodes } from '../kube/resources.ts';
import { nodeName } from './testing/shared-world.ts';
import { ONE, staticWorld } from './testing/static-world.ts';
import type { World } from './testing/world.ts';

async function report(world: World, done: (report: SubnetReport) => boolean, what: string): Promise<SubnetReport> {
  const named = (all: readonly { metadata: { name: string }; data?: Record<string, string> }[]): SubnetReport =>
    decodeSubnetReport(all.find(({ metadata }) => metadata.name === objectNames.subnets)?.data);
  const options = { namespace: objectNames.systemNamespace, what, timeoutMs: 30_000 };
  return named(await waitForObjects(world.client, configMaps, (all) => done(named(all)), options));
}

describe('the subnet report', { concurrent: true }, () => {
  it('names zone, range and free addresses of the container subnets, and of those that a node names for itself', async ({
    expect,
  }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    const first = await report(world, ({ size }) => size > 0, 'the container subnets');
    const container = [...first.values()];
    expect(container.every((entry) => entry.container && entry.available > 0)).toBe(true);
    const subnetId = world.cloud.snapshot().enis.find(({ kind }) => kind === 'primary')?.subnetId ?? '';
    expect(first.has(subnetId)).toBe(false);
    const body = { metadata: { labels: { [labels.routeEniSubnetIds]: subnetId } } };
    await world.client.patch(nodes, nodeName(world, 0), { type: 'merge', body });
    const second = await report(world, (found) => found.has(subnetId), 'the subnet of the label');
    expect(second.get(subnetId)).toMatchObject({ container: false });
    expect([...second].filter(([, entry]) => entry.container).map(([id]) => id)).toEqual([...first.keys()]);
  });
});

describe('its text', () => {
  const entry = { zone: 'z', cidr: '10.0.0.0/24', available: 3, container: true };

  it('is the same for the same report, and read back', ({ expect }) => {
    const one = new Map([
      ['subnet-b', entry],
      ['subnet-a', entry],
    ]);
    expect(JSON.stringify(encodeSubnetReport(one))).toBe(
      JSON.stringify(encodeSubnetReport(new Map([...one].reverse()))),
    );
    expect(decodeSubnetReport(encodeSubnetReport(one))).toEqual(one);
  });

  it('that somebody spoiled costs only that entry', ({ expect }) => {
    const data = { ...encodeSubnetReport(new Map([['subnet-a', entry]])), 'subnet-b': '{', 'subnet-c': '{"zone":1}' };
    expect([...decodeSubnetReport(data).keys()]).toEqual(['subnet-a']);
  });
});
