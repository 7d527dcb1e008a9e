// Parity cases of the official JavaScript client: who it is to the server, and the streams that nobody serves.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import type { KubeConfig, User } from '@kubernetes/client-node';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { failureOf } from './javascript-client-objects.ts';

/** The client's configuration for another user of the same server. */
async function configAs(t: ParityContext, user: Omit<User, 'name'>): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node');
  const config = new Config();
  config.loadFromClusterAndUser(
    {
      name: 'parity',
      server: t.server.url,
      caData: Buffer.from(t.server.caPem).toString('base64'),
      skipTLSVerify: false,
    },
    { name: 'another', ...user },
  );
  return config;
}

export const javascriptClientAccessCases: readonly ParityCase[] = [
  {
    id: 'javascript-client/unknown-token',
    title: 'A token that nobody issued is a 401 for typed calls, lists and watches alike',
    source: 'docs: reference/access-authn-authz/authentication, "Authentication strategies"',
    mutation: {
      file: 'lab/kube/apiserver/status.ts',
      find: "new StatusError(401, 'Unauthorized', 'Unauthorized')",
      replace: "new StatusError(403, 'Unauthorized', 'Unauthorized')",
    },
    run: async (t) => {
      const { CoreV1Api, KubernetesObjectApi, Watch } = await import('@kubernetes/client-node');
      const config = await configAs(t, { token: 'nobody-issued-this' });
      const { namespace } = t;
      assert.equal((await failureOf(config.makeApiClient(CoreV1Api).listNamespacedConfigMap({ namespace }))).code, 401);
      const read = await failureOf(
        KubernetesObjectApi.makeApiClient(config).read({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'a', namespace },
        }),
      );
      assert.equal(read.code, 401);
      let code: unknown;
      await new Watch(config).watch(
        `${t.core}/configmaps`,
        {},
        assert.fail,
        (error: unknown) => (code = (error as { statusCode?: unknown }).statusCode),
      );
      assert.equal(code, 401);
    },
  },
  {
    id: 'javascript-client/certificate-user',
    title: 'A client certificate makes its common name the user: the refusal of what it may not do names it',
    source: 'docs: reference/access-authn-authz/authentication, "X509 client certificates"',
    needs: ['certificates'],
    mutation: {
      file: 'lab/kube/apiserver/access/client-certificate.ts',
      find: "name: values('CN').at(-1) ?? ''",
      replace: "name: values('O').at(-1) ?? ''",
    },
    run: async (t) => {
      const { CoreV1Api } = await import('@kubernetes/client-node');
      const issued = await t.server.issueClientCertificate?.('jane', ['painters']);
      assert.ok(issued !== undefined);
      const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
      const config = await configAs(t, { certData: base64(issued.certPem), keyData: base64(issued.keyPem) });
      const refused = await failureOf(
        config.makeApiClient(CoreV1Api).listNamespacedConfigMap({ namespace: t.namespace }),
      );
      assert.equal(refused.code, 403);
      assert.equal(
        refused.status['message'],
        `configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace "${t.namespace}"`,
      );
      assert.deepEqual([refused.status['reason'], refused.status['details']], ['Forbidden', { kind: 'configmaps' }]);
    },
  },
  {
    id: 'javascript-client/certificate-administrator',
    title: 'A certificate of system:masters may do everything',
    source: 'docs: reference/access-authn-authz/rbac, "User-facing roles"',
    needs: ['certificates'],
    mutation: {
      file: 'lab/kube/apiserver/access/client-certificate.ts',
      find: "groups: values('O') }",
      replace: 'groups: [] }',
    },
    run: async (t) => {
      const { CoreV1Api } = await import('@kubernetes/client-node');
      const issued = await t.server.issueClientCertificate?.('root', ['system:masters']);
      assert.ok(issued !== undefined);
      const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
      const config = await configAs(t, { certData: base64(issued.certPem), keyData: base64(issued.keyPem) });
      const body = { metadata: { name: 'made-by-root' } };
      const created = await config.makeApiClient(CoreV1Api).createNamespacedConfigMap({ namespace: t.namespace, body });
      assert.equal(created.metadata?.name, 'made-by-root');
    },
  },
  {
    id: 'javascript-client/no-streams',
    title: 'A command in a container that runs nowhere is refused before any byte of the stream, and its log is empty',
    source:
      'kubernetes pkg/registry/core/pod/strategy.go, streamLocation: a pod without a node has no host; LogLocation: its log has no location',
    mutation: {
      file: 'lab/kube/apiserver/streaming/stream-target.ts',
      find: "if (nodeName === '') throw badRequest(",
      replace: "if (nodeName === 'nowhere') throw badRequest(",
    },
    run: async (t) => {
      const { Exec, Log } = await import('@kubernetes/client-node');
      const { config } = await t.javascriptClient();
      await t.http.ok('POST', `${t.core}/pods`, {
        metadata: { name: 'nowhere' },
        spec: { containers: [{ name: 'main', image: 'example.com/image' }], nodeSelector: { 'parity/none': 'none' } },
      });
      let written = '';
      const out = new Writable({
        write(chunk: Buffer, _encoding, done) {
          written += chunk.toString('utf8');
          done();
        },
      });
      const exec = await t.http.get(`${t.core}/pods/nowhere/exec?command=true&stdout=true`);
      assert.equal(exec.code, 400);
      assert.deepEqual([exec.body['kind'], exec.body['status'], exec.body['code']], ['Status', 'Failure', 400]);
      await assert.rejects(new Exec(config).exec(t.namespace, 'nowhere', 'main', ['true'], out, null, null, false));
      await new Log(config).log(t.namespace, 'nowhere', 'main', out).catch(() => undefined);
      assert.equal(written, '');
    },
  },
];
