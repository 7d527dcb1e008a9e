// The kubeconfig that kubectl would use.
import { describe, expect, it } from 'vitest';

import { kubeConnection } from './kubeconfig.ts';
import { fakeWorld } from './testing/world.ts';

const config = (name: string, user: string, server = `https://${name}.example:6443`): string =>
  JSON.stringify({
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name, namespace: `${name}-ns` } }],
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user: JSON.parse(user) as unknown }],
  });
const TOKEN = '{"token":"t"}';

describe('kubeConnection', () => {
  it('reads ~/.kube/config when nothing else is said', async () => {
    const world = fakeWorld({ files: { '/home/me/.kube/config': config('a', TOKEN) } });
    expect(await kubeConnection(world, {})).toMatchObject({ server: 'https://a.example:6443', namespace: 'a-ns' });
  });

  it('merges the files of KUBECONFIG: the first current-context wins, and one that is not there is left out', async () => {
    const world = fakeWorld({
      env: { KUBECONFIG: '/none:/one:/two' },
      files: { '/one': config('a', TOKEN), '/two': config('b', TOKEN) },
    });
    expect((await kubeConnection(world, {})).server).toBe('https://a.example:6443');
    expect((await kubeConnection(world, { context: 'b' })).server).toBe('https://b.example:6443');
  });

  it('takes the first of two entries of one name', async () => {
    const world = fakeWorld({
      env: { KUBECONFIG: '/one:/two' },
      files: { '/one': config('a', TOKEN, 'https://first:1'), '/two': config('a', TOKEN, 'https://second:1') },
    });
    expect((await kubeConnection(world, {})).server).toBe('https://first:1');
  });

  it('takes files named in a kubeconfig as relative to its own folder, also when several are merged', async () => {
    const world = fakeWorld({
      env: { KUBECONFIG: '/x/one:/y/two' },
      files: { '/x/one': config('a', TOKEN), '/y/two': config('b', '{"tokenFile":"t.txt"}'), '/y/t.txt': 'deep\n' },
    });
    const { auth } = await kubeConnection(world, { context: 'b' });
    expect(await auth.readToken?.()).toBe('deep');
  });

  it('prefers --kubeconfig, and says so when that is not there', async () => {
    const world = fakeWorld({ env: { KUBECONFIG: '/one' }, files: { '/one': config('a', TOKEN) } });
    await expect(kubeConnection(world, { file: '/nowhere' })).rejects.toThrow(/^kubeconfig \/nowhere: cannot be read/);
  });

  it('runs the credential program of the chosen user, with its own variables', async () => {
    const user =
      '{"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"login","args":["x"],"env":[{"name":"A","value":"1"}]}}';
    const world = fakeWorld({
      files: { '/home/me/.kube/config': config('a', user) },
      programs: {
        login: (env) => JSON.stringify({ kind: 'ExecCredential', status: { token: `for-${env['A']}` } }),
      },
    });
    const { auth } = await kubeConnection(world, {});
    expect(await auth.readToken?.()).toBe('for-1');
  });

  it('says which credential program failed', async () => {
    const world = fakeWorld({ files: { '/home/me/.kube/config': config('a', '{"exec":{"command":"gone"}}') } });
    await expect(kubeConnection(world, {})).rejects.toThrow('user "a": credential program gone: spawn gone ENOENT');
  });

  it('names a context that is not there, and those that are', async () => {
    const world = fakeWorld({ files: { '/home/me/.kube/config': config('a', TOKEN) } });
    await expect(kubeConnection(world, { context: 'z' })).rejects.toThrow(
      'context "z" is not in the file: known are a',
    );
  });
});
