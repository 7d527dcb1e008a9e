// Who signed a request: the account's root, one of its sub-users, a session of one of its roles, or nobody yet.

/** An account as CAM names it. */
export interface AccountIdentity {
  /** Digits; what `uin/` in a resource name says. */
  readonly uin: string;
  readonly appId: number;
}

/** The caller of one request; only `root` is above CAM. */
export type Caller =
  | { readonly kind: 'root'; readonly uin: string }
  | { readonly kind: 'user'; readonly uin: string; readonly userUin: string; readonly name: string }
  | {
      readonly kind: 'role';
      readonly uin: string;
      readonly roleId: string;
      readonly roleName: string;
      readonly session: string;
      /** A policy given to AssumeRole: what the session may do at most. */
      readonly sessionPolicy: string | null;
    }
  | { readonly kind: 'anonymous' };

/** One word for logs and counters: `root`, `user/NAME`, `role/NAME`, `anonymous`. */
export function callerName(caller: Caller): string {
  switch (caller.kind) {
    case 'user':
      return `user/${caller.name}`;
    case 'role':
      return `role/${caller.roleName}`;
    case 'root':
    case 'anonymous':
      return caller.kind;
  }
}

/** The caller's resource name. GUESS: the form of a role session, taken from STS examples. */
export function callerArn(caller: Caller): string {
  switch (caller.kind) {
    case 'root':
      return `qcs::cam::uin/${caller.uin}:uin/${caller.uin}`;
    case 'user':
      return `qcs::cam::uin/${caller.uin}:uin/${caller.userUin}`;
    case 'role':
      return `qcs::sts:${caller.uin}:assumed-role/${caller.roleId}`;
    case 'anonymous':
      return '';
  }
}
