// Questions that are answered and not stored: who is this token, may this user do that, what may I do here.
import type { Attributes } from '../access/attributes.ts';
import type { Decision } from '../access/rbac.ts';
import { errorsText, rulesFor } from '../access/rbac.ts';
import type { User } from '../access/user.ts';
import type { Core } from '../core.ts';
import { timestamp } from '../core.ts';
import type { JsonObject } from '../json.ts';
import { isObject, objectAt, stringAt, stringsAt } from '../json.ts';
import { badRequest } from '../status.ts';
import { checkReview } from './review-validation.ts';

export interface ReviewResource {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const authentication = 'authentication.k8s.io';
const authorization = 'authorization.k8s.io';

export const reviewResources: readonly ReviewResource[] = [
  { group: authentication, plural: 'tokenreviews', kind: 'TokenReview', namespaced: false },
  { group: authentication, plural: 'selfsubjectreviews', kind: 'SelfSubjectReview', namespaced: false },
  { group: authorization, plural: 'localsubjectaccessreviews', kind: 'LocalSubjectAccessReview', namespaced: true },
  { group: authorization, plural: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview', namespaced: false },
  { group: authorization, plural: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview', namespaced: false },
  { group: authorization, plural: 'subjectaccessreviews', kind: 'SubjectAccessReview', namespaced: false },
];

/** The review that a collection path names; `undefined` for every other path. */
export function reviewOf(path: {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string;
}): ReviewResource | undefined {
  return reviewResources.find(
    ({ group, plural, namespaced }) =>
      group === path.group &&
      plural === path.plural &&
      path.version === 'v1' &&
      path.name === '' &&
      namespaced === (path.namespace !== undefined),
  );
}

/** Answers a review. Throws 400 or 422 for a body that asks nothing, or nothing that can be answered. */
export function answerReview(
  core: Core,
  user: User,
  review: ReviewResource,
  namespace: string | undefined,
  body: unknown,
): JsonObject {
  if (!isObject(body)) throw badRequest('the body of the request must be an object');
  const head = {
    kind: review.kind,
    apiVersion: `${review.group}/v1`,
    metadata: { creationTimestamp: null, ...objectAt(body, 'metadata') },
  };
  const spec = objectAt(body, 'spec');
  checkReview(review.kind, spec, stringAt(body, 'metadata', 'namespace'), namespace);
  switch (review.kind) {
    case 'TokenReview':
      return { ...head, spec, status: tokenStatus(core, spec) };
    case 'SelfSubjectReview':
      return {
        ...head,
        metadata: { creationTimestamp: timestamp(core.clock.now()) },
        status: { userInfo: userInfo(user) },
      };
    case 'SelfSubjectRulesReview':
      return { ...head, spec: {}, status: rulesStatus(core, user, stringAt(spec, 'namespace')) };
    case 'SelfSubjectAccessReview':
      return { ...head, spec, status: accessStatus(core.authorizer.decide(user, attributesOf(spec))) };
    default:
      return { ...head, spec, status: accessStatus(core.authorizer.decide(userOf(spec), attributesOf(spec))) };
  }
}

/** authentication.k8s.io UserInfo. */
export function userInfo(user: User): JsonObject {
  return {
    username: user.name,
    ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(user.extra === undefined || Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
  };
}

/** The user that a SubjectAccessReview is about: nothing is added to what it says. */
function userOf(spec: JsonObject): User {
  return {
    name: stringAt(spec, 'user') ?? '',
    groups: stringsAt(spec, 'groups'),
    uid: stringAt(spec, 'uid') ?? '',
    extra: Object.fromEntries(Object.keys(objectAt(spec, 'extra')).map((key) => [key, stringsAt(spec, 'extra', key)])),
  };
}

const accessStatus = ({ allowed, reason }: Decision): JsonObject => ({
  allowed,
  ...(reason === '' ? {} : { reason }),
});

function tokenStatus(core: Core, spec: JsonObject): JsonObject {
  const answer = core.tokens.review(stringAt(spec, 'token') ?? '', stringsAt(spec, 'audiences'));
  if ('error' in answer) {
    const error = answer.error === '' ? 'invalid bearer token' : `[invalid bearer token, ${answer.error}]`;
    return { user: {}, error };
  }
  return { authenticated: true, user: userInfo(answer.user), audiences: answer.audiences };
}

function rulesStatus(core: Core, user: User, namespace: string | undefined): JsonObject {
  const { rules, errors } = rulesFor(core.authorizer.resolver, user, namespace);
  const resourceRules = rules
    .filter((rule) => rule.resources.length > 0)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs,
      apiGroups,
      resources,
      ...(resourceNames.length === 0 ? {} : { resourceNames }),
    }));
  const nonResourceRules = rules
    .filter((rule) => rule.nonResourceURLs.length > 0)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));
  return {
    resourceRules,
    nonResourceRules,
    // As on a real server: rules are told as far as they are known, and counted as all.
    incomplete: false,
    ...(errors.length === 0 ? {} : { evaluationError: errorsText(errors) }),
  };
}

function attributesOf(spec: JsonObject): Attributes {
  const asked = spec['resourceAttributes'];
  if (!isObject(asked)) {
    const { verb = '', path = '' } = objectAt(spec, 'nonResourceAttributes') as { verb?: string; path?: string };
    return { kind: 'path', verb, path };
  }
  const resource = stringAt(asked, 'resource') ?? '';
  const subresource = stringAt(asked, 'subresource') ?? '';
  return {
    kind: 'resource',
    verb: stringAt(asked, 'verb') ?? '',
    group: stringAt(asked, 'group') ?? '',
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
    namespace: stringAt(asked, 'namespace') || undefined,
    name: stringAt(asked, 'name') ?? '',
  };
}
