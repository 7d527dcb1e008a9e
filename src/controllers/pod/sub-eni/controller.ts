// A Pod that was marked for a sub-ENI and bound to a node gets its VpcENI: the intent, before any call.
import { labels } from '../../../api/keys.ts';
import { subEniName, vpcEnis } from '../../../api/vpc-eni.ts';
import type { VpcEni, VpcEniSpec } from '../../../api/vpc-eni.ts';
import { isAlreadyExists, isNotFound } from '../../../kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import { keyOf } from '../../../kube/object-key.ts';
import { nodes } from '../../../kube/resources.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller, ReconcileContext } from '../../../kube/types.ts';
import { claimedAddress, keepDemand } from '../../../planning/kept-sub-eni.ts';
import { mayConcern, planPodIntent, type PodNode } from '../../../planning/pod-intent.ts';
import { judgeMarks } from '../../../planning/mark-trust.ts';
import { namespaceEnforces } from '../../../planning/policy-label.ts';
import { allowedGroupsOf } from '../../allowed-groups.ts';
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
      // Named like its Pod: a sub-ENI with a kept address waits for its claim.
      watchOf(informers.vpcIpClaims, ownKey),
      // A VpcENI that vanished under a living Pod is made again, and a new Pod of the same name may go on.
      watchOf(informers.vpcEnis, ({ type, before }) =>
        type === 'deleted' && before?.spec.pod !== undefined
          ? [`${before.spec.pod.namespace}/${before.spec.pod.name}`]
          : [],
      ),
      // Its Pods may have been waiting for the label of a first policy.
      watchOf(informers.namespaces, ({ key, before, after }) =>
        namespaceEnforces(before) === namespaceEnforces(after)
          ? []
          : informers.pods.byIndex('namespace', key).map(keyOf),
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
          if (!believes(deps, pod, intent.spec)) return;
          return ensureIntent(deps, pod, intent.spec, created, context.signal);
        case 'refused':
          return warn(deps, pod, 'FailedAllocateENI', intent.message);
        case 'super-node-only':
          return warn(deps, pod, 'SecurityGroupNotSupported', intent.message);
      }
    },
  });
}

/** Marks that admission cannot have made, or that ask for a forbidden group, are told and not followed. A sub-ENI that exists is not taken back. */
function believes(deps: IpamdDeps, pod: WorkingPod, { pod: owner, securityGroups: groups }: VpcEniSpec): boolean {
  if (deps.enis.latest(subEniName(owner?.uid ?? '')) !== undefined) return true;
  const { informers } = deps;
  const namespace = pod.metadata.namespace ?? 'default';
  const object = informers.namespaces.get(namespace);
  const policies = informers.policies.byIndex('namespace', namespace).length;
  const trust = judgeMarks({ namespace, object, policies, allowed: allowedGroupsOf(informers), groups });
  if (trust.kind === 'refused') warn(deps, pod, 'FailedAllocateENI', trust.message);
  return trust.kind === 'trusted';
}

async function ensureIntent(
  deps: IpamdDeps,
  pod: WorkingPod,
  spec: VpcEniSpec,
  created: (name: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const name = subEniName(spec.pod?.uid ?? '');
  if (deps.enis.latest(name) !== undefined) return;
  const { namespace = 'default', uid = '', annotations: marks = {} } = pod.metadata;
  const demand = keepDemand(marks);
  if (demand.kind === 'refused') return warn(deps, pod, 'FailedAllocateENI', demand.message);
  const claim = demand.kind === 'kept' ? deps.claims.latest(`${namespace}/${pod.metadata.name}`) : undefined;
  const claimed = demand.kind === 'kept' ? claimedAddress(claim, uid) : undefined;
  if (claimed?.kind === 'wait') return;
  const former = formerOwner(deps, pod);
  if (former !== undefined) {
    // What the claim kept is on its way to this Pod: that takes two calls, and is nobody's fault.
    if (former.status?.phase === 'Kept' || former.status?.phase === 'Deleting') return;
    const { name: waitsFor } = former.metadata;
    return warn(deps, pod, 'WaitingForRelease', `${waitsFor} of the former Pod of this name is not released yet`);
  }
  const wanted: VpcEniSpec = {
    ...spec,
    ...(claimed === undefined ? {} : { claimed: true }),
    ...(claimed?.address === undefined ? {} : { address: claimed.address }),
  };
  const held = await deps.namespaces.holding(namespace, signal, async () => {
    try {
      deps.enis.wrote(await deps.client.create(vpcEnis, intentOf(name, wanted)));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  });
  // The Pods of a namespace on its way out are about to be deleted; an event about them could not be written there any more.
  if (held) created(name);
}

/** A new Pod of the same name waits until the former one's is released (DESIGN, decision 2). */
function formerOwner(deps: IpamdDeps, pod: WorkingPod): VpcEni | undefined {
  const { namespace, name, uid } = pod.metadata;
  const others = deps.informers.vpcEnis.byIndex('pod', `${namespace}/${name}`);
  return others.find((eni) => eni.spec.pod?.uid !== uid);
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
