// Fills a cluster with hollow nodes and Pods on them.
import { isAlreadyExists } from '../../src/kube/api-error.ts';
import { namespaces, pods, serviceAccounts } from '../../src/kube/resources.ts';
import { rfc3339 } from '../../src/kube/times.ts';
import { eachOf } from './each-of.ts';
import type { HollowDeps } from './hollow-nodes.ts';
import { registerNodes } from './hollow-nodes.ts';
import { addressOf, hollowPod, namespaceOf, runningStatus } from './hollow-objects.ts';

export interface HollowLoad {
  readonly nodes: number;
  readonly pods: number;
  /** Namespaces that the Pods are spread over. */
  readonly namespaces: number;
  /** Of the n-th Pod; else one that no container subnet need have. */
  readonly podAddress?: (index: number) => string;
}

const CONCURRENCY = 32;
const FIRST_POD_ADDRESS = 2 ** 21;

/**
 * Makes nodes, namespaces and Pods, the latter Running and Ready, by the API alone. What is there already stays, so that a load that was
 * broken off can be repeated. `progress` is told now and then how many Pods there are.
 */
export async function loadHollow(
  deps: HollowDeps,
  load: HollowLoad,
  progress: (pods: number) => void = () => undefined,
): Promise<void> {
  const { client, clock } = deps;
  await registerNodes(deps, load.nodes);
  await eachOf(load.namespaces, CONCURRENCY, async (index) => {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(index) } };
    await client.create(namespaces, object).catch(ifThere);
    // Where controllers run they make it too; Pods are refused before.
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await client.create(serviceAccounts, account, { namespace: namespaceOf(index) }).catch(ifThere);
  });
  let made = 0;
  await eachOf(load.pods, CONCURRENCY, async (index) => {
    const pod = hollowPod(index, load.nodes, load.namespaces);
    const { name, namespace } = pod.metadata;
    await client.create(pods, pod, { namespace }).catch(ifThere);
    const podIp = load.podAddress?.(index) ?? addressOf(index + FIRST_POD_ADDRESS);
    const status = runningStatus(pod, pod.spec.nodeName ?? '', podIp, rfc3339(clock.now()));
    await client.patch(pods, name, { type: 'merge', body: { status } }, { namespace, subresource: 'status' });
    made += 1;
    if (made % 5_000 === 0) progress(made);
  });
}

function ifThere(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}
