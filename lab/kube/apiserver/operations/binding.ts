// POST pods/NAME/binding: the scheduler's decision, made once.
import type { Core, Scope } from '../core.ts';
import { timestamp } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { cloneJson, objectAt, objectsAt, stringAt, stringMapAt } from '../json.ts';
import { badRequest, conflict, StatusError } from '../status.ts';
import { updateObject } from './update.ts';

/** Sets spec.nodeName and the PodScheduled condition. Throws 409 when the Pod is bound already or is being deleted. */
export async function bindPod(core: Core, scope: Scope, body: unknown): Promise<void> {
  const target = objectAt(body, 'target');
  const node = stringAt(target, 'name') ?? '';
  const kind = stringAt(target, 'kind') ?? '';
  if (kind !== '' && kind !== 'Node') throw invalidTarget(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node"`);
  if (node === '') throw invalidTarget('target.name: Required value');
  const uid = stringAt(body, 'metadata', 'uid');
  const annotations = stringMapAt(body, 'metadata', 'annotations');
  const resource = { group: '', plural: 'pods/binding' };
  await updateObject(core, { ...scope, subresource: undefined, name: scope.name }, (pod) => {
    if (uid !== undefined && uid !== pod.metadata.uid) throw conflict(resource, scope.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`);
    if (pod.metadata.deletionTimestamp !== undefined) throw conflict(resource, scope.name, `pod ${scope.name} is being deleted, cannot be assigned to a host`);
    const current = stringAt(pod, 'spec', 'nodeName') ?? '';
    if (current !== '') throw conflict(resource, scope.name, `pod ${scope.name} is already assigned to node ${JSON.stringify(current)}`);
    return { draft: bound(pod, node, annotations, timestamp(core.clock.now())), binding: true };
  });
}

function bound(pod: ApiObject, node: string, annotations: Record<string, string>, now: string): ApiObject {
  const draft = cloneJson(pod);
  const spec = objectAt(draft, 'spec');
  spec['nodeName'] = node;
  if (Object.keys(annotations).length > 0) draft.metadata.annotations = { ...draft.metadata.annotations, ...annotations };
  const others = objectsAt(draft, 'status', 'conditions').filter((condition) => condition['type'] !== 'PodScheduled');
  const scheduled: JsonObject = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: now };
  draft['status'] = { ...objectAt(draft, 'status'), conditions: [...others, scheduled] };
  return draft;
}

function invalidTarget(message: string): StatusError {
  return message === '' ? badRequest('binding needs a target') : new StatusError(422, 'Invalid', `Binding "" is invalid: ${message}`);
}
