// A write as webhooks and policies see it: subresources have kinds of their own, and options are objects.
import type { ApiObject, JsonObject } from '../json.ts';
import { cloneJson, ensureObject, numberAt } from '../json.ts';
import { scaleOf } from '../operations/scale.ts';
import type { Definition, Subresource } from '../registry/definition.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { AdmissionRequest } from './admission.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export interface AdmissionView {
  readonly request: AdmissionRequest;
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
  /** '' for the object itself. */
  readonly subresource: string;
  readonly name: string;
  /** A Namespace lies in itself. */
  readonly namespace: string;
  readonly object: ApiObject | undefined;
  readonly oldObject: ApiObject | undefined;
}

/** Kinds of what is sent to subresources, where it is not the object itself. */
const SUBRESOURCE_KINDS: Readonly<Partial<Record<Subresource, GroupVersionKind>>> = {
  attach: { group: '', version: 'v1', kind: 'PodAttachOptions' },
  binding: { group: '', version: 'v1', kind: 'Binding' },
  eviction: { group: 'policy', version: 'v1', kind: 'Eviction' },
  exec: { group: '', version: 'v1', kind: 'PodExecOptions' },
  portforward: { group: '', version: 'v1', kind: 'PodPortForwardOptions' },
  scale: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  token: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
};

/** Is what is sent to the subresource judged without being changed by webhooks? */
export const isOneWay = ({ operation, scope }: AdmissionRequest): boolean =>
  operation === 'CONNECT' ||
  scope.subresource === 'binding' ||
  scope.subresource === 'eviction' ||
  scope.subresource === 'token';

export function viewOf(request: AdmissionRequest, object: ApiObject | undefined): AdmissionView {
  const { scope, old } = request;
  const { definition, subresource } = scope;
  const kind = (subresource && SUBRESOURCE_KINDS[subresource]) ?? identity(definition);
  const shown = (value: ApiObject | undefined): ApiObject | undefined => {
    if (value === undefined) return undefined;
    if (subresource === 'scale' && definition.scale !== undefined) return scaleOf(value, definition.scale);
    return isOneWay(request) ? value : { ...value, apiVersion: apiVersionOf(definition), kind: definition.kind };
  };
  const { name } = scope;
  const isNamespace = definition.group === '' && definition.kind === 'Namespace';
  return {
    request,
    kind,
    resource: { group: definition.group, version: definition.version, resource: definition.plural },
    subresource: subresource ?? '',
    name,
    namespace: isNamespace ? name : (scope.namespace ?? ''),
    object: shown(object),
    oldObject: shown(old),
  };
}

const identity = ({ group, version, kind }: Definition): GroupVersionKind => ({ group, version, kind });

/** The object that a write is about, after a webhook changed what it saw of it. */
export function fromView(request: AdmissionRequest, object: ApiObject, seen: ApiObject): ApiObject {
  const { definition, subresource } = request.scope;
  if (subresource !== 'scale' || definition.scale === undefined) return seen;
  const [last, ...path] = [...definition.scale.specReplicas].reverse();
  const changed = cloneJson(object);
  const parent = path.reverse().reduce<JsonObject>((owner, name) => ensureObject(owner, name), changed);
  if (last !== undefined) parent[last] = numberAt(seen, 'spec', 'replicas') ?? 0;
  return changed;
}

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

/** The options of the write as an object of meta.k8s.io/v1; a connection has none. */
export function optionsOf({ scope, operation, dryRun, options }: AdmissionRequest): JsonObject | null {
  if (operation === 'CONNECT') return null;
  const parameter = (name: string): JsonObject => {
    const value = scope.query.get(name) ?? '';
    return value === '' || operation === 'DELETE' ? {} : { [name]: value };
  };
  return {
    kind: OPTIONS[operation],
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...parameter('fieldManager'),
    ...parameter('fieldValidation'),
    ...options,
  };
}
