// Impersonation (`kubectl --as`): acting as somebody else, for those who may.
import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, forbidden } from '../status.ts';
import type { Attributes, Authorizer } from './rbac.ts';
import { refusal } from './rbac.ts';
import type { User } from './user.ts';
import { AUTHENTICATED, serviceAccountUser } from './user.ts';

/** The user that the Impersonate headers ask for; `user` itself without them. Throws 403 when `user` may not. */
export function impersonated(user: User, headers: IncomingHttpHeaders, authorizer: Authorizer): User {
  const name = single(headers['impersonate-user']);
  const groups = all(headers['impersonate-group']);
  if (name === undefined) {
    if (groups.length > 0)
      throw badRequest('requested impersonation without a user: Impersonate-Group needs Impersonate-User');
    return user;
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account === null) check(user, authorizer, 'users', undefined, name);
  else check(user, authorizer, 'serviceaccounts', account[1], account[2] ?? '');
  for (const group of groups) check(user, authorizer, 'groups', undefined, group);
  if (account !== null && groups.length === 0) return serviceAccountUser(account[1] ?? '', account[2] ?? '', '');
  return { name, groups: [...new Set([...groups, AUTHENTICATED])] };
}

function check(
  user: User,
  authorizer: Authorizer,
  resource: string,
  namespace: string | undefined,
  name: string,
): void {
  const attributes: Attributes = { kind: 'resource', verb: 'impersonate', group: '', resource, namespace, name };
  if (!authorizer.allows(user, attributes))
    throw forbidden({ group: '', plural: resource }, name, refusal(user, attributes));
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** Node joins repeated headers with a comma and a space. */
const all = (value: string | string[] | undefined): string[] =>
  (Array.isArray(value) ? value : (value ?? '').split(', ')).filter((part) => part !== '');
