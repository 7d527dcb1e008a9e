// The scale subresource: the replicas of anything that has them, as an autoscaling/v1 Scale.
import type { Core, Scope } from '../core.ts';
import { inVersion } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { cloneJson, ensureObject, isObject, numberAt, objectAt, stringAt, valueAt } from '../json.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import type { ScalePaths } from '../registry/definition.ts';
import { formatSelector, selectorFromObject } from '../selection/label-selector.ts';
import { badRequest, invalid, noSuchPath, notImplemented } from '../status.ts';
import { invalidValue } from '../field-error.ts';
import { getObject } from './read.ts';
import { updateObject } from './update.ts';

const pathsOf = (scope: Scope): ScalePaths => {
  const { scale } = scope.definition;
  if (scale === undefined) throw noSuchPath();
  return scale;
};

/** The Scale of an object. */
export function scaleOf(object: ApiObject, paths: ScalePaths): JsonObject {
  const selector = paths.selector === undefined ? undefined : valueAt(object, ...paths.selector);
  const selectorText = isObject(selector) ? formatSelector(selectorFromObject(selector)) : selector;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, ...paths.specReplicas) ?? 0 },
    status: {
      replicas: numberAt(object, ...paths.statusReplicas) ?? 0,
      ...(typeof selectorText === 'string' ? { selector: selectorText } : {}),
    },
  };
}

export const getScale = (core: Core, scope: Scope): JsonObject =>
  scaleOf(inVersion(getObject(core, scope), scope.definition), pathsOf(scope));

/** PUT (no content type) or PATCH of a Scale. Throws 422 for a negative number. */
export async function writeScale(
  core: Core,
  scope: Scope,
  body: unknown,
  patchType: string | undefined,
): Promise<JsonObject> {
  const paths = pathsOf(scope);
  const stored = await updateObject(core, scope, (current) => {
    const scale = scaleOf(current, paths);
    const wanted = patchType === undefined ? body : patched(scale, body, patchType);
    const replicas = numberAt(wanted, 'spec', 'replicas') ?? 0;
    if (replicas < 0 || !Number.isInteger(replicas))
      throw invalid('autoscaling', 'Scale', scope.name, [
        invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
      ]);
    const draft = cloneJson(current);
    setNumber(draft, paths.specReplicas, replicas);
    draft.metadata.resourceVersion = stringAt(wanted, 'metadata', 'resourceVersion') ?? '';
    return { draft };
  });
  return scaleOf(inVersion(stored, scope.definition), paths);
}

function patched(scale: JsonObject, body: unknown, type: string): unknown {
  // The lock counts only when the patch itself carries one.
  const unlocked = { ...scale, metadata: { ...objectAt(scale, 'metadata'), resourceVersion: undefined } };
  if (type === 'application/json-patch+json') return applyJsonPatch(scale, body);
  if (type === 'application/merge-patch+json' || type === 'application/strategic-merge-patch+json')
    return applyMergePatch(unlocked, body);
  throw notImplemented(`patches of type ${type} on the scale subresource`);
}

function setNumber(draft: ApiObject, path: readonly string[], value: number): void {
  const last = path.at(-1);
  if (last === undefined) throw badRequest('the scale subresource has no path for replicas');
  const parent = path.slice(0, -1).reduce<JsonObject>((object, name) => ensureObject(object, name), draft);
  parent[last] = value;
}
