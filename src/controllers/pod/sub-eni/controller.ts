// A Pod that was marked for a sub-ENI and bound to a node gets its VpcENI: the intent, before any call.
import { finalizers, labels, MANAGED_BY, nameLabel } from '../../../api/keys.ts';
import { subEniName, vpcEnis } from '../../../api/vpc-eni.ts';
import type { VpcEni, VpcEniSpec } from '../../../api/vpc-eni.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import { isAlreadyExists } from '../../../kube/api-error.ts';
import type { Controller } from '../../../kube/types.ts';
import { shortHash } from '../../../planning/eni-identity.ts';
import { planPodIntent } from '../../../planning/pod-intent.ts';
import type { IpamdDeps } from '../../deps.ts';
import { podFacts } from '../../views.ts';
import type { WorkingPod } from '../../views.ts';

/** `created` is told the new intent, so that the life-cycle goes on at once instead of after the watch. */
export function createPodSubEni(deps: IpamdDeps, created: (name: string) => void): Controller {
  const { informers, client, clock, logger, recorder, settings } = deps;

  const warn = (pod: WorkingPod, reason: string, message: string): void =>
    recorder.record({ regarding: pod, type: 'Warning', reason, message });

  const ensureIntent = async (spec: VpcEniSpec): Promise<void> => {
    const name = subEniName(spec.pod?.uid ?? '');
    if (deps.enis.latest(name) !== undefined) return;
    try {
      deps.enis.wrote(await client.create(vpcEnis, intentOf(name, spec)));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    created(name);
  };

  return createController({
    name: 'pod.sub-eni',
    clock,
    logger,
    concurrency: 32,
    watches: [
      watchOf(informers.pods, ownKey),
      // A VpcENI that vanished under a living Pod is made again.
      watchOf(informers.vpcEnis, ({ type, before }) =>
        type === 'deleted' && before?.spec.pod !== undefined
          ? [`${before.spec.pod.namespace}/${before.spec.pod.name}`]
          : [],
      ),
    ],
    reconcile: async (key) => {
      const pod = informers.pods.get(key);
      if (pod === undefined) return;
      const node = informers.nodes.get(pod.nodeName ?? '');
      const instanceType = node?.metadata.labels?.[labels.instanceType];
      const address =
        node?.status?.addresses?.find((candidate) => candidate.type === 'InternalIP')?.address ?? pod.nodeName ?? '';
      const mode = settings.current()['vpcCni.trunkingEni.podSecurityGroupEnforcingMode'];
      const intent = planPodIntent(
        podFacts(pod),
        { address, ...(instanceType === undefined ? {} : { instanceType }) },
        mode,
      );
      switch (intent.kind) {
        case 'none':
          return;
        case 'sub-eni':
          await ensureIntent(intent.spec);
          return;
        case 'refused':
          warn(pod, 'InvalidSecurityGroups', intent.message);
          return;
        case 'super-node-only':
          warn(pod, 'SecurityGroupNotSupported', intent.message);
          return;
      }
    },
  });
}

function intentOf(name: string, spec: VpcEniSpec): VpcEni {
  return {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcENI',
    metadata: {
      name,
      labels: {
        [labels.podName]: nameLabel(spec.pod?.name ?? '', shortHash),
        [labels.podNamespace]: spec.pod?.namespace ?? '',
        [labels.nodeName]: nameLabel(spec.nodeName, shortHash),
        [labels.managedBy]: MANAGED_BY,
      },
      finalizers: [finalizers.eni],
    },
    spec,
  };
}
