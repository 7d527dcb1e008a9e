// Who a request comes from.

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const MASTERS = 'system:masters';
export const AUTHENTICATED = 'system:authenticated';

/** Somebody without credentials. The server lets nobody in as this user, but others may be asked about it or act as it. */
export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** The administrator of the lab's kubeconfig: allowed everything through its group. */
export const administrator: User = { name: 'kubernetes-admin', groups: [MASTERS, AUTHENTICATED] };

/** The groups of every ServiceAccount of a namespace, without the one of everybody who is known. */
export const serviceAccountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
];

/** The user that a ServiceAccount's token stands for. */
export function serviceAccountUser(namespace: string, name: string, uid: string, extra?: User['extra']): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: [...serviceAccountGroups(namespace), AUTHENTICATED],
    ...(extra === undefined ? {} : { extra }),
  };
}
