// Checks an OIDC token against a provider that the account registered: signature, issuer, audience and time.
import { createPublicKey, type JsonWebKeyInput, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { errorText } from '../../../src/base/errors.ts';
import { ApiError } from '../api-error.ts';

export interface OidcProvider {
  /** What `ProviderId` of AssumeRoleWithWebIdentity says. */
  readonly providerId: string;
  readonly issuer: string;
  /** The audiences (client ids) that are accepted. */
  readonly audiences: readonly string[];
  /** As `/.well-known/jwks` lists them; RS256 and ES256 are understood. */
  readonly keys: readonly (JsonWebKeyInput['key'] & { readonly kid?: string })[];
}

export interface WebIdentity {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
}

const header = z.object({ alg: z.enum(['RS256', 'ES256']), kid: z.string().optional() });
const claims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
  exp: z.number(),
  nbf: z.number().optional(),
});

/** Who the token speaks of. Throws `InvalidParameter.WebIdentityTokenError` (GUESS: the code) with the reason. */
export function verifyWebIdentity(token: string, provider: OidcProvider, now: Date): WebIdentity {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || signature === '') throw refused('it has not the three parts of a JWT');
  const { alg, kid } = decodePart(head, header);
  const fits = provider.keys
    .filter((key) => kid === undefined || key.kid === undefined || key.kid === kid)
    .some((key) => signs(key, alg, `${head}.${body}`, signature));
  if (!fits) throw refused(`no key of provider ${provider.providerId} made its signature`);
  const { iss, aud, sub, exp, nbf } = decodePart(body, claims);
  const seconds = now.getTime() / 1000;
  if (iss !== provider.issuer) throw refused(`its issuer is ${iss}, the provider's ${provider.issuer}`);
  const audience = aud.find((one) => provider.audiences.includes(one));
  if (audience === undefined) throw refused(`none of its audiences (${aud.join(', ')}) is the provider's`);
  if (exp <= seconds) throw refused('it has expired');
  if (nbf !== undefined && nbf > seconds) throw refused('it is not valid yet');
  return { issuer: iss, audience, subject: sub };
}

function signs(jwk: JsonWebKeyInput['key'], alg: 'RS256' | 'ES256', text: string, signature: string): boolean {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return false;
  }
  if (key.asymmetricKeyType !== (alg === 'RS256' ? 'rsa' : 'ec')) return false;
  return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
}

function decodePart<T>(part: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  } catch (error) {
    throw refused(
      `a part of it cannot be read: ${error instanceof z.ZodError ? 'a claim is missing' : errorText(error)}`,
    );
  }
}

const refused = (reason: string): ApiError =>
  new ApiError('InvalidParameter.WebIdentityTokenError', `WebIdentityToken is refused: ${reason}`);
