// The values of one write's variables in expressions, each made when it is first asked for.
import type { Activation } from '../cel/evaluate.ts';
import { authorizerValue, requestResourceValue } from '../cel/library/authorizer.ts';
import type { AskAuthorizer } from '../cel/library/authorizer.ts';
import { plainValue } from '../cel/maps.ts';
import type { Value } from '../cel/values.ts';
import type { Authorizer } from '../access/rbac.ts';
import type { User } from '../access/user.ts';
import { serviceAccountUser } from '../access/user.ts';
import { userInfo } from '../http/reviews.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import type { AdmissionView } from './admission-view.ts';
import { optionsOf } from './admission-view.ts';
import type { Match } from './matching.ts';
import { inKind } from './matching.ts';

export interface ActivationInputs {
  readonly view: AdmissionView;
  readonly match: Match;
  readonly authorizer: Authorizer;
  readonly namespaceObject: ApiObject | undefined;
  /** `undefined` where the expression has no params; null where a binding names none. */
  readonly params?: JsonObject | null;
}

/** Values by name. */
export function activationOf(inputs: ActivationInputs): Activation {
  const { view, match } = inputs;
  const ask = askAuthorizer(inputs.authorizer, view.request.scope.user);
  const makers: Readonly<Record<string, () => Value>> = {
    object: () => plainValue(inKind(view.object, match.kind)),
    oldObject: () => plainValue(inKind(view.oldObject, match.kind)),
    request: () => plainValue(requestObject(view, match)),
    namespaceObject: () => plainValue(namespaceOf(inputs.namespaceObject)),
    params: () => plainValue(inputs.params),
    authorizer: () => authorizerValue(ask),
    'authorizer.requestResource': () =>
      requestResourceValue(ask, {
        group: view.resource.group,
        resource: view.resource.resource,
        subresource: view.subresource,
        namespace: view.namespace,
        name: view.name,
      }),
  };
  const made = new Map<string, Value>();
  return (name) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
    if (make === undefined || (name === 'params' && inputs.params === undefined)) return undefined;
    const value = make();
    made.set(name, value);
    return value;
  };
}

/** The AdmissionRequest without the objects, which have names of their own. */
function requestObject(view: AdmissionView, match: Match): JsonObject {
  const { request, subresource, namespace } = view;
  const { dryRun, operation, scope } = request;
  return {
    kind: match.kind,
    resource: match.resource,
    ...(subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource }),
    requestKind: view.kind,
    requestResource: view.resource,
    name: view.name,
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: userInfo(scope.user),
    dryRun,
    options: optionsOf(request),
  };
}

const NAMESPACE_METADATA = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'finalizers',
];

/** The Namespace that the object lies in, without owners and managers. */
function namespaceOf(namespace: ApiObject | undefined): JsonObject | null {
  if (namespace === undefined) return null;
  const members = Object.entries(namespace.metadata).filter(([name]) => NAMESPACE_METADATA.includes(name));
  return { metadata: Object.fromEntries(members), spec: namespace['spec'], status: namespace['status'] };
}

function askAuthorizer(authorizer: Authorizer, requester: User): AskAuthorizer {
  return ({ serviceAccount, path, verb, ...about }) => {
    const user =
      serviceAccount === undefined ? requester : serviceAccountUser(serviceAccount.namespace, serviceAccount.name, '');
    if (path !== undefined) return authorizer.decide(user, { kind: 'path', verb, path });
    const { group, resource, subresource, namespace, name } = about;
    return authorizer.decide(user, {
      kind: 'resource',
      verb,
      group,
      resource: subresource === '' ? resource : `${resource}/${subresource}`,
      namespace: namespace === '' ? undefined : namespace,
      name,
    });
  };
}
