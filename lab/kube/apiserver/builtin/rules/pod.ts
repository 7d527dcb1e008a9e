// The rules of Pods: defaults, what may change, and graceful deletion.
import { forbiddenField } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { ensureObject, numberAt, objectAt, objectsAt, stringAt } from '../../json.ts';
import type { Rules } from '../../registry/definition.ts';
import { qosClassOf } from './container-resources.ts';
import { defaultPod, defaultPodSpec } from './pod-defaults.ts';
import { podUpdateFaults, podStatusFaults } from './pod-update.ts';
import { podImageFaults, podSpecFaults } from './pod-validation.ts';

export const podRules: Rules = {
  applyDefaults: (pod) => {
    defaultPodSpec(ensureObject(pod, 'spec'));
    defaultPod(objectAt(pod, 'spec'));
  },
  prepareCreate(pod) {
    const spec = ensureObject(pod, 'spec');
    pod['status'] = {
      phase: 'Pending',
      qosClass: qosClassOf([...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')]),
    };
  },
  specFaults: (spec) => [
    ...podSpecFaults(spec, 'spec'),
    ...podImageFaults(spec, 'spec'),
    ...(objectsAt(spec, 'ephemeralContainers').length > 0
      ? [forbiddenField('spec.ephemeralContainers', 'cannot be set on create')]
      : []),
  ],
  drawnName,
  validateUpdate: podUpdateFaults,
  validateStatus: podStatusFaults,
  gracePeriod(pod, requested) {
    const phase = stringAt(pod, 'status', 'phase');
    if (!stringAt(pod, 'spec', 'nodeName') || phase === 'Succeeded' || phase === 'Failed') return 0;
    const seconds = requested ?? numberAt(pod, 'spec', 'terminationGracePeriodSeconds') ?? 0;
    return seconds < 0 ? 1 : seconds;
  },
};

const DRAWN = /^kube-api-access-[a-z0-9]{5}$/;

/** The name of the token volume that the server mounted; what looks like one may be one. */
function drawnName(spec: JsonObject): string | undefined {
  const name = stringAt(objectsAt(spec, 'volumes').at(-1), 'name') ?? '';
  return DRAWN.test(name) ? name : undefined;
}
