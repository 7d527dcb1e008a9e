// Who a request comes from.

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const MASTERS = 'system:masters';
export const AUTHENTICATED = 'system:authenticated';

/** A request without credentials. */
export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** The administrator of the lab's kubeconfig: allowed everything through its group. */
export const administrator: User = { name: 'kubernetes-admin', groups: [MASTERS, AUTHENTICATED] };

/** The user that a ServiceAccount's token stands for. */
export function serviceAccountUser(namespace: string, name: string, uid: string, extra?: User['extra']): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED],
    ...(extra === undefined ? {} : { extra }),
  };
}
