// Questions that are answered and not stored: who is this token, may this user do that.
import type { Attributes } from '../access/rbac.ts';
import type { User } from '../access/user.ts';
import type { Core } from '../core.ts';
import type { JsonObject } from '../json.ts';
import { isObject, objectAt, stringAt, stringsAt } from '../json.ts';
import { badRequest } from '../status.ts';

export interface ReviewResource {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export const reviewResources: readonly ReviewResource[] = [
  { group: 'authentication.k8s.io', plural: 'tokenreviews', kind: 'TokenReview', namespaced: false },
  { group: 'authentication.k8s.io', plural: 'selfsubjectreviews', kind: 'SelfSubjectReview', namespaced: false },
  {
    group: 'authorization.k8s.io',
    plural: 'selfsubjectaccessreviews',
    kind: 'SelfSubjectAccessReview',
    namespaced: false,
  },
  { group: 'authorization.k8s.io', plural: 'subjectaccessreviews', kind: 'SubjectAccessReview', namespaced: false },
];

/** Answers a review. Throws 400 for a body that asks nothing. */
export function answerReview(core: Core, user: User, review: ReviewResource, body: unknown): JsonObject {
  if (!isObject(body)) throw badRequest('the body of the request must be an object');
  const head = { kind: review.kind, apiVersion: `${review.group}/v1`, metadata: objectAt(body, 'metadata') };
  const spec = objectAt(body, 'spec');
  switch (review.kind) {
    case 'TokenReview':
      return { ...head, spec, status: tokenStatus(core, spec) };
    case 'SelfSubjectReview':
      return { ...head, status: { userInfo: userInfo(user) } };
    case 'SelfSubjectAccessReview':
      return { ...head, spec, status: { allowed: core.authorizer.allows(user, attributesOf(spec)) } };
    default: {
      const asked: User = { name: stringAt(spec, 'user') ?? '', groups: stringsAt(spec, 'groups') };
      if (asked.name === '' && asked.groups.length === 0)
        throw badRequest('at least one of user or group must be specified');
      return { ...head, spec, status: { allowed: core.authorizer.allows(asked, attributesOf(spec)) } };
    }
  }
}

/** authentication.k8s.io UserInfo. */
export function userInfo(user: User): JsonObject {
  return {
    username: user.name,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(user.extra === undefined ? {} : { extra: user.extra }),
  };
}

function tokenStatus(core: Core, spec: JsonObject): JsonObject {
  const audiences = stringsAt(spec, 'audiences');
  const user = core.tokens.authenticate(stringAt(spec, 'token') ?? '', audiences.length === 0 ? undefined : audiences);
  if (user === undefined) return { user: {}, error: '[invalid bearer token]' };
  return {
    authenticated: true,
    user: userInfo(user),
    audiences: audiences.length === 0 ? [core.tokens.issuer] : audiences,
  };
}

function attributesOf(spec: JsonObject): Attributes {
  if (isObject(spec['resourceAttributes'])) {
    const asked = spec['resourceAttributes'];
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
  if (!isObject(spec['nonResourceAttributes']))
    throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  return {
    kind: 'path',
    verb: stringAt(spec, 'nonResourceAttributes', 'verb') ?? '',
    path: stringAt(spec, 'nonResourceAttributes', 'path') ?? '',
  };
}
