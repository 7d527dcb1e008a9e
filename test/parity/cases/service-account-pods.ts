// Which ServiceAccount a Pod runs as, and how its token gets into it.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const PLUGIN = 'lab/kube/apiserver/admission-plugins/service-account.ts';
const DOCS = 'docs: tasks/configure-pod-container/configure-service-account';
const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

async function makePod(t: ParityContext, name: string, spec: object = {}): Promise<Answer['body']> {
  return t.http.ok('POST', `${t.core}/pods`, {
    metadata: { name },
    spec: { schedulerName: 'nobody', containers: [{ name: 'app', image: 'example.com/app' }], ...spec },
  });
}

export const serviceAccountPodCases: readonly ParityCase[] = [
  {
    id: 'authentication/pod-gets-default-account',
    title: 'A Pod runs as `default` unless it says otherwise, and only as an account that exists',
    source: `${DOCS}; source: plugin/pkg/admission/serviceaccount/admission.go`,
    mutation: { file: PLUGIN, find: "|| 'default';", replace: "|| 'nobody';" },
    run: async (t) => {
      const { spec } = await makePod(t, 'a', { automountServiceAccountToken: false });
      assert.deepEqual([spec.serviceAccountName, spec.serviceAccount], ['default', 'default']);
      assert.equal(spec.volumes, undefined);
      const refused = await t.http.call('POST', `${t.core}/pods`, {
        metadata: { name: 'b' },
        spec: { serviceAccountName: 'nobody', containers: [{ name: 'app', image: 'example.com/app' }] },
      });
      assert.deepEqual(
        [refused.code, refused.body['message']],
        [
          403,
          `pods "b" is forbidden: error looking up service account ${t.namespace}/nobody: serviceaccount "nobody" not found`,
        ],
      );
      assert.deepEqual(refused.body['details'], { name: 'b', kind: 'pods' });
    },
  },
  {
    id: 'authentication/pod-token-volume',
    title: 'The token is mounted into every container from a projected volume with CA and namespace',
    source: 'docs: reference/access-authn-authz/service-accounts-admin, "Bound service account token volume mechanism"',
    since: '1.22',
    mutation: { file: PLUGIN, find: 'const TOKEN_SECONDS = 3607;', replace: 'const TOKEN_SECONDS = 3600;' },
    run: async (t) => {
      const init = { name: 'init', image: 'example.com/init', volumeMounts: [{ name: 'own', mountPath: MOUNT }] };
      const { spec } = await makePod(t, 'a', { initContainers: [init], volumes: [{ name: 'own', emptyDir: {} }] });
      const [own, access] = spec['volumes'];
      assert.equal(own.name, 'own');
      assert.match(access.name, /^kube-api-access-[a-z0-9]{5}$/);
      assert.deepEqual(access.projected, {
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
        defaultMode: 420,
      });
      assert.deepEqual(spec['containers'][0].volumeMounts, [{ name: access.name, readOnly: true, mountPath: MOUNT }]);
      // Who mounts something there gets nothing else there.
      assert.deepEqual(spec['initContainers'][0].volumeMounts, [{ name: 'own', mountPath: MOUNT }]);
    },
  },
  {
    id: 'authentication/pod-automount',
    title: 'An account can say that its token is not mounted; the Pod’s own word wins',
    source: `${DOCS}, "Opt out of API credential automounting"`,
    since: '1.22',
    mutation: {
      file: PLUGIN,
      find: "const wishes = [spec['automountServiceAccountToken'], account['automountServiceAccountToken']];",
      replace: "const wishes = [account['automountServiceAccountToken'], spec['automountServiceAccountToken']];",
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/serviceaccounts`, {
        metadata: { name: 'quiet' },
        automountServiceAccountToken: false,
      });
      const mounts = async (name: string, spec: object): Promise<number> =>
        ((await makePod(t, name, spec))['spec'].containers[0].volumeMounts ?? []).length;
      assert.equal(await mounts('a', { serviceAccountName: 'quiet' }), 0);
      assert.equal(await mounts('b', { serviceAccountName: 'quiet', automountServiceAccountToken: true }), 1);
      assert.equal(await mounts('c', { automountServiceAccountToken: false }), 0);
      assert.equal(await mounts('d', {}), 1);
    },
  },
  {
    id: 'authentication/pod-pull-secrets',
    title: 'A Pod without image pull secrets gets those of its account',
    source: `${DOCS}, "Add ImagePullSecrets to a service account"`,
    mutation: {
      file: PLUGIN,
      find: "if (objectsAt(spec, 'imagePullSecrets').length === 0 && pullSecrets.length > 0)",
      replace: 'if (pullSecrets.length > 0)',
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/serviceaccounts`, {
        metadata: { name: 'puller' },
        imagePullSecrets: [{ name: 'registry' }],
      });
      const quiet = { serviceAccountName: 'puller', automountServiceAccountToken: false };
      assert.deepEqual((await makePod(t, 'a', quiet))['spec'].imagePullSecrets, [{ name: 'registry' }]);
      const own = { ...quiet, imagePullSecrets: [{ name: 'mine' }] };
      assert.deepEqual((await makePod(t, 'b', own))['spec'].imagePullSecrets, [{ name: 'mine' }]);
    },
  },
];
