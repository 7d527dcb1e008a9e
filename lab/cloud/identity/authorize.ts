// Stands before every action: lets the root pass and asks CAM about everyone else, so that a refused call has no side effect.
import { ApiError } from '../api-error.ts';
import type { Action } from '../action.ts';
import { type PolicyStatement, parsePolicyDocument } from './cam-document.ts';
import { isAllowed } from './cam-evaluate.ts';
import { FREE_ACTIONS, wishesOf } from './cam-names.ts';
import type { Caller } from './caller.ts';
import type { SimulatedAccount } from './directory.ts';

export interface AuthorizationRequest {
  readonly account: SimulatedAccount;
  readonly caller: Caller;
  readonly action: Action;
  /** Undecoded; ids are read where they are texts. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly requestId: string;
}

/** Throws UnauthorizedOperation in the words of the real service (facts tke.md, section 13.1). Reads; changes nothing. */
export function authorize({ account, caller, action, body, requestId }: AuthorizationRequest): void {
  if (caller.kind === 'root' || FREE_ACTIONS.has(action.name)) return;
  const wishes = wishesOf(action, body, { region: account.core.region, uin: account.uin });
  const layers = layersOf(account, caller);
  const refused = wishes.find((wish) => !layers.every((statements) => isAllowed(statements, wish)));
  if (refused === undefined) return;
  throw new ApiError(
    'UnauthorizedOperation',
    `[request id:${requestId}]you are not authorized to perform operation (${refused.action})\n` +
      `resource (${refused.resource}) has no permission\n`,
  );
}

/** Every layer must allow: what is attached, and a session's own policy on top. */
function layersOf(account: SimulatedAccount, caller: Caller): readonly (readonly PolicyStatement[])[] {
  const { cam } = account;
  if (caller.kind === 'user') {
    const user = cam.users.get(caller.userUin);
    return [user === undefined ? [] : cam.statementsOf(user)];
  }
  if (caller.kind === 'role') {
    const role = cam.roles.get(caller.roleName);
    const attached = role === undefined ? [] : cam.statementsOf(role);
    return caller.sessionPolicy === null ? [attached] : [attached, parsePolicyDocument(caller.sessionPolicy)];
  }
  return [[]];
}
