// Cloud calls and reaction time of sub-ENI Pods: one lone Pod and a burst of 500, counted by the simulator. The real ipamd runs as a
// process of its own; nodes are computed, so that only the control plane is measured.
import { createCloudClient } from '../lab/cloud-client.ts';
import { startControlPlane } from '../lab/control-plane.ts';
import { boundPod, createPolicy, podResource } from './pods.ts';
import type { Benchmark, Figure } from './result.ts';
import { figure, median } from './result.ts';
import { vpcEnis } from '../src/api/vpc-eni.ts';
import { waitForObjects } from '../lab/wait.ts';

const BURST = 500;
const NODES = 8;

export const subEniBurst: Benchmark = {
  name: 'sub-eni-burst',
  title: 'cloud calls per sub-ENI Pod in a burst of 500 and alone; time from bound to the create call',
  run: async (progress) => {
    const plane = await startControlPlane({ projectDir: process.cwd(), nodes: NODES, taskMs: 0, progress });
    try {
      await createPolicy(plane.client, plane.group, plane.nodeNames[0] ?? '');
      await gone(plane);
      // The preflight of a policy reads its groups once in five minutes, beginning with its first Pod; that is no call of a Pod's.
      await oneRound(plane, 1, 'first');
      const alone = await oneRound(plane, 1, 'lone');
      progress('lone Pod done');
      const reaction = await reactionTimes(plane, 30);
      progress('reaction times done');
      const burst = await oneRound(plane, BURST, 'burst');
      return {
        benchmark: 'sub-eni-burst',
        conditions: `${BURST} Pods bound at once on ${NODES} computed nodes, no task time, no rate limit; yardstick for time: one bare round trip to the simulator`,
        figures: [
          figure('lone Pod: all cloud calls', alone.all, 'calls', 4),
          figure(`burst of ${BURST}: creates per Pod`, burst.creates / BURST, 'calls', 1),
          figure(`burst of ${BURST}: deletes per Pod`, burst.deletes / BURST, 'calls', 1),
          figure(`burst of ${BURST}: reads per Pod`, burst.reads / BURST, 'calls', 0.1),
          figure(
            'Pod sent to create call arrived (admission included), median of lone Pods',
            median(reaction.bound),
            'ms',
            50,
            {
              what: 'bare round trips',
              value: median(reaction.bare),
            },
          ),
        ] satisfies Figure[],
      };
    } finally {
      await plane.close();
    }
  },
};

type Plane = Awaited<ReturnType<typeof startControlPlane>>;

interface Counts {
  readonly all: number;
  readonly creates: number;
  readonly deletes: number;
  readonly reads: number;
}

/** Creates `count` bound Pods, waits until all have their ENI, deletes them, waits until nothing is left; counts the calls. */
async function oneRound(plane: Plane, count: number, label: string): Promise<Counts> {
  const before = plane.cloud.requestLog().length;
  const names = Array.from({ length: count }, (_, index) => `${label}-${index}`);
  await Promise.all(
    names.map((name, index) =>
      plane.client.create(podResource, boundPod(name, plane.nodeNames[index % plane.nodeNames.length] ?? ''), {
        namespace: 'default',
      }),
    ),
  );
  await waitForObjects(
    plane.client,
    podResource,
    (pods) => pods.filter((pod) => pod.status?.phase === 'Running').length >= count,
    {
      namespace: 'default',
      what: `${count} Pods Running`,
      timeoutMs: 180_000,
    },
  );
  await Promise.all(
    names.map((name) => plane.client.delete(podResource, name, { namespace: 'default', gracePeriodSeconds: 0 })),
  );
  await waitForObjects(plane.client, vpcEnis, (enis) => !enis.some((eni) => eni.spec.type === 'SubENI'), {
    what: 'all sub-ENIs gone',
    timeoutMs: 180_000,
  });
  const calls = plane.cloud.requestLog().slice(before);
  const of = (action: string): number => calls.filter((call) => call.action === action).length;
  const [creates, deletes] = [of('CreateSubNetworkInterface'), of('DeleteSubNetworkInterface')];
  return { all: calls.length, creates, deletes, reads: calls.length - creates - deletes };
}

/** Resolves when no sub-ENI object is left. */
async function gone(plane: Plane): Promise<void> {
  await waitForObjects(plane.client, vpcEnis, (enis) => !enis.some((eni) => eni.spec.type === 'SubENI'), {
    what: 'the sub-ENIs to go',
    timeoutMs: 180_000,
  });
}

/** Lone Pods one after the other: from asking for the bound Pod to the arrival of the create call; and a bare round trip each time. */
async function reactionTimes(plane: Plane, rounds: number): Promise<{ bound: number[]; bare: number[] }> {
  const bound: number[] = [];
  const bare: number[] = [];
  const cloud = createCloudClient(plane.cloudAccess);
  try {
    for (let round = 0; round < rounds; round += 1) {
      const asked = performance.now();
      await cloud.call('vpc', 'DescribeVpcs', {});
      bare.push(performance.now() - asked);
      const arrived = nextArrival(plane, 'CreateSubNetworkInterface');
      const name = `react-${round}`;
      const started = performance.now();
      await plane.client.create(podResource, boundPod(name, plane.nodeNames[0] ?? ''), {
        namespace: 'default',
      });
      bound.push((await arrived) - started);
      await plane.client.delete(podResource, name, { namespace: 'default', gracePeriodSeconds: 0 });
      await waitForObjects(plane.client, vpcEnis, (enis) => !enis.some((eni) => eni.spec.type === 'SubENI'), {
        what: 'the sub-ENI to go',
      });
    }
    return { bound, bare };
  } finally {
    cloud.close();
  }
}

/** When the next request of this action reached the simulator, on this process's monotonic clock. */
function nextArrival(plane: Plane, action: string): Promise<number> {
  return new Promise((resolve) => {
    const stop = plane.cloud.onRequest((entry) => {
      if (entry.action !== action) return;
      stop();
      resolve(entry.at);
    });
  });
}
