// Whether a role lets somebody take it on: the trust policy's principals, its OIDC conditions, and a deny that wins.
import { ApiError } from '../api-error.ts';
import { matches } from './cam-evaluate.ts';
import type { TrustStatement } from './cam-document.ts';
import type { CamRole } from './cam-store.ts';
import type { WebIdentity } from './web-identity.ts';

/** A caller of AssumeRole as trust policies name it: `qcs::cam::uin/U:root` and, for a sub-user or role, its own name. */
export function requireTrust(role: CamRole, names: readonly string[]): void {
  decide(role, 'sts:assumerole', ({ principal }) => principal.qcs.some((name) => names.includes(name)));
}

/** A token of a provider, named `qcs::cam::uin/U:oidc-provider/NAME` (GUESS: the form). */
export function requireFederatedTrust(role: CamRole, provider: string, identity: WebIdentity): void {
  const claims: Readonly<Record<string, string>> = {
    'oidc:iss': identity.issuer,
    'oidc:aud': identity.audience,
    'oidc:sub': identity.subject,
  };
  decide(
    role,
    'sts:assumerolewithwebidentity',
    ({ principal, equals }) =>
      principal.federated.includes(provider) &&
      Object.entries(equals).every(([key, accepted]) => accepted.includes(claims[key] ?? '')),
  );
}

function decide(role: CamRole, action: string, applies: (statement: TrustStatement) => boolean): void {
  const fitting = role.trust.filter(
    (statement) => statement.actions.some((pattern) => matches(pattern, action)) && applies(statement),
  );
  if (!fitting.some(({ effect }) => effect === 'allow') || fitting.some(({ effect }) => effect === 'deny'))
    throw new ApiError(
      'InternalError.IllegalRole',
      `the trust policy of role ${role.roleName} does not let the caller in`,
    );
}
