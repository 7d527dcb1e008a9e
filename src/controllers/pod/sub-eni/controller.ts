// A Pod that was marked for a sub-ENI and bound to a node gets its VpcENI: the intent, before any call.
import { labels } from '../../../api/keys.ts';
import { subEniName, vpcEnis } from '../../../api/vpc-eni.ts';
import type { VpcEniSpec } from '../../../api/vpc-eni.ts';
import { isAlreadyExists, isNotFound } from '../../../kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import { nodes } from '../../../kube/resources.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller, ReconcileContext } from '../../../kube/types.ts';
import { mayConcern, planPodIntent, type PodNode } from '../../../planning/pod-intent.ts';
import type { IpamdDeps } from '../../deps.ts';
import { podFacts, type WorkingPod } from '../../views.ts';
import { intentOf } from './intent.ts';

/** `created` is told the new intent, so that the life-cycle goes on at once instead of after the watch. */
export function createPodSubEni(deps: IpamdDeps, created: (name: string) => void): Controller {
  const { informers, clock, logger } = deps;
  return createController({
    name: 'pod.sub-eni',
    clock,
    logger,
    concurrency: 32,
    watches: [
      watchOf(informers.pods, ownKey),
      // A VpcENI that vanished under a living Pod is made again, and a new Pod of the same name may go on.
      watchOf(informers.vpcEnis, ({ type, before }) =>
        type === 'deleted' && before?.spec.pod !== undefined
          ? [`${before.spec.pod.namespace}/${before.spec.pod.name}`]
          : [],
      ),
    ],
    reconcile: async (key, context) => {
      const pod = informers.pods.get(key);
      if (pod?.nodeName === undefined || !mayConcern(podFacts(pod))) return;
      const mode = deps.settings.current()['vpcCni.trunkingEni.podSecurityGroupEnforcingMode'];
      const intent = planPodIntent(podFacts(pod), await nodeOf(deps, pod.nodeName, context), mode);
      switch (intent.kind) {
        case 'none':
          return;
        case 'sub-eni':
          return ensureIntent(deps, pod, intent.spec, created);
        case 'refused':
          return warn(deps, pod, 'FailedAllocateENI', intent.message);
        case 'super-node-only':
          return warn(deps, pod, 'SecurityGroupNotSupported', intent.message);
      }
    },
  });
}

async function ensureIntent(
  deps: IpamdDeps,
  pod: WorkingPod,
  spec: VpcEniSpec,
  created: (name: string) => void,
): Promise<void> {
  const name = subEniName(spec.pod?.uid ?? '');
  if (deps.enis.latest(name) !== undefined) return;
  const former = formerOwner(deps, pod);
  if (former !== undefined)
    return warn(deps, pod, 'WaitingForRelease', `${former} of the former Pod of this name is not released yet`);
  try {
    deps.enis.wrote(await deps.client.create(vpcEnis, intentOf(name, spec)));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  created(name);
}

/** A new Pod of the same name waits until the former one's is released (DESIGN, decision 2). */
function formerOwner(deps: IpamdDeps, pod: WorkingPod): string | undefined {
  const { namespace, name, uid } = pod.metadata;
  const others = deps.informers.vpcEnis.byIndex('pod', `${namespace}/${name}`);
  return others.find((eni) => eni.spec.pod?.uid !== uid)?.metadata.name;
}

/** From the API itself when the cache does not show it yet: whether it is a super node must not be guessed. */
async function nodeOf(deps: IpamdDeps, name: string, { signal }: ReconcileContext): Promise<PodNode | undefined> {
  const node = deps.informers.nodes.get(name) ?? (await uncachedNode(deps, name, signal));
  if (node === undefined) return undefined;
  const instanceType = node.metadata.labels?.[labels.instanceType];
  const internal = node.status?.addresses?.find((each) => each.type === 'InternalIP')?.address;
  return { address: internal ?? name, ...(instanceType === undefined ? {} : { instanceType }) };
}

async function uncachedNode(deps: IpamdDeps, name: string, signal: AbortSignal): Promise<Node | undefined> {
  try {
    return await deps.client.get(nodes, name, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function warn(deps: IpamdDeps, pod: WorkingPod, reason: string, message: string): void {
  deps.recorder.record({ regarding: pod, type: 'Warning', reason, message });
}
