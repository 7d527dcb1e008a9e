// The scale subresource: the replicas of anything that has them, as an autoscaling/v1 Scale.
import type { Core, Scope } from '../core.ts';
import { inVersion } from '../core.ts';
import { invalidValue } from '../field-error.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { cloneJson, ensureObject, isObject, numberAt, objectAt, plainText, stringAt, valueAt } from '../json.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import type { ScalePaths } from '../registry/definition.ts';
import { formatSelector, selectorFromObject } from '../selection/label-selector.ts';
import {
  badRequest,
  conflict,
  internalError,
  invalid,
  noSuchPath,
  notFound,
  notImplemented,
  StatusError,
} from '../status.ts';
import { checkIdentity } from './object-identity.ts';
import { checkWriteOptions } from './options.ts';
import { jsonType, patchTypeOf, readPatch } from './patch-type.ts';
import { patchedJson } from './patched-json.ts';
import { getObject } from './read.ts';
import { storageError } from './storage-error.ts';
import { updateObject } from './update.ts';

const API_VERSION = 'autoscaling/v1';

const pathsOf = (scope: Scope): ScalePaths => {
  const { scale } = scope.definition;
  if (scale === undefined) throw noSuchPath();
  return scale;
};

/** The Scale of an object; no replicas are not written. */
export function scaleOf(object: ApiObject, paths: ScalePaths): ApiObject {
  const selector = paths.selector === undefined ? undefined : valueAt(object, ...paths.selector);
  const selectorText = isObject(selector) ? formatSelector(selectorFromObject(selector)) : selector;
  const { name, namespace, uid = '', resourceVersion = '', creationTimestamp = '' } = object.metadata;
  const replicas = numberAt(object, ...paths.specReplicas) ?? 0;
  return {
    kind: 'Scale',
    apiVersion: API_VERSION,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: numberAt(object, ...paths.statusReplicas) ?? 0,
      ...(typeof selectorText === 'string' && selectorText !== '' ? { selector: selectorText } : {}),
    },
  };
}

/** Throws 404, for built-in kinds about the subresource. */
export function getScale(core: Core, scope: Scope): JsonObject {
  const paths = pathsOf(scope);
  try {
    const object = inVersion(getObject(core, scope), scope.definition);
    if (scope.definition.custom && valueAt(object, ...paths.specReplicas) === undefined)
      throw internalError(`the spec replicas field ".${paths.specReplicas.join('.')}" does not exist`);
    return scaleOf(object, paths);
  } catch (error) {
    const { group, plural, custom } = scope.definition;
    if (!custom && error instanceof StatusError && error.code === 404)
      throw notFound({ group, plural: `${plural}/scale` }, scope.name);
    throw error;
  }
}

/** PUT of a Scale. */
export async function replaceScale(core: Core, scope: Scope, body: unknown): Promise<JsonObject> {
  checkWriteOptions(scope.query, 'UpdateOptions');
  const scale = decodeScale(scope, body);
  return writeScale(core, scope, (current) => {
    const { uid = '' } = scale.metadata;
    const found = current.metadata.uid ?? '';
    if (uid !== '' && uid !== found) {
      const text = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`;
      throw conflict(scope.definition, scope.name, storageError(scope, text));
    }
    return scale;
  });
}

/** PATCH of a Scale, in any format but apply. Throws 501 for that one. */
export async function patchScale(
  core: Core,
  scope: Scope,
  contentType: string,
  read: () => Promise<unknown>,
): Promise<JsonObject> {
  const type = patchTypeOf(scope.definition, contentType);
  if (type === 'apply') throw notImplemented('apply patches of the scale subresource');
  checkWriteOptions(scope.query, 'PatchOptions');
  const body = await readPatch(type, read);
  const paths = pathsOf(scope);
  return writeScale(core, scope, (current) => {
    const scale = scaleOf(current, paths);
    const patched =
      type === 'strategic'
        ? applyMergePatch(scale, body ?? {})
        : patchedJson(type, scaleOf(current, paths), body).patched;
    try {
      return decodeScale(scope, patched);
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 400 || !(error instanceof UnfitScale)) throw error;
      throw invalid('', '', '', [invalidValue('patch', JSON.stringify(patched), error.message)]);
    }
  });
}

/** A Scale with a value of the wrong type. */
class UnfitScale extends StatusError {
  constructor(message: string) {
    super(400, 'BadRequest', message);
  }
}

function decodeScale(scope: Scope, body: unknown): ApiObject {
  const given = isObject(body) ? body : {};
  for (const [name, what, expected] of [
    ['apiVersion', 'API version', API_VERSION],
    ['kind', 'kind', 'Scale'],
  ] as const) {
    const found = plainText(given[name] ?? '');
    if (found !== '' && found !== expected)
      throw badRequest(
        `the ${what} in the data (${found}) does not match the expected ${what === 'kind' ? 'kind' : what} (${expected})`,
      );
  }
  const replicas = objectAt(given, 'spec')['replicas'];
  if (replicas !== undefined && replicas !== null && !Number.isInteger(replicas))
    throw new UnfitScale(
      `Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal ${jsonType(replicas)} into Go struct field ScaleSpec.spec.replicas of type int32`,
    );
  const name = stringAt(given, 'metadata', 'name') ?? '';
  const scale: ApiObject = {
    ...cloneJson(given),
    apiVersion: API_VERSION,
    kind: 'Scale',
    metadata: { ...cloneJson(objectAt(given, 'metadata')), name },
  };
  checkIdentity(scope, scale);
  return scale;
}

async function writeScale(core: Core, scope: Scope, wantedOf: (current: ApiObject) => ApiObject): Promise<JsonObject> {
  const paths = pathsOf(scope);
  const stored = await updateObject(core, scope, (current) => {
    const wanted = wantedOf(current);
    const replicas = numberAt(wanted, 'spec', 'replicas') ?? 0;
    if (replicas < 0)
      throw invalid('autoscaling', 'Scale', scope.name, [
        invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
      ]);
    const draft = cloneJson(current);
    setNumber(draft, paths.specReplicas, replicas);
    const { resourceVersion = '' } = wanted.metadata;
    if (resourceVersion !== '') draft.metadata.resourceVersion = resourceVersion;
    return { draft, unlocked: true };
  });
  return scaleOf(inVersion(stored, scope.definition), paths);
}

function setNumber(draft: ApiObject, path: readonly string[], value: number): void {
  const last = path.at(-1);
  if (last === undefined) throw badRequest('the scale subresource has no path for replicas');
  const parent = path.slice(0, -1).reduce<JsonObject>((object, name) => ensureObject(object, name), draft);
  parent[last] = value;
}
