// The kubeconfig text that kubectl and every other client can use as it is.

export interface KubeconfigOptions {
  readonly server: string;
  readonly caPem: string;
  readonly token: string;
  readonly cluster?: string;
  readonly user?: string;
}

/** A kubeconfig with embedded CA and token; holds a secret. */
export function kubeconfigYaml({
  server,
  caPem,
  token,
  cluster = 'trunkline-lab',
  user = 'kubernetes-admin',
}: KubeconfigOptions): string {
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `- name: ${cluster}`,
    '  cluster:',
    `    server: ${server}`,
    `    certificate-authority-data: ${Buffer.from(caPem).toString('base64')}`,
    'users:',
    `- name: ${user}`,
    '  user:',
    `    token: ${token}`,
    'contexts:',
    `- name: ${cluster}`,
    '  context:',
    `    cluster: ${cluster}`,
    `    user: ${user}`,
    `current-context: ${cluster}`,
    '',
  ].join('\n');
}
