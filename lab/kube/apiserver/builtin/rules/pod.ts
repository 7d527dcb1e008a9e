// The rules of Pods: defaults, ServiceAccount and priority, what may change, and graceful deletion.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { cloneJson, ensureObject, equalJson, isObject, numberAt, objectAt, objectsAt, stringAt } from '../../json.ts';
import type { RuleContext, Rules } from '../../registry/definition.ts';
import { forbidden } from '../../status.ts';
import { qosClassOf } from './container-resources.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { podSpecFaults } from './pod-validation.ts';

export const podRules: Rules = {
  applyDefaults: (pod) => {
    defaultPodSpec(ensureObject(pod, 'spec'));
    objectAt(pod, 'spec')['enableServiceLinks'] ??= true;
  },
  prepareCreate(pod, context) {
    const spec = ensureObject(pod, 'spec');
    assignServiceAccount(pod, spec, context);
    assignPriority(pod, spec, context);
    pod['status'] = {
      phase: 'Pending',
      qosClass: qosClassOf([...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')]),
    };
  },
  validate: (pod) => podSpecFaults(objectAt(pod, 'spec'), 'spec'),
  validateUpdate: (pod, old) => changedSpecFaults(objectAt(pod, 'spec'), objectAt(old, 'spec')),
  validateStatus: (pod, old) => nominalStatusFaults(pod, old),
  gracePeriod(pod, requested) {
    const phase = stringAt(pod, 'status', 'phase');
    if (!stringAt(pod, 'spec', 'nodeName') || phase === 'Succeeded' || phase === 'Failed') return 0;
    const seconds = requested ?? numberAt(pod, 'spec', 'terminationGracePeriodSeconds') ?? 0;
    return seconds < 0 ? 1 : seconds;
  },
};

const pods = { group: '', plural: 'pods' };

function assignServiceAccount(pod: ApiObject, spec: JsonObject, { find }: RuleContext): void {
  const name = stringAt(spec, 'serviceAccountName') || 'default';
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
  const namespace = pod.metadata.namespace ?? '';
  // `default` is made by a controller a moment after its Namespace; a Pod that is quicker is not refused.
  if (name !== 'default' && find('', 'serviceaccounts', namespace, name) === undefined)
    throw forbidden(
      pods,
      pod.metadata.name,
      `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
    );
}

function assignPriority(pod: ApiObject, spec: JsonObject, { find, all }: RuleContext): void {
  const name = stringAt(spec, 'priorityClassName') ?? '';
  const found =
    name === ''
      ? all('scheduling.k8s.io', 'priorityclasses').find((entry) => entry['globalDefault'] === true)
      : find('scheduling.k8s.io', 'priorityclasses', undefined, name);
  if (name !== '' && found === undefined)
    throw forbidden(pods, pod.metadata.name, `no PriorityClass with name ${name} was found`);
  if (found !== undefined) spec['priorityClassName'] = found.metadata.name;
  spec['priority'] = numberAt(found, 'value') ?? 0;
  spec['preemptionPolicy'] ??= stringAt(found, 'preemptionPolicy') ?? 'PreemptLowerPriority';
}

const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
  '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function changedSpecFaults(spec: JsonObject, old: JsonObject): FieldError[] {
  const additions = objectsAt(old, 'tolerations').every((toleration) =>
    objectsAt(spec, 'tolerations').some((kept) => equalJson(kept, toleration)),
  );
  const gated = objectsAt(old, 'schedulingGates').length > 0;
  const comparable = (source: JsonObject): JsonObject => {
    const copy = cloneJson(source);
    for (const container of [...objectsAt(copy, 'containers'), ...objectsAt(copy, 'initContainers')])
      delete container['image'];
    delete copy['activeDeadlineSeconds'];
    delete copy['schedulingGates'];
    if (additions) delete copy['tolerations'];
    if (gated) {
      delete copy['nodeSelector'];
      delete copy['affinity'];
    }
    return copy;
  };
  return equalJson(comparable(spec), comparable(old)) ? [] : [forbiddenField('spec', CHANGEABLE)];
}

/** A container that ended for good may not run again in the same Pod. */
function nominalStatusFaults(pod: ApiObject, old: ApiObject): FieldError[] {
  if (stringAt(pod, 'spec', 'restartPolicy') === 'Always') return [];
  return objectsAt(old, 'status', 'containerStatuses').flatMap((before, index) => {
    const after = objectsAt(pod, 'status', 'containerStatuses').find((status) => status['name'] === before['name']);
    const ended = isObject(objectAt(before, 'state')['terminated']);
    if (!ended || after === undefined || isObject(objectAt(after, 'state')['terminated'])) return [];
    if (
      stringAt(pod, 'spec', 'restartPolicy') === 'OnFailure' &&
      numberAt(before, 'state', 'terminated', 'exitCode') !== 0
    )
      return [];
    return [
      forbiddenField(`status.containerStatuses[${index}].state`, 'may not be transitioned to non-terminated state'),
    ];
  });
}
