// Who sends a request: a client certificate first, then a bearer token; nobody is let in without either.
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { unauthorized } from '../status.ts';
import { createCertificateReader } from './client-certificate.ts';
import type { Tokens } from './tokens.ts';
import type { User } from './user.ts';

/** Says who sends a request. Throws 401 without credentials and for credentials that are not good; one good one among several is enough. */
export type Authenticator = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => User;

/** Takes certificates that our authority signed, and what `tokens` knows. */
export function createAuthenticator(tokens: Tokens): Authenticator {
  const certificateOf = createCertificateReader();
  return ({ socket, headers }) => {
    const certificate = socket instanceof TLSSocket ? certificateOf(socket) : 'none';
    if (typeof certificate === 'object') return certificate.user;
    const token = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
    const user = token === undefined ? undefined : tokens.authenticate(token);
    if (user === undefined) throw unauthorized();
    return user;
  };
}
