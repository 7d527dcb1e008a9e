// What may change about a Pod that exists, and how a real server refuses the rest.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, required } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { cloneJson, equalJson, isObject, numberAt, objectAt, objectsAt, stringAt } from '../../json.ts';

const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
  '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
const MAX_INT32 = 2_147_483_647;

/** Faults of an update of the Pod itself. */
export function podUpdateFaults(pod: ApiObject, old: ApiObject): FieldError[] {
  const [spec, before] = [objectAt(pod, 'spec'), objectAt(old, 'spec')];
  for (const list of ['containers', 'initContainers'])
    if (objectsAt(spec, list).length !== objectsAt(before, list).length)
      return [forbiddenField(`spec.${list}`, 'pod updates may not add or remove containers')];
  const deadline = deadlineFaults(spec, before);
  if (deadline.some(({ detail }) => detail !== 'must not update from a positive integer to nil value')) return deadline;
  return [
    ...imageFaults(spec),
    ...deadline,
    ...tolerationFaults(spec, before),
    ...gateFaults(spec, before),
    ...otherFaults(spec, before),
  ];
}

const imageFaults = (spec: JsonObject): FieldError[] =>
  ['containers', 'initContainers'].flatMap((list) =>
    objectsAt(spec, list).flatMap((container, index) =>
      (stringAt(container, 'image') ?? '') === '' ? [required(`spec.${list}[${index}].image`)] : [],
    ),
  );

function deadlineFaults(spec: JsonObject, before: JsonObject): FieldError[] {
  const at = 'spec.activeDeadlineSeconds';
  const [now, then] = [numberAt(spec, 'activeDeadlineSeconds'), numberAt(before, 'activeDeadlineSeconds')];
  if (now === undefined)
    return then === undefined ? [] : [invalidValue(at, null, 'must not update from a positive integer to nil value')];
  if (now < 0 || now > MAX_INT32) return [invalidValue(at, now, `must be between 0 and ${MAX_INT32}, inclusive`)];
  return then !== undefined && then < now
    ? [invalidValue(at, now, 'must be less than or equal to previous value')]
    : [];
}

function tolerationFaults(spec: JsonObject, before: JsonObject): FieldError[] {
  const untimed = (toleration: JsonObject): JsonObject => ({ ...toleration, tolerationSeconds: undefined });
  const now = objectsAt(spec, 'tolerations').map(untimed);
  const kept = objectsAt(before, 'tolerations').every((old) => now.some((one) => equalJson(one, untimed(old))));
  return kept
    ? []
    : [forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

function gateFaults(spec: JsonObject, before: JsonObject): FieldError[] {
  const then = objectsAt(before, 'schedulingGates').map((gate) => stringAt(gate, 'name') ?? '');
  return objectsAt(spec, 'schedulingGates').flatMap((gate) => {
    const name = stringAt(gate, 'name') ?? '';
    return then.includes(name)
      ? []
      : [forbiddenField('spec.schedulingGates', `only deletion is allowed, but found new scheduling gate '${name}'`)];
  });
}

function otherFaults(spec: JsonObject, before: JsonObject): FieldError[] {
  const gated = objectsAt(before, 'schedulingGates').length > 0;
  const comparable = (source: JsonObject): JsonObject => {
    const copy = cloneJson(source);
    for (const container of [...objectsAt(copy, 'containers'), ...objectsAt(copy, 'initContainers')])
      delete container['image'];
    for (const name of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations']) delete copy[name];
    if (gated) for (const name of ['nodeSelector', 'affinity']) delete copy[name];
    return copy;
  };
  const next = comparable(spec);
  const negative = (numberAt(before, 'terminationGracePeriodSeconds') ?? 0) < 0;
  if (negative && spec['terminationGracePeriodSeconds'] === 1)
    next['terminationGracePeriodSeconds'] = before['terminationGracePeriodSeconds'];
  return equalJson(next, comparable(before)) ? [] : [forbiddenField('spec', CHANGEABLE)];
}

/** A container that ended for good may not run again in the same Pod. */
export function podStatusFaults(pod: ApiObject, old: ApiObject): FieldError[] {
  const policy = stringAt(pod, 'spec', 'restartPolicy');
  if (policy === 'Always') return [];
  return objectsAt(old, 'status', 'containerStatuses').flatMap((before, index) => {
    const after = objectsAt(pod, 'status', 'containerStatuses').find((status) => status['name'] === before['name']);
    const ended = isObject(objectAt(before, 'state')['terminated']);
    if (!ended || after === undefined || isObject(objectAt(after, 'state')['terminated'])) return [];
    if (policy === 'OnFailure' && numberAt(before, 'state', 'terminated', 'exitCode') !== 0) return [];
    return [
      forbiddenField(`status.containerStatuses[${index}].state`, 'may not be transitioned to non-terminated state'),
    ];
  });
}
