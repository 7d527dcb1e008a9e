// The user that a verified client certificate stands for: CN is the name, every O a group.
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { User } from './user.ts';
import { AUTHENTICATED } from './user.ts';

/** `none`: no certificate was shown. `refused`: one that our authority did not sign, that has ended, or that names nobody. */
export type CertificateAnswer = { readonly user: User } | 'none' | 'refused';

/** Reads the certificate of a TLS connection whose listener asked for one. */
export function userOfCertificate(socket: Pick<TLSSocket, 'authorized' | 'getPeerCertificate'>): CertificateAnswer {
  const shown = socket.getPeerCertificate();
  if (shown === null || shown.raw === undefined) return 'none';
  if (!socket.authorized) return 'refused';
  const { name, groups } = subjectOf(new X509Certificate(shown.raw).subject);
  return name === '' ? 'refused' : { user: { name, groups: [...new Set([...groups, AUTHENTICATED])] } };
}

/** As `userOfCertificate`, which is asked once for each connection: who is at its other end does not change. */
export function createCertificateReader(): (socket: TLSSocket) => CertificateAnswer {
  const read = new WeakMap<TLSSocket, CertificateAnswer>();
  return (socket) => {
    const known = read.get(socket);
    if (known !== undefined) return known;
    const answer = userOfCertificate(socket);
    read.set(socket, answer);
    return answer;
  };
}

/** Reads `CN` and `O` from a subject as Node prints it: one attribute per line, some characters behind a backslash. */
export function subjectOf(subject: string): { readonly name: string; readonly groups: readonly string[] } {
  const values = (key: string): string[] =>
    subject
      .split('\n')
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1).replace(/\\(.)/g, '$1'));
  return { name: values('CN').at(-1) ?? '', groups: values('O') };
}
