// Impersonation (`kubectl --as`): acting as somebody else, for those who may.
import type { IncomingMessage } from 'node:http';
import { forbidden } from '../status.ts';
import type { Attributes } from './attributes.ts';
import { refusal } from './attributes.ts';
import type { Authorizer } from './rbac.ts';
import type { User } from './user.ts';
import { anonymous, AUTHENTICATED, serviceAccountGroups } from './user.ts';

const GROUP = 'authentication.k8s.io';
const EXTRA_PREFIX = 'impersonate-extra-';

/** Headers that ask for groups, extra or a uid, and for no user. A real server answers 500 with a line of text. */
export class UnnamedImpersonation extends Error {
  constructor(parts: readonly string[]) {
    super(`requested [${parts.join(' ')}] without impersonating a user`);
    this.name = 'UnnamedImpersonation';
  }
}

/** Who the Impersonate headers ask for; `undefined` without them. */
interface Wanted {
  readonly name: string;
  readonly account: { readonly namespace: string; readonly name: string } | undefined;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: readonly (readonly [string, readonly string[]])[];
}

/**
 * The user that the Impersonate headers ask for; `user` itself without them. Throws 403 for each part that `user` may not
 * impersonate, and UnnamedImpersonation for headers that name no user.
 */
export function impersonated(user: User, headers: IncomingMessage['headersDistinct'], authorizer: Authorizer): User {
  const wanted = wantedUser(headers);
  if (wanted === undefined) return user;
  const check = (group: string, resource: string, name: string, namespace?: string): void => {
    const attributes: Attributes = { kind: 'resource', verb: 'impersonate', group, resource, namespace, name };
    const { allowed, reason } = authorizer.decide(user, attributes);
    if (allowed) return;
    const why = refusal(user, attributes) + (reason === '' ? '' : `: ${reason}`);
    throw forbidden({ group, plural: resource.split('/')[0] ?? '' }, name, why);
  };
  const { account } = wanted;
  if (account === undefined) check('', 'users', wanted.name);
  else check('', 'serviceaccounts', account.name, account.namespace);
  for (const group of wanted.groups) check('', 'groups', group);
  for (const [key, values] of wanted.extra) for (const value of values) check(GROUP, `userextras/${key}`, value);
  if (wanted.uid !== '') check(GROUP, 'uids', wanted.uid);
  return {
    name: wanted.name,
    ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
    groups: groupsOf(wanted),
    ...(wanted.extra.length === 0 ? {} : { extra: Object.fromEntries(wanted.extra) }),
  };
}

function wantedUser(headers: IncomingMessage['headersDistinct']): Wanted | undefined {
  const name = headers['impersonate-user']?.[0] ?? '';
  const groups = headers['impersonate-group'] ?? [];
  const uid = headers['impersonate-uid']?.[0] ?? '';
  const extra = Object.entries(headers)
    .filter(([header]) => header.startsWith(EXTRA_PREFIX))
    .map(([header, values = []]) => [unescaped(header.slice(EXTRA_PREFIX.length)), values] as const);
  if (name === '') {
    if (groups.length === 0 && extra.length === 0 && uid === '') return undefined;
    throw new UnnamedImpersonation([
      ...groups.map((group) => `{Group  ${group}    }`),
      ...extra.flatMap(([key, values]) => values.map((value) => `{UserExtra  ${value}  ${GROUP}/v1  ${key}}`)),
      ...(uid === '' ? [] : [`{UID  ${uid}  ${GROUP}/v1  }`]),
    ]);
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  return {
    name,
    account: account === null ? undefined : { namespace: account[1] ?? '', name: account[2] ?? '' },
    uid,
    groups,
    extra,
  };
}

/** Keys of extra travel percent-encoded, since header names cannot hold everything. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** A ServiceAccount brings its groups unless others were asked for; everybody is known or unknown, and not both. */
function groupsOf({ name, account, groups }: Wanted): readonly string[] {
  const given = groups.length === 0 && account !== undefined ? serviceAccountGroups(account.namespace) : groups;
  const [unknown = ''] = anonymous.groups;
  const isSaid = given.includes(AUTHENTICATED) || given.includes(unknown);
  if (isSaid && name !== anonymous.name) return given;
  if (name === anonymous.name) return given.includes(unknown) ? given : [...given, unknown];
  return [...given, AUTHENTICATED];
}
