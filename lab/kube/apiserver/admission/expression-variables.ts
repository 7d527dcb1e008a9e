// What expressions of match conditions and policies can name, and with which types.
import type { CelType } from '../cel/types.ts';
import { listOf, mapOf, objectOf, types } from '../cel/types.ts';
import { libraryTypes } from '../cel/overload.ts';

/** Which of the variables that not every expression has are there. */
export interface Extras {
  readonly params: boolean;
  readonly authorizer: boolean;
  /** Types of the policy's own variables so far; absent where there can be none. */
  readonly variables?: ReadonlyMap<string, CelType>;
  /** A type in place of dyn, for checking a policy against the kinds that it matches. */
  readonly object?: CelType;
  readonly paramsType?: CelType;
}

const struct = (name: string, fields: Readonly<Record<string, CelType>>): CelType =>
  objectOf(`kubernetes.${name}`, new Map(Object.entries(fields)));

const { string, bool, dyn, timestamp, int } = types;
const strings = listOf(string);
const gvk = struct('GroupVersionKind', { group: string, version: string, kind: string });
const gvr = struct('GroupVersionResource', { group: string, version: string, resource: string });

const requestType = struct('AdmissionRequest', {
  kind: gvk,
  resource: gvr,
  subResource: string,
  requestKind: gvk,
  requestResource: gvr,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo: struct('UserInfo', { username: string, uid: string, groups: strings, extra: mapOf(string, strings) }),
  dryRun: bool,
  options: dyn,
});

const namespaceType = struct('Namespace', {
  metadata: struct('NamespaceMetadata', {
    name: string,
    generateName: string,
    namespace: string,
    labels: mapOf(string, string),
    annotations: mapOf(string, string),
    UID: string,
    creationTimestamp: timestamp,
    deletionGracePeriodSeconds: int,
    deletionTimestamp: timestamp,
    generation: int,
    resourceVersion: string,
    finalizers: strings,
  }),
  spec: struct('NamespaceSpec', { finalizers: strings }),
  status: struct('NamespaceStatus', {
    conditions: listOf(
      struct('NamespaceCondition', {
        status: string,
        type: string,
        lastTransitionTime: timestamp,
        message: string,
        reason: string,
      }),
    ),
    phase: string,
  }),
});

const { Authorizer = dyn, ResourceCheck = dyn } = libraryTypes;

/** Declarations for the checker. */
export function admissionVariables(extras: Extras): ReadonlyMap<string, CelType> {
  const { object = dyn, paramsType = dyn, variables } = extras;
  return new Map<string, CelType>([
    ['object', object],
    ['oldObject', object],
    ['namespaceObject', namespaceType],
    ['request', requestType],
    ...(extras.params ? [['params', paramsType] as const] : []),
    ...(extras.authorizer
      ? ([
          ['authorizer', Authorizer],
          ['authorizer.requestResource', ResourceCheck],
        ] as const)
      : []),
    ...(variables === undefined ? [] : [['variables', objectOf('kubernetes.variables', variables)] as const]),
  ]);
}
