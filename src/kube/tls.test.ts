// The client over TLS: it trusts the cluster's authority only, and shows its own certificate.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { createKubeClient } from './client.ts';
import type { KubeConnection } from './connection.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

interface Identity {
  readonly certPem: string;
  readonly keyPem: string;
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}
async function keyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

let authority: string;
let client: Identity;
let server: https.Server;
let url: string;
const close: (() => void)[] = [];

beforeAll(async () => {
  const caKeys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=lab-ca',
      keys: caKeys,
      signingAlgorithm: ALGORITHM,
      extensions: [new x509.BasicConstraintsExtension(true)],
    },
    webcrypto as Crypto,
  );
  const issue = async (name: string, extensions: x509.Extension[]): Promise<Identity> => {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject: `CN=${name}`,
        issuer: ca.subject,
        publicKey: keys.publicKey,
        signingKey: caKeys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions,
      },
      webcrypto as Crypto,
    );
    return { certPem: certificate.toString('pem'), keyPem: await keyPem(keys) };
  };
  authority = ca.toString('pem');
  const own = await issue('kube-apiserver', [
    new x509.SubjectAlternativeNameExtension([
      { type: 'ip', value: '127.0.0.1' },
      { type: 'dns', value: 'kubernetes.default' },
    ]),
  ]);
  client = await issue('admin', []);
  server = https.createServer(
    { cert: own.certPem, key: own.keyPem, ca: authority, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const subject = (request.socket as TLSSocket).getPeerCertificate().subject as { CN?: string } | undefined;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Who', metadata: { name: subject?.CN ?? 'anonymous' } }));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(async () => {
  for (const fn of close) fn();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const who = async (connection: Omit<KubeConnection, 'server'>): Promise<unknown> => {
  const kube = createKubeClient({
    connection: { server: url, ...connection },
    clock: systemClock,
    logger: silentLogger,
  });
  close.push(() => kube.close());
  return await kube.request('POST', '/who').catch((error: unknown) => error);
};

describe('TLS', () => {
  it('trusts the authority it was given and shows its certificate', async () => {
    expect(await who({ caPem: authority, auth: { clientCertificate: client } })).toMatchObject({
      metadata: { name: 'admin' },
    });
  });

  it('works without a certificate of its own', async () => {
    expect(await who({ caPem: authority, auth: {} })).toMatchObject({ metadata: { name: 'anonymous' } });
  });

  it('expects the name that the connection asks for', async () => {
    expect(await who({ caPem: authority, tlsServerName: 'kubernetes.default', auth: {} })).toMatchObject({
      kind: 'Who',
    });
    expect(await who({ caPem: authority, tlsServerName: 'other.host', auth: {} })).toMatchObject({
      code: 'KUBE-CONNECTION-FAILED',
    });
  });

  it('refuses a server that the authority did not sign, unless told to skip verification', async () => {
    expect(await who({ auth: {} })).toMatchObject({ code: 'KUBE-CONNECTION-FAILED' });
    expect(await who({ skipTlsVerify: true, auth: {} })).toMatchObject({ kind: 'Who' });
  });
});
