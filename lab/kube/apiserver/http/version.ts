// /version: the release whose behaviour the server follows.

/** The release, as clients compare it. */
export const KUBERNETES_VERSION = { major: '1', minor: '30', gitVersion: 'v1.30.14+trunkline-lab' };

/** version.Info of apimachinery. */
export const versionDocument: Readonly<Record<string, string>> = {
  ...KUBERNETES_VERSION,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'linux/amd64',
};
