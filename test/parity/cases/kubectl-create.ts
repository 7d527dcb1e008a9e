// kubectl commands that make and change single objects: create, diff, replace, edit, patch.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { ParityCase } from '../parity-case.ts';
import { sedEditor } from './documents-commands.ts';
import { configMap, deployment } from './kubectl-objects.ts';

const needs = ['kubectl'] as const;
const SERVER = 'lab/kube/apiserver';

const json = (value: unknown): { readonly stdin: string } => ({ stdin: JSON.stringify(value) });

export const kubectlCreateCases: readonly ParityCase[] = [
  {
    id: 'kubectl/create-generators',
    title: 'kubectl create makes workloads, configuration, accounts, roles and jobs from its arguments',
    source: 'docs: reference/kubectl/generated/kubectl_create',
    mutation: {
      file: `${SERVER}/builtin/rules/job.ts`,
      find: "setDefault(spec, 'backoffLimit', 6)",
      replace: "setDefault(spec, 'backoffLimit', -6)",
    },
    needs,
    run: async (t) => {
      const create = async (args: string, made: string): Promise<void> =>
        assert.equal(await t.kubectl.ok(`create ${args}`), `${made} created\n`);
      await create('deployment web --image=nginx:1 --replicas=0 --port=80', 'deployment.apps/web');
      await create('configmap settings --from-literal=a=b --from-literal=c=d', 'configmap/settings');
      await create('secret generic hidden --from-literal=password=x', 'secret/hidden');
      await create(
        'secret docker-registry pull --docker-server=r.example.com --docker-username=u --docker-password=p',
        'secret/pull',
      );
      await create('service clusterip inside --tcp=80:8080', 'service/inside');
      await create('service nodeport outside --tcp=80', 'service/outside');
      await create('service externalname elsewhere --external-name=db.example.com', 'service/elsewhere');
      await create('serviceaccount robot', 'serviceaccount/robot');
      await create('role reader --verb=get,list --resource=pods', 'role.rbac.authorization.k8s.io/reader');
      await create(
        'rolebinding reading --role=reader --serviceaccount=default:robot',
        'rolebinding.rbac.authorization.k8s.io/reading',
      );
      await create('job once --image=busybox', 'job.batch/once');
      assert.deepEqual((await t.http.ok('GET', `${t.core}/secrets/hidden`))['data'], { password: 'eA==' });
      assert.equal((await t.http.ok('GET', `${t.core}/secrets/pull`))['type'], 'kubernetes.io/dockerconfigjson');
      const job = (await t.http.ok('GET', `/apis/batch/v1/namespaces/${t.namespace}/jobs/once`))['spec'];
      assert.deepEqual(
        [job.template.spec.restartPolicy, job.template.spec.containers[0].image, job.backoffLimit],
        ['Never', 'busybox', 6],
      );
      const again = await t.kubectl.run('create configmap settings');
      assert.equal(again.code, 1);
      assert.match(
        again.stderr,
        /^error: failed to create configmap: configmaps "settings" already exists\n$|^Error from server \(AlreadyExists\): configmaps "settings" already exists\n$/,
      );
    },
  },
  {
    id: 'kubectl/create-token',
    title: 'kubectl create token gives a token of the ServiceAccount, of the asked life, that the server accepts',
    source: 'docs: reference/access-authn-authz/service-accounts-admin; TokenRequest API',
    mutation: {
      file: `${SERVER}/operations/token-request.ts`,
      find: "'may not specify a duration less than 10 minutes'",
      replace: "'short'",
    },
    needs,
    run: async (t) => {
      const token = (await t.kubectl.ok('create token default --duration=20m')).trim();
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<
        string,
        unknown
      >;
      assert.equal(claims['sub'], `system:serviceaccount:${t.namespace}:default`);
      assert.equal(Number(claims['exp']) - Number(claims['iat']), 1200);
      const refused = await t.http.get(`${t.core}/configmaps`, { token });
      assert.equal(refused.code, 403);
      assert.match(
        refused.body['message'],
        new RegExp(`User "system:serviceaccount:${t.namespace}:default" cannot list resource "configmaps"`),
      );
      const short = await t.kubectl.run('create token default --duration=1m');
      assert.equal(short.code, 1);
      assert.match(
        short.stderr,
        /spec\.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes/,
      );
    },
  },
  {
    id: 'kubectl/dry-run',
    title: 'kubectl --dry-run=server asks the server and leaves nothing, --dry-run=client does not ask',
    source: 'docs: reference/using-api/api-concepts "Dry-run"',
    mutation: {
      file: 'lab/kube/apiserver/operations/options.ts',
      find: "query.getAll('dryRun').length > 0",
      replace: "query.getAll('dryRun').length > 9",
    },
    needs,
    run: async (t) => {
      assert.equal(
        await t.kubectl.ok('create configmap dry --dry-run=server'),
        'configmap/dry created (server dry run)\n',
      );
      assert.equal(await t.kubectl.ok('create configmap dry --dry-run=client'), 'configmap/dry created (dry run)\n');
      assert.match(
        await t.kubectl.ok(
          'create service nodeport dry --tcp=80 --dry-run=server -o jsonpath={.spec.ports[0].nodePort}',
        ),
        /^(3[0-2]\d\d\d)?$/,
      );
      const refused = await t.kubectl.run('create configmap Dry --dry-run=server');
      assert.equal(refused.code, 1);
      assert.equal((await t.http.get(`${t.core}/configmaps/dry`)).code, 404);
      assert.match(
        await t.kubectl.ok('run one --image=nginx:1 --dry-run=client -o yaml'),
        /^apiVersion: v1\nkind: Pod\n/,
      );
    },
  },
  {
    id: 'kubectl/diff',
    title: 'kubectl diff exits with 0 without a difference, with 1 and the difference when there is one',
    source: 'docs: reference/kubectl/generated/kubectl_diff',
    mutation: {
      file: 'lab/kube/apiserver/operations/options.ts',
      find: "query.getAll('dryRun').length > 0",
      replace: "query.getAll('dryRun').length > 9",
    },
    needs,
    run: async (t) => {
      await t.kubectl.ok('apply -f -', json(configMap('compared')));
      const same = await t.kubectl.run('diff -f -', json(configMap('compared')));
      assert.deepEqual([same.code, same.stdout], [0, '']);
      const other = await t.kubectl.run('diff -f -', json(configMap('compared', { key: 'two' })));
      assert.equal(other.code, 1);
      assert.match(other.stdout, /\n-  key: one\n\+  key: two\n/);
      const fresh = await t.kubectl.run('diff -f -', json(configMap('fresh')));
      assert.equal(fresh.code, 1);
      assert.match(fresh.stdout, /\n\+kind: ConfigMap\n/);
      assert.deepEqual((await t.http.ok('GET', `${t.core}/configmaps/compared`))['data'], { key: 'one' });
      const sided = await t.kubectl.run(
        'diff --server-side --force-conflicts -f -',
        json(configMap('compared', { key: 'three' })),
      );
      assert.equal(sided.code, 1);
      assert.match(sided.stdout, /\n\+  key: three\n/);
    },
  },
  {
    id: 'kubectl/replace',
    title: 'kubectl replace puts another object in the place of one that is there, --force deletes it first',
    source: 'docs: reference/kubectl/generated/kubectl_replace',
    mutation: {
      file: 'lab/kube/apiserver/operations/update.ts',
      find: 'if (entry === undefined) throw notFound(definition, scope.name);',
      replace: "if (entry === undefined) throw conflict(definition, scope.name, 'x');",
    },
    needs,
    run: async (t) => {
      const absent = await t.kubectl.run('replace -f -', json(configMap('replaced')));
      assert.deepEqual(
        [absent.code, absent.stderr],
        [1, 'Error from server (NotFound): error when replacing "STDIN": configmaps "replaced" not found\n'],
      );
      const { metadata } = await t.http.ok(
        'POST',
        `${t.core}/configmaps`,
        configMap('replaced', { key: 'one', other: 'x' }),
      );
      assert.equal(
        await t.kubectl.ok('replace -f -', json(configMap('replaced', { key: 'two' }))),
        'configmap/replaced replaced\n',
      );
      const replaced = await t.http.ok('GET', `${t.core}/configmaps/replaced`);
      assert.deepEqual([replaced['data'], replaced['metadata'].uid], [{ key: 'two' }, metadata.uid]);
      assert.match(
        await t.kubectl.ok('replace --force -f -', json(configMap('replaced', { key: 'three' }))),
        /configmap\/replaced replaced\n$/,
      );
      assert.notEqual((await t.http.ok('GET', `${t.core}/configmaps/replaced`))['metadata'].uid, metadata.uid);
      const stale = await t.kubectl.run(
        'replace -f -',
        json(configMap('replaced', { key: 'four' }, { resourceVersion: metadata.resourceVersion })),
      );
      assert.equal(stale.code, 1);
      assert.match(
        stale.stderr,
        /Operation cannot be fulfilled on configmaps "replaced": the object has been modified; please apply your changes to the latest version and try again\n$/,
      );
    },
  },
  {
    id: 'kubectl/edit',
    title: 'kubectl edit patches what the editor changed, says when nothing was, and shows why an edit is refused',
    source: 'docs: reference/kubectl/generated/kubectl_edit',
    mutation: {
      file: `${SERVER}/builtin/rules/field-checks.ts`,
      find: 'value < 0 ? [invalidValue',
      replace: 'value < -99 ? [invalidValue',
    },
    needs,
    run: async (t) => {
      await t.http.ok('POST', `${t.apps}/deployments`, deployment('edited'));
      const edit = async (expression: string): ReturnType<typeof t.kubectl.run> =>
        t.kubectl.run('edit deployment edited', { env: await sedEditor(t, expression) });
      assert.equal((await edit('s/image: nginx:1/image: nginx:2/')).stdout, 'deployment.apps/edited edited\n');
      const { body } = await t.http.get(`${t.apps}/deployments/edited`);
      assert.equal(body['spec'].template.spec.containers[0].image, 'nginx:2');
      const same = await edit('s/image: nginx:9/image: nginx:8/');
      assert.equal(same.code, 0);
      assert.match(same.stdout + same.stderr, /^Edit cancelled, no changes made\.\n$/);
      const refused = await edit('s/^  replicas: 0/  replicas: -1/');
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /^error: deployments\.apps "edited" is invalid\n/);
      // What was tried is kept, with the reasons as comments.
      const kept = /stored to "(.*)"/.exec(refused.stderr)?.[1] ?? '';
      assert.match(
        await readFile(kept, 'utf8'),
        /\n# \* spec\.replicas: Invalid value: -1: must be greater than or equal to 0\n/,
      );
    },
  },
  {
    id: 'kubectl/patch',
    title: 'kubectl patch takes the three kinds of patches, and one of a subresource',
    source: 'docs: tasks/manage-kubernetes-objects/update-api-object-kubectl-patch',
    mutation: {
      file: `${SERVER}/builtin/types/pod.ts`,
      find: '  containers! []Container key=name',
      replace: '  containers! []Container',
    },
    needs,
    run: async (t) => {
      await t.http.ok('POST', `${t.apps}/deployments`, deployment('patched'));
      const patch = (type: string, body: unknown, ...more: readonly string[]): Promise<string> =>
        t.kubectl.ok(['patch', 'deployment', 'patched', `--type=${type}`, '-p', JSON.stringify(body), ...more]);
      const side = { spec: { template: { spec: { containers: [{ name: 'side', image: 'x' }] } } } };
      assert.equal(await patch('strategic', side), 'deployment.apps/patched patched\n');
      const names = async (): Promise<string> =>
        t.kubectl.ok('get deployment patched -o jsonpath={.spec.template.spec.containers[*].name}');
      assert.equal(await names(), 'side main');
      assert.equal(await patch('strategic', side), 'deployment.apps/patched patched (no change)\n');
      await patch('json', [
        { op: 'remove', path: '/spec/template/spec/containers/0' },
        { op: 'test', path: '/spec/replicas', value: 0 },
      ]);
      assert.equal(await names(), 'main');
      await patch('merge', side);
      assert.equal(await names(), 'side');
      await patch(
        'merge',
        { status: { replicas: 0, conditions: [{ type: 'Odd', status: 'True' }] } },
        '--subresource=status',
      );
      assert.match(await t.kubectl.ok('get deployment patched -o jsonpath={.status.conditions[*].type}'), /Odd/);
      const failed = await t.kubectl.run([
        'patch',
        'deployment',
        'patched',
        '--type=json',
        '-p',
        JSON.stringify([{ op: 'test', path: '/spec/replicas', value: 9 }]),
      ]);
      assert.equal(failed.code, 1);
      assert.match(
        failed.stderr,
        /^The request is invalid: the server rejected our request due to an error in our request\n$|testing value \/spec\/replicas failed|[Tt]est.*failed/,
      );
    },
  },
];
