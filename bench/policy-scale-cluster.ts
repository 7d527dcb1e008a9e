// The edit of one of many policies as its owner sees it: ipamd whole, with the embedded API and the simulated cloud, from the request to the status.
import { eachOf } from '../lab/hollow/each-of.ts';
import { SAMPLE_GROUP, CLIENT_GROUP } from '../lab/layout.ts';
import { type SecurityGroupPolicy, securityGroupPolicies } from '../src/api/security-group-policy.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { type PolicyWorld, startPolicyWorld } from '../src/controllers/testing/policy-world.ts';
import { createInformer } from '../src/kube/informer.ts';
import { pods } from '../src/kube/resources.ts';
import type { Informer } from '../src/kube/types.ts';

export interface ClusterScale {
  readonly policies: number;
  readonly pods: number;
  readonly edits: number;
}

export interface ClusterTimes {
  /** Milliseconds from sending each edit until a watch had the status of it. */
  readonly times: readonly number[];
  /** Statuses of other policies written meanwhile. */
  readonly othersWritten: number;
  /** Least and most Pods that a status told of as running with other groups than the edited policy gives. */
  readonly told: { readonly least: number; readonly most: number };
}

const AT_ONCE = 32;
const QUIET_MS = 2_000;
/** No agent and no kubelet plays it, so that nothing but policies is under way. */
const NODE = 'elsewhere';

/** Everything in one namespace. The Pods are older than their policies and run: each status names those of its own that lack the groups. */
export async function measureInCluster(scale: ClusterScale, progress: (line: string) => void): Promise<ClusterTimes> {
  await using world = await startPolicyWorld();
  progress('policy-scale: creating Pods and policies in the embedded API');
  await eachOf(scale.pods, AT_ONCE, (index) => createPod(world, index, scale.policies));
  await eachOf(scale.policies, AT_ONCE, async (index) => {
    await world.createPolicy(nameOf(index), [SAMPLE_GROUP.securityGroupId]);
  });
  // As it is delivered: a policy whose Pods change is written once a second.
  world.ipamd({ timings: { policyStatusMs: 1_000 } });
  await world.nodesReady();
  const informer = createInformer<SecurityGroupPolicy>({
    client: world.client,
    resource: securityGroupPolicies,
    clock: systemClock,
    logger: silentLogger,
  });
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  progress('policy-scale: waiting for the first status of each policy');
  await until(informer, () => informer.list().filter(isSettled(scale)).length === scale.policies);
  await quiet(informer);
  const measured = await edit(world, informer, scale, progress);
  stop.abort();
  await running;
  return measured;
}

async function edit(
  world: PolicyWorld,
  informer: Informer<SecurityGroupPolicy>,
  scale: ClusterScale,
  progress: (line: string) => void,
): Promise<ClusterTimes> {
  progress('policy-scale: editing policies');
  const times: number[] = [];
  const counts: number[] = [];
  let edited = '';
  let othersWritten = 0;
  const unsubscribe = informer.onChange(({ after }) => {
    if (after !== undefined && after.metadata.name !== edited) othersWritten += 1;
  });
  for (let turn = 0; turn < scale.edits; turn += 1) {
    edited = nameOf((turn * 7) % scale.policies);
    const generation = (informer.get(`default/${edited}`)?.metadata.generation ?? 0) + 1;
    const startedAt = performance.now();
    const done = until(informer, () => informer.get(`default/${edited}`)?.status?.observedGeneration === generation);
    await world.editPolicy(edited, { securityGroups: { groupIds: [CLIENT_GROUP.securityGroupId] } });
    await done;
    times.push(performance.now() - startedAt);
    counts.push(informer.get(`default/${edited}`)?.status?.drifted ?? 0);
  }
  unsubscribe();
  return { times, othersWritten, told: { least: Math.min(...counts), most: Math.max(...counts) } };
}

const nameOf = (index: number): string => `policy-${index}`;

/** Its Pods are counted, and it waits for nothing that will be looked up again soon. */
const isSettled =
  (scale: ClusterScale) =>
  ({ status }: SecurityGroupPolicy): boolean =>
    status?.drifted === scale.pods / scale.policies &&
    !status.conditions?.some(({ type, reason }) => type === 'Preflight' && reason === 'Checking');

/** Policy n selects the Pods of app policy-n; no two Pods are alike. */
async function createPod(world: PolicyWorld, index: number, policies: number): Promise<void> {
  const labels = { app: nameOf(index % policies), 'pod-index': `${index}` };
  await world.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace: 'default', labels },
    spec: { nodeName: NODE, containers: [{ name: 'main', image: 'sample' }] },
  });
}

/** Nothing was written for a while: what the start brings is over. */
async function quiet(informer: Informer<SecurityGroupPolicy>): Promise<void> {
  let changes = 0;
  const unsubscribe = informer.onChange(() => (changes += 1));
  for (let before = -1; before !== changes; ) {
    before = changes;
    await systemClock.sleep(QUIET_MS);
  }
  unsubscribe();
}

function until(informer: Informer<SecurityGroupPolicy>, done: () => boolean): Promise<void> {
  if (informer.hasSynced && done()) return Promise.resolve();
  return new Promise((resolve) => {
    const unsubscribe = informer.onChange(() => {
      if (!done()) return;
      unsubscribe();
      resolve();
    });
  });
}
