// POST pods/NAME/eviction: a deletion that asks first. No disruption budgets are served, so nothing ever holds it up.
import type { Core, Scope } from '../core.ts';
import { collectionOf, timestamp } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { cloneJson, ensureObject, isObject, objectAt, objectsAt, stringAt } from '../json.ts';
import { objectKey } from '../registry/definition.ts';
import { badRequest, notFound } from '../status.ts';
import { deleteOptionsOf } from './delete-options.ts';
import { isDryRun } from './options.ts';
import { deleteObject } from './removal.ts';

const VERSIONS = ['policy/v1', 'policy/v1beta1'];

/**
 * Marks the Pod as disrupted and deletes it with the options that the Eviction carries. Throws 404 without the Pod, 400 for a body that is
 * no Eviction of it, 409 when a precondition fails. Source: pkg/registry/core/pod/storage/eviction.go of Kubernetes.
 */
export async function evictPod(core: Core, scope: Scope, body: unknown): Promise<void> {
  const eviction = evictionOf(scope, body);
  const given = eviction['deleteOptions'];
  const options = deleteOptionsOf(new URLSearchParams(), isObject(given) ? given : undefined);
  const dryRun = options.dryRun || isDryRun(scope.query);
  await core.admission.validate({ scope, operation: 'CREATE', old: undefined, dryRun }, eviction);
  const about: Scope = { ...scope, subresource: undefined };
  const pod = collectionOf(core, scope.definition).get(objectKey(scope.namespace, scope.name));
  if (pod === undefined) throw notFound(scope.definition, scope.name);
  const isMarked = !dryRun && pod.object.metadata.deletionTimestamp === undefined;
  const held = isMarked ? mark(core, about, pod.object) : undefined;
  // The mark changed the version that the caller may have insisted on.
  const resourceVersion =
    held !== undefined && options.resourceVersion === pod.object.metadata.resourceVersion
      ? held.metadata.resourceVersion
      : options.resourceVersion;
  // Who may create the Eviction was asked; nobody is asked about the deletion.
  await deleteObject(core, about, { ...options, dryRun, resourceVersion }, () => Promise.resolve());
}

function evictionOf(scope: Scope, body: unknown): ApiObject {
  if (!isObject(body)) throw badRequest('the body of the request must be an object');
  const apiVersion = stringAt(body, 'apiVersion') ?? '';
  const kind = stringAt(body, 'kind') ?? '';
  if ((kind !== '' && kind !== 'Eviction') || (apiVersion !== '' && !VERSIONS.includes(apiVersion)))
    throw badRequest(
      `${kind || 'Eviction'} in version ${JSON.stringify(apiVersion.split('/').at(-1) ?? '')} cannot be handled as a Eviction: no kind ${JSON.stringify(kind || 'Eviction')} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    );
  if ((stringAt(body, 'metadata', 'name') ?? '') !== scope.name)
    throw badRequest('name in URL does not match name in Eviction object');
  return {
    ...body,
    apiVersion: apiVersion || 'policy/v1',
    kind: 'Eviction',
    metadata: {
      ...objectAt(body, 'metadata'),
      name: scope.name,
      ...(scope.namespace === undefined ? {} : { namespace: scope.namespace }),
    },
  };
}

/** The condition that tells the Pod's owner why it went. */
function mark(core: Core, scope: Scope, pod: ApiObject): ApiObject | undefined {
  const collection = collectionOf(core, scope.definition);
  const key = objectKey(scope.namespace, scope.name);
  const entry = collection.get(key);
  if (entry === undefined || entry.object !== pod) return undefined;
  const next = cloneJson(pod);
  const others = objectsAt(next, 'status', 'conditions').filter(
    (condition) => condition['type'] !== 'DisruptionTarget',
  );
  const condition: JsonObject = {
    type: 'DisruptionTarget',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: timestamp(core.clock.now()),
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  ensureObject(next, 'status')['conditions'] = [...others, condition];
  return collection.update(key, entry, next)?.object;
}
