// CAM, keys and sessions, and OIDC providers, as a saved cloud keeps them.
import { z } from 'zod';

import type { Caller } from '../identity/caller.ts';
import type { SavedCam } from '../identity/cam-saved.ts';
import type { OidcProvider } from '../identity/web-identity.ts';
import type { AcceptedCredential } from '../signature.ts';
import { count, date, jsonObject, list, record, text } from './codecs.ts';

const attached = list(z.strictObject({ policyId: count, at: date }));

export const savedCam = record<SavedCam>()({
  numbers: count,
  policies: list(
    record<SavedCam['policies'][number]>()({
      policyId: count,
      policyName: text,
      preset: z.boolean(),
      addTime: date,
      updateTime: date,
      description: text,
      document: text,
    }),
  ),
  roles: list(
    record<SavedCam['roles'][number]>()({
      roleId: text,
      roleName: text,
      preset: z.boolean(),
      description: text,
      addTime: date,
      sessionDuration: count,
      updateTime: date,
      trustDocument: text,
      attached,
    }),
  ),
  users: list(record<SavedCam['users'][number]>()({ userUin: text, name: text, attached })),
});

const caller = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('root'), uin: text }),
  z.strictObject({ kind: z.literal('user'), uin: text, userUin: text, name: text }),
  z.strictObject({
    kind: z.literal('role'),
    uin: text,
    roleId: text,
    roleName: text,
    session: text,
    sessionPolicy: text.nullable(),
  }),
]) satisfies z.ZodType<Exclude<Caller, { kind: 'anonymous' }>>;

const credential = record<AcceptedCredential>()({
  secretId: text,
  secretKey: text,
  token: text.exactOptional(),
  validUntil: date.exactOptional(),
});

/** A key of the account that holds it, and whom it stands for. */
export const savedKey = credential.extend({ caller });

export const savedOidcProvider = record<OidcProvider>()({
  providerId: text,
  issuer: text,
  audiences: list(text),
  keys: list(jsonObject),
});
