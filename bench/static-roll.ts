// A StatefulSet's 1,000 Pods with kept addresses, rolled: each is deleted and comes back under its name, window after window; cloud calls per Pod.
import { startControlPlane } from '../lab/control-plane.ts';
import { waitForObjects } from '../lab/wait.ts';
import { annotations, labels } from '../src/api/keys.ts';
import { type VpcIpClaim, vpcIpClaims } from '../src/api/vpc-ip-claim.ts';
import { nodes as nodeResource, type Pod, pods } from '../src/kube/resources.ts';
import { type Figure, figure } from './result.ts';

const NODES = 40;
const WINDOW = 25;
const PATIENCE_MS = 600_000;

type Plane = Awaited<ReturnType<typeof startControlPlane>>;

/**
 * The Pods are bound by hand to the nodes of their zone, one node further each time, so that every roll takes each address to another ENI. Figures: mutating calls
 * per Pod of the first tenth and of all, which must not differ, and reads.
 */
export async function rollStatic(count: number, progress: (line: string) => void): Promise<Figure[]> {
  const plane = await startControlPlane({
    projectDir: process.cwd(),
    nodes: NODES,
    taskMs: 0,
    ipMode: 'static',
    // A machine that everything shares is slow to renew one.
    ipamdArgs: ['--lease-duration=60s', '--renew-deadline=40s'],
    progress: () => undefined,
  });
  try {
    const homes = await nodesByZone(plane);
    const all = Array.from({ length: count }, (_, index) => index);
    for (let first = 0; first < count; first += WINDOW) await create(plane, homes, all.slice(first, first + WINDOW), 0);
    progress(`${count} Pods have their addresses`);
    const before = await addresses(plane);
    const start = plane.cloud.requestLog().length;
    const tenth = Math.ceil(count / 10);
    let afterTenth = start;
    for (let first = 0; first < count; first += WINDOW) {
      await roll(plane, homes, all.slice(first, first + WINDOW));
      if (first < tenth) afterTenth = plane.cloud.requestLog().length;
      if (first % 200 === 0) progress(`${first + WINDOW} of ${count} rolled`);
    }
    const after = await addresses(plane);
    const moved = [...before].filter(([name, ip]) => after.get(name) !== ip).length;
    const rolledFirst = Math.ceil(tenth / WINDOW) * WINDOW;
    const [ofFirst, ofAll] = [countCalls(plane, start, afterTenth), countCalls(plane, start)];
    return [
      figure(
        `roll of ${count} with kept addresses, ${WINDOW} at a time: mutating calls per Pod`,
        ofAll.mutating / count,
        'calls',
        2,
      ),
      figure('the same, of the first tenth', ofFirst.mutating / rolledFirst, 'calls', 2),
      figure('the same: reads per Pod', ofAll.reads / count, 'calls'),
      figure('Pods that came back with another address', moved, 'Pods', 0),
    ];
  } finally {
    await plane.close();
  }
}

async function nodesByZone({ client, nodeNames }: Plane): Promise<readonly (readonly string[])[]> {
  const { items } = await client.list(nodeResource);
  const zones = new Map<string, string[]>();
  for (const { metadata } of items.filter((node) => nodeNames.includes(node.metadata.name))) {
    const zone = metadata.labels?.[labels.zone] ?? '';
    zones.set(zone, [...(zones.get(zone) ?? []), metadata.name]);
  }
  return [...zones.values()];
}

/** Every Pod stays in its zone, and goes one node further with each round. */
function podOf(homes: readonly (readonly string[])[], index: number, round: number): Pod {
  const home = homes[index % homes.length] ?? [];
  const nodeName = home[(Math.floor(index / homes.length) + round) % home.length] ?? '';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `web-${index}`,
      namespace: 'default',
      annotations: { [annotations.vpcIpClaimDeletePolicy]: 'Never' },
    },
    spec: { nodeName, containers: [{ name: 'main', image: 'busybox' }] },
  };
}

async function create(
  { client }: Plane,
  homes: readonly (readonly string[])[],
  indexes: readonly number[],
  round: number,
): Promise<void> {
  await Promise.all(indexes.map((index) => client.create(pods, podOf(homes, index, round), { namespace: 'default' })));
  const names = new Set(indexes.map((index) => `web-${index}`));
  const runs = ({ metadata, status }: Pod): boolean => names.has(metadata.name) && status?.phase === 'Running';
  await waitForObjects(client, pods, (found) => found.filter(runs).length === names.size, {
    namespace: 'default',
    what: `${names.size} Pods to run`,
    timeoutMs: PATIENCE_MS,
    describe: (found) => `${found.filter(runs).length} run`,
  });
}

async function roll(plane: Plane, homes: readonly (readonly string[])[], indexes: readonly number[]): Promise<void> {
  const names = new Set(indexes.map((index) => `web-${index}`));
  await Promise.all(
    [...names].map((name) => plane.client.delete(pods, name, { namespace: 'default', gracePeriodSeconds: 0 })),
  );
  const isUnbound = (claim: VpcIpClaim): boolean => names.has(claim.metadata.name) && claim.status?.phase === 'Unbound';
  await waitForObjects(plane.client, vpcIpClaims, (found) => found.filter(isUnbound).length === names.size, {
    namespace: 'default',
    what: `${names.size} claims to be kept`,
    timeoutMs: PATIENCE_MS,
  });
  await create(plane, homes, indexes, 1);
}

async function addresses({ client }: Plane): Promise<ReadonlyMap<string, string>> {
  const { items } = await client.list(pods, { namespace: 'default' });
  return new Map(items.map(({ metadata, status }) => [metadata.name, status?.podIP ?? '']));
}

function countCalls(
  { cloud }: Plane,
  from: number,
  to?: number,
): { readonly mutating: number; readonly reads: number } {
  const calls = cloud.requestLog().slice(from, to);
  const mutating = calls.filter(({ action }) => !action.startsWith('Describe')).length;
  return { mutating, reads: calls.length - mutating };
}
