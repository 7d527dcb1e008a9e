// POST pods/NAME/binding: the scheduler's decision, made once.
import { checkNamespace } from '../admission/namespace-lifecycle.ts';
import type { Core, Scope } from '../core.ts';
import { collectionOf, timestamp } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { cloneJson, ensureObject, isObject, objectAt, objectsAt, stringAt, stringMapAt } from '../json.ts';
import type { FieldError } from '../field-error.ts';
import { fieldErrorText, notSupported, required } from '../field-error.ts';
import { objectKey } from '../registry/definition.ts';
import { badRequest, conflict, notFound, StatusError } from '../status.ts';
import { isDryRun } from './options.ts';

const resource = { group: '', plural: 'pods/binding' };

/** Sets spec.nodeName and the PodScheduled condition. Throws 409 when the Pod is bound already or is being deleted. */
export async function bindPod(core: Core, scope: Scope, body: unknown): Promise<void> {
  if (!isObject(body)) throw badRequest('the body of the request must be an object');
  if ((stringAt(body, 'metadata', 'name') ?? '') !== scope.name)
    throw badRequest('name in URL does not match name in Binding object');
  const node = targetNode(body);
  checkNamespace(core, scope);
  const dryRun = isDryRun(scope.query);
  const binding: ApiObject = {
    ...body,
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { ...objectAt(body, 'metadata'), name: scope.name },
  };
  await core.admission.validate({ scope, operation: 'CREATE', old: undefined, dryRun }, binding);
  const collection = collectionOf(core, scope.definition);
  const key = objectKey(scope.namespace, scope.name);
  const entry = collection.get(key);
  if (entry === undefined) throw notFound(scope.definition, scope.name);
  checkBindable(entry.object, binding);
  // Nothing is awaited since the read, so nobody can have come between.
  if (!dryRun) collection.update(key, entry, bound(entry.object, node, binding, timestamp(core.clock.now())));
}

function targetNode(body: JsonObject): string {
  const kind = stringAt(body, 'target', 'kind') ?? '';
  const node = stringAt(body, 'target', 'name') ?? '';
  if (kind !== '' && kind !== 'Node') throw unworded(notSupported('target.kind', kind, ['Node', '<empty>']));
  if (node === '') throw unworded(required('target.name'));
  return node;
}

/** The bare fault: a real server does not dress it as an invalid Binding. */
const unworded = (fault: FieldError): StatusError => new StatusError(500, '', fieldErrorText(fault));

function checkBindable(pod: ApiObject, binding: ApiObject): void {
  const { name, uid, deletionTimestamp } = pod.metadata;
  const wanted = binding.metadata.uid ?? uid;
  if (wanted !== uid)
    throw conflict(resource, name, `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${uid}`);
  if (deletionTimestamp !== undefined)
    throw conflict(resource, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  const node = stringAt(pod, 'spec', 'nodeName') ?? '';
  if (node !== '') throw conflict(resource, name, `pod ${name} is already assigned to node ${JSON.stringify(node)}`);
}

function bound(pod: ApiObject, node: string, binding: ApiObject, now: string): ApiObject {
  const next = cloneJson(pod);
  ensureObject(next, 'spec')['nodeName'] = node;
  const annotations = stringMapAt(binding, 'metadata', 'annotations');
  if (Object.keys(annotations).length > 0) next.metadata.annotations = { ...next.metadata.annotations, ...annotations };
  const others = objectsAt(next, 'status', 'conditions').filter((condition) => condition['type'] !== 'PodScheduled');
  const scheduled: JsonObject = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: now };
  ensureObject(next, 'status')['conditions'] = [...others, scheduled];
  return next;
}
