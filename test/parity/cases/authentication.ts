// Authentication: who a request comes from, by certificate, by token, by acting as somebody else.
import type { ParityCase } from '../parity-case.ts';
import { authenticationIdentityCases } from './authentication-identity.ts';
import { authenticationTokenCases } from './authentication-tokens.ts';
import { serviceAccountPodCases } from './service-account-pods.ts';

export const authenticationCases: readonly ParityCase[] = [
  ...authenticationIdentityCases,
  ...authenticationTokenCases,
  ...serviceAccountPodCases,
];
