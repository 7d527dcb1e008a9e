// kubectl commands that ask the server about itself: schemas, discovery, authorization, plain paths.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { configMap, makeKind } from './kubectl-objects.ts';

const needs = ['kubectl'] as const;
const SERVER = 'lab/kube/apiserver';

export const kubectlServerCases: readonly ParityCase[] = [
  {
    id: 'kubectl/explain',
    title: "kubectl explain tells the fields of built-in kinds and of one's own",
    source: 'docs: reference/kubectl/generated/kubectl_explain; /openapi/v2, /openapi/v3',
    mutation: {
      file: 'lab/kube/apiserver/http/openapi.ts',
      find: '({ group, version, kind }: Definition): JsonObject => ({ group, version, kind })',
      replace: '({ group, version, kind }: Definition): JsonObject => ({ group, version, kind: kind.toLowerCase() })',
    },
    needs,
    run: async (t) => {
      const replicas = await t.kubectl.ok('explain deployments.spec.replicas');
      assert.match(replicas, /KIND: +Deployment\nVERSION: +(apps\/)?v1\n/);
      assert.match(replicas, /FIELD: +replicas <integer>/);
      assert.match(await t.kubectl.ok('explain pods.spec.containers'), /\n +image\t<string>\n/);
      assert.match(
        await t.kubectl.ok('explain service.spec --recursive'),
        /\n +ports\t<\[\]ServicePort>|\n +ports\t<\[\]Object>/,
      );
      assert.match(await t.kubectl.ok('explain statefulset.spec.updateStrategy'), /rollingUpdate\t</);
      const { group } = await makeKind(t);
      await t.until('the schema of the new kind to be published', async () => {
        const { code, stdout } = await t.kubectl.run(`explain widgets.spec --api-version=${group}/v1`);
        return code === 0 && /size\t<integer>/.test(stdout) ? true : undefined;
      });
      const unknown = await t.kubectl.run('explain pods.spec.colour');
      assert.equal(unknown.code, 1);
      assert.match(unknown.stderr, /field "colour" does not exist/);
    },
  },
  {
    id: 'kubectl/discovery',
    title: 'kubectl lists resources and versions, says which release it talks to, and where the control plane is',
    source:
      'docs: reference/kubectl/generated/kubectl_api-resources, kubectl_api-versions, kubectl_version, kubectl_cluster-info',
    mutation: {
      file: `${SERVER}/builtin/kinds.ts`,
      find: "plural: 'controllerrevisions'",
      replace: "plural: 'revisions'",
    },
    needs,
    run: async (t) => {
      const resources = await t.kubectl.ok('api-resources --no-headers');
      for (const line of [
        /^pods +po +v1 +true +Pod$/m,
        /^nodes +no +v1 +false +Node$/m,
        /^deployments +deploy +apps\/v1 +true +Deployment$/m,
        /^statefulsets +sts +apps\/v1 +true +StatefulSet$/m,
        /^controllerrevisions +apps\/v1 +true +ControllerRevision$/m,
        /^jobs +batch\/v1 +true +Job$/m,
        /^events +ev +events\.k8s\.io\/v1 +true +Event$/m,
        /^leases +coordination\.k8s\.io\/v1 +true +Lease$/m,
        /^customresourcedefinitions +crd,crds +apiextensions\.k8s\.io\/v1 +false +CustomResourceDefinition$/m,
        /^priorityclasses +pc +scheduling\.k8s\.io\/v1 +false +PriorityClass$/m,
        /^subjectaccessreviews +authorization\.k8s\.io\/v1 +false +SubjectAccessReview$/m,
      ])
        assert.match(resources, line);
      const versions = (await t.kubectl.ok('api-versions')).split('\n');
      for (const version of ['v1', 'apps/v1', 'batch/v1', 'rbac.authorization.k8s.io/v1', 'apiextensions.k8s.io/v1'])
        assert.ok(versions.includes(version), version);
      const { serverVersion } = JSON.parse(await t.kubectl.ok('version -o json')) as {
        serverVersion: { gitVersion: string };
      };
      assert.equal(serverVersion.gitVersion, t.server.version.gitVersion);
      assert.ok((await t.kubectl.ok('cluster-info')).includes(t.server.url));
    },
  },
  {
    id: 'kubectl/authorization',
    title: 'kubectl auth can-i answers for oneself and for others, by verb, resource, name and path',
    source: 'docs: reference/access-authn-authz/authorization "Checking API access"',
    mutation: {
      file: 'lab/kube/apiserver/access/policy-rule.ts',
      find: 'return rule.resourceNames.length === 0 || ',
      replace: 'return true || rule.resourceNames.length === 0 || ',
    },
    needs,
    run: async (t) => {
      const can = async (args: string): Promise<string> => {
        const { code, stdout } = await t.kubectl.run(`auth can-i ${args}`);
        return `${stdout.trim().split(' ')[0]} ${code}`;
      };
      assert.equal(await can('create pods'), 'yes 0');
      assert.equal(await can('create pods --as=somebody'), 'no 1');
      const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${t.namespace}`;
      await t.http.ok('POST', `${rbac}/roles`, {
        metadata: { name: 'reader' },
        rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'], verbs: ['get'] }],
      });
      await t.http.ok('POST', `${rbac}/rolebindings`, {
        metadata: { name: 'reader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'User', name: 'somebody', apiGroup: 'rbac.authorization.k8s.io' }],
      });
      await t.until('the binding to count', async () =>
        (await can('get configmap/one --as=somebody')) === 'yes 0' ? true : undefined,
      );
      assert.equal(await can('get configmap/two --as=somebody'), 'no 1');
      assert.equal(await can('list configmaps --as=somebody'), 'no 1');
      assert.match(await t.kubectl.ok('auth can-i --list --as=somebody'), /\nconfigmaps +\[\] +\[one\] +\[get\]\n/);
      const refused = await t.kubectl.run('get configmap two --as=somebody');
      assert.deepEqual(
        [refused.code, refused.stderr],
        [
          1,
          `Error from server (Forbidden): configmaps "two" is forbidden: User "somebody" cannot get resource "configmaps" in API group "" in the namespace "${t.namespace}"\n`,
        ],
      );
    },
  },
  {
    id: 'kubectl/who-am-i',
    title: 'kubectl auth whoami says who the server takes one for',
    source: 'docs: reference/access-authn-authz/authentication "API access to authentication information for a client"',
    since: '1.28',
    mutation: {
      file: 'lab/kube/apiserver/http/reviews.ts',
      find: '    groups: user.groups,',
      replace: '    groups: [],',
    },
    needs,
    run: async (t) => {
      // Before 1.28 kubectl knew only the first drafts of the question.
      const { clientVersion } = JSON.parse(await t.kubectl.ok('version --client -o json')) as {
        clientVersion: { minor: string };
      };
      if (Number.parseInt(clientVersion.minor, 10) < 28) return;
      const text = await t.kubectl.ok('auth whoami --as=jane --as-group=developers');
      assert.match(text, /^ATTRIBUTE +VALUE\nUsername +jane\nGroups +\[developers system:authenticated\]\n/);
    },
  },
  {
    id: 'kubectl/get-raw',
    title: 'kubectl get --raw shows a path as the server answers it, and top is refused where nobody measures',
    source: 'docs: reference/kubectl/generated/kubectl_get "--raw", kubectl_top',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/config.ts',
      find: 'export const configMapRules: Rules = {',
      replace: "export const configMapRules: Rules = {\n  applyDefaults: (map) => void (map['data'] = {}),",
    },
    needs,
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, configMap('raw'));
      const raw = JSON.parse(await t.kubectl.ok(['get', '--raw', `${t.core}/configmaps/raw`])) as {
        kind: string;
        data: object;
      };
      assert.deepEqual([raw.kind, raw.data], ['ConfigMap', { key: 'one' }]);
      assert.equal(await t.kubectl.ok(['get', '--raw', '/readyz']), 'ok');
      const absent = await t.kubectl.run(['get', '--raw', '/apis/nothing.example.com/v1']);
      assert.deepEqual(
        [absent.code, absent.stderr],
        [1, 'Error from server (NotFound): the server could not find the requested resource\n'],
      );
      const top = await t.kubectl.run('top pods');
      assert.deepEqual([top.code, top.stderr], [1, 'error: Metrics API not available\n']);
    },
  },
];
