// Kubeconfig files as people have them, good and bad.
import { describe, expect, it } from 'vitest';
import { inClusterConfig, loadKubeConfig } from './config.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n';
const PEM_BASE64 = Buffer.from(PEM).toString('base64');

const kubeConfig = (user: string, cluster = 'server: https://127.0.0.1:6443'): string => `apiVersion: v1
kind: Config
current-context: lab
clusters:
- name: lab-cluster
  cluster:
    ${cluster}
contexts:
- name: lab
  context: {cluster: lab-cluster, user: admin, namespace: shop}
users:
- name: admin
  user: ${user}
`;

const load = (content: string, files: Record<string, string> = {}) =>
  loadKubeConfig({
    path: '/home/me/.kube/config',
    readFile: (path) => {
      const found = path === '/home/me/.kube/config' ? content : files[path];
      return found === undefined ? Promise.reject(new Error(`ENOENT: ${path}`)) : Promise.resolve(found);
    },
  });

describe('loadKubeConfig', () => {
  it('reads embedded certificates', async () => {
    const connection = await load(
      kubeConfig(
        `{client-certificate-data: ${PEM_BASE64}, client-key-data: ${PEM_BASE64}}`,
        `{server: "https://127.0.0.1:6443/", certificate-authority-data: ${PEM_BASE64}}`,
      ),
    );
    expect(connection).toMatchObject({
      server: 'https://127.0.0.1:6443',
      caPem: PEM,
      namespace: 'shop',
      auth: { clientCertificate: { certPem: PEM, keyPem: PEM } },
    });
    expect(connection.auth.readToken).toBeUndefined();
  });

  it('finds files beside the kubeconfig', async () => {
    const connection = await load(
      kubeConfig(
        '{client-certificate: me.crt, client-key: /keys/me.key}',
        '{server: "https://h:1", certificate-authority: pki/ca.crt}',
      ),
      { '/home/me/.kube/me.crt': PEM, '/keys/me.key': PEM, '/home/me/.kube/pki/ca.crt': PEM },
    );
    expect(connection).toMatchObject({ caPem: PEM, auth: { clientCertificate: { certPem: PEM, keyPem: PEM } } });
  });

  it('takes a token, and prefers a token file, which it reads again each time', async () => {
    expect(await (await load(kubeConfig('{token: " abc "}'))).auth.readToken?.()).toBe('abc');
    const files = { '/home/me/.kube/token': 'first\n' };
    const connection = await load(kubeConfig('{token: abc, tokenFile: token}'), files);
    expect(await connection.auth.readToken?.()).toBe('first');
    files['/home/me/.kube/token'] = 'second\n';
    expect(await connection.auth.readToken?.()).toBe('second');
  });

  it('accepts plain http, a skipped verification and a user without credentials', async () => {
    expect(await load(kubeConfig('{}', '{server: "http://127.0.0.1:8080", insecure-skip-tls-verify: true}'))).toEqual({
      server: 'http://127.0.0.1:8080',
      skipTlsVerify: true,
      namespace: 'shop',
      auth: {},
    });
  });

  it.each([
    [
      'an exec plugin',
      kubeConfig('{exec: {command: aws}}'),
      'user "admin" uses an exec plugin, which is not supported; supported are',
    ],
    ['an auth-provider', kubeConfig('{auth-provider: {name: gcp}}'), 'user "admin" uses an auth-provider'],
    ['a password', kubeConfig('{username: u, password: p}'), 'user "admin" uses a password'],
    [
      'a proxy',
      kubeConfig('{}', '{server: "https://h", proxy-url: "http://p"}'),
      'cluster "lab-cluster" has a proxy-url',
    ],
    [
      'half a key pair',
      kubeConfig(`{client-certificate-data: ${PEM_BASE64}}`),
      'user "admin" has only client-certificate',
    ],
    [
      'a certificate that is none',
      kubeConfig('{client-certificate-data: abcd, client-key-data: abcd}'),
      'client-certificate-data: expected base64 of PEM text',
    ],
    ['a missing file', kubeConfig('{tokenFile: gone}'), 'user "admin": tokenFile /home/me/.kube/gone cannot be read'],
    [
      'a server that is no URL',
      kubeConfig('{}', 'server: 127.0.0.1:6443'),
      'server is "127.0.0.1:6443", expected https://host:port',
    ],
    ['no server', kubeConfig('{}', 'certificate-authority: x'), 'clusters.0.cluster.server: expected the URL'],
    ['no current context', 'clusters: []\n', 'current-context is not set'],
    ['an unknown context', 'current-context: x\ncontexts: []\n', 'context "x" is not in the file: it has no contexts'],
    [
      'an unknown user',
      kubeConfig('{}').replace('name: admin', 'name: other'),
      'user "admin" is not in the file: known are other',
    ],
    ['broken YAML', 'a: [', 'not YAML'],
    ['something else', '- 1\n', 'the document'],
  ])('refuses %s in one line that names the file', async (_, content, problem) => {
    const error = await load(content).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'KUBE-CONFIG-INVALID' });
    const { message } = error as Error;
    expect(message).toContain('kubeconfig /home/me/.kube/config: ');
    expect(message).toContain(problem);
    expect(message).not.toContain('\n');
  });
});

describe('inClusterConfig', () => {
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
  const reader = (files: Record<string, string>) => (path: string) => {
    const content = files[path];
    return content === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(content);
  };

  it('reads the service account, and its token again each time', async () => {
    const files = { [`${folder}/token`]: 'one\n', [`${folder}/ca.crt`]: PEM, [`${folder}/namespace`]: 'kube-system' };
    const connection = await inClusterConfig({ env, readFile: reader(files) });
    expect(connection).toMatchObject({ server: 'https://10.0.0.1:443', caPem: PEM, namespace: 'kube-system' });
    files[`${folder}/token`] = 'two';
    expect(await connection.auth.readToken?.()).toBe('two');
  });

  it('brackets an IPv6 service address', async () => {
    const readFile = reader({ [`${folder}/token`]: 't', [`${folder}/ca.crt`]: PEM });
    const connection = await inClusterConfig({ env: { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' }, readFile });
    expect(connection.server).toBe('https://[fd00::1]:443');
  });

  it('names the variable or file that is missing', async () => {
    await expect(inClusterConfig({ env: {}, readFile: reader({}) })).rejects.toThrow(
      'KUBERNETES_SERVICE_HOST is not set',
    );
    await expect(inClusterConfig({ env, readFile: reader({}) })).rejects.toThrow(`${folder}/token cannot be read`);
    await expect(
      inClusterConfig({ env, readFile: reader({ [`${folder}/token`]: 't', [`${folder}/ca.crt`]: ' ' }) }),
    ).rejects.toThrow(`${folder}/ca.crt is empty`);
  });
});
