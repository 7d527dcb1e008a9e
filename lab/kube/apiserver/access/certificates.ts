// The server's own certificate authority and the certificate it serves with, made anew at each start.
import { randomBytes, webcrypto } from 'node:crypto';

export interface ServingCertificates {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
  /** A client certificate of the same authority: `user` is its CN, each of `groups` an O. Valid as long as the authority. */
  issueClient(user: string, groups: readonly string[]): Promise<ClientCertificate>;
}

export interface ClientCertificate {
  readonly certPem: string;
  /** A secret. */
  readonly keyPem: string;
}

/** Wide on both sides, so that neither a skewed nor a simulated clock makes them invalid. */
const VALIDITY_MS = 3650 * 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Names and addresses that clients inside and outside the lab use for the API server. */
export const DEFAULT_SANS = [
  '127.0.0.1',
  '::1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '10.96.0.1',
];

/** Makes a CA and a server certificate for `sans` (names and addresses mixed). */
export async function createServingCertificates(now: Date, sans: readonly string[]): Promise<ServingCertificates> {
  // Loaded here because the decorators library must come first and both cost start-up time.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { isIP } = await import('node:net');
  x509.cryptoProvider.set(webcrypto as unknown as Crypto);
  const notBefore = new Date(now.getTime() - VALIDITY_MS);
  const notAfter = new Date(now.getTime() + VALIDITY_MS);
  const caKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const serverKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: 'CN=trunkline-lab-ca',
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey as unknown as CryptoKey),
    ],
  });
  const server = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: 'CN=kube-apiserver',
    issuer: ca.subject,
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    publicKey: serverKeys.publicKey as unknown as CryptoKey,
    signingKey: caKeys.privateKey as unknown as CryptoKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        [...new Set(sans)].map((san) =>
          isIP(san) === 0 ? { type: 'dns' as const, value: san } : { type: 'ip' as const, value: san },
        ),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(ca),
    ],
  });
  const keyPemOf = async (key: webcrypto.CryptoKey): Promise<string> =>
    pem('PRIVATE KEY', new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', key)));
  return {
    caPem: `${ca.toString('pem')}\n`,
    certPem: `${server.toString('pem')}\n`,
    keyPem: await keyPemOf(serverKeys.privateKey),
    async issueClient(user, groups) {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        // As attributes, not as text: names of users hold colons and commas.
        subject: [...groups.map((group) => ({ O: [group] })), { CN: [user] }],
        issuer: ca.subject,
        notBefore,
        notAfter,
        signingAlgorithm: algorithm,
        publicKey: keys.publicKey as unknown as CryptoKey,
        signingKey: caKeys.privateKey as unknown as CryptoKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
          await x509.AuthorityKeyIdentifierExtension.create(ca),
        ],
      });
      return { certPem: `${certificate.toString('pem')}\n`, keyPem: await keyPemOf(keys.privateKey) };
    },
  };
}

/** 16 random bytes, positive and without a leading zero. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
