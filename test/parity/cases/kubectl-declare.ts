// kubectl commands that make objects and bring them to a declared state: create, apply, diff, replace, edit, patch.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { configMap, deployment } from './kubectl-objects.ts';

const needs = ['kubectl'] as const;
const SERVER = 'lab/kube/apiserver';

const json = (value: unknown): { readonly stdin: string } => ({ stdin: JSON.stringify(value) });

async function folder(t: ParityContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'parity-manifests-'));
  t.defer(() => rm(path, { recursive: true, force: true }));
  return path;
}

export const kubectlDeclareCases: readonly ParityCase[] = [
  {
    id: 'kubectl/apply-client-side',
    title: 'kubectl apply creates, finds unchanged, changes, keeps what others set and removes what was taken out',
    source: 'docs: tasks/manage-kubernetes-objects/declarative-config "How apply calculates differences"',
    mutation: {
      file: 'lab/kube/apiserver/patch/strategic-merge.ts',
      find: '  if (value === null) delete live[name];\n  else if (isObject(current)',
      replace: '  if (value === null) live[name] = live[name];\n  else if (isObject(current)',
    },
    needs,
    run: async (t) => {
      const first = deployment('site', { minReadySeconds: 5 });
      assert.equal(await t.kubectl.ok('apply -f -', json(first)), 'deployment.apps/site created\n');
      assert.equal(await t.kubectl.ok('apply -f -', json(first)), 'deployment.apps/site unchanged\n');
      await t.kubectl.ok('label deployment site added=later');
      assert.equal(
        await t.kubectl.ok('apply -f -', json(deployment('site', { paused: true }))),
        'deployment.apps/site configured\n',
      );
      const { metadata, spec } = await t.http.ok('GET', `${t.apps}/deployments/site`);
      assert.deepEqual(
        [spec.minReadySeconds, spec.paused, metadata.labels],
        [undefined, true, { app: 'site', added: 'later' }],
      );
      assert.deepEqual(
        JSON.parse(metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']).spec.paused,
        true,
      );
      const two = { apiVersion: 'v1', kind: 'List', items: [configMap('a'), configMap('b')] };
      assert.equal(await t.kubectl.ok('apply -f -', json(two)), 'configmap/a created\nconfigmap/b created\n');
      assert.match(await t.kubectl.ok('apply view-last-applied configmap/a -o json'), /"key": "one"/);
    },
  },
  {
    id: 'kubectl/apply-server-side',
    title: 'kubectl apply --server-side owns its fields, is told of conflicts, and takes over when forced',
    source: 'docs: reference/using-api/server-side-apply',
    since: '1.22',
    mutation: {
      file: 'lab/kube/apiserver/apply/managers.ts',
      find: "operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',",
      replace: "operation: 'Update',",
    },
    needs,
    run: async (t) => {
      const apply = (value: string, args = ''): ReturnType<typeof t.kubectl.run> =>
        t.kubectl.run(`apply --server-side ${args}-f -`, json(configMap('owned', { key: value })));
      assert.equal((await apply('one')).stdout, 'configmap/owned serverside-applied\n');
      const conflict = await apply('two', '--field-manager=other ');
      assert.equal(conflict.code, 1);
      assert.match(conflict.stderr, /^error: Apply failed with 1 conflict: conflict with "kubectl": \.data\.key\n/);
      assert.equal((await apply('two', '--field-manager=other --force-conflicts ')).code, 0);
      const { data, metadata } = await t.http.ok('GET', `${t.core}/configmaps/owned`);
      assert.deepEqual(data, { key: 'two' });
      assert.deepEqual(
        metadata.managedFields.map(({ manager, operation }: Record<string, string>) => [manager, operation]).sort(),
        [
          ['kubectl', 'Apply'],
          ['other', 'Apply'],
        ].filter(([manager]) => metadata.managedFields.some((entry: { manager: string }) => entry.manager === manager)),
      );
      assert.match(await t.kubectl.ok('get configmap owned -o yaml --show-managed-fields'), /managedFields:/);
    },
  },
  {
    id: 'kubectl/apply-kustomization',
    title: 'kubectl apply -k builds and applies a kustomization, and delete -k takes it away',
    source: 'docs: tasks/manage-kubernetes-objects/kustomization',
    mutation: {
      file: `${SERVER}/builtin/rules/config.ts`,
      find: 'validate(map) {',
      replace: "prepareCreate: (map) => void (map['data'] = {}),\n  validate(map) {",
    },
    needs,
    run: async (t) => {
      const path = await folder(t);
      await writeFile(join(path, 'map.yaml'), JSON.stringify(configMap('base')));
      await writeFile(
        join(path, 'kustomization.yaml'),
        'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamePrefix: my-\nresources: [map.yaml]\nconfigMapGenerator:\n- name: made\n  literals: [a=b]\n',
      );
      const text = await t.kubectl.ok(['apply', '-k', path]);
      assert.match(text, /^configmap\/my-base created\nconfigmap\/my-made-[a-z0-9]+ created\n$/);
      assert.deepEqual((await t.http.ok('GET', `${t.core}/configmaps/my-base`))['data'], { key: 'one' });
      assert.match(await t.kubectl.ok(['delete', '-k', path]), /configmap "my-base" deleted/);
    },
  },
  {
    id: 'kubectl/apply-folder',
    title: 'kubectl apply -f of a folder applies every file in it, -R those below it, and --prune removes what is gone',
    source: 'docs: tasks/manage-kubernetes-objects/declarative-config',
    mutation: {
      file: `${SERVER}/builtin/kinds.ts`,
      find: "ConfigMap: { plural: 'configmaps'",
      replace: "ConfigMap: { plural: 'configmapz'",
    },
    needs,
    run: async (t) => {
      const path = await folder(t);
      const labels = { case: 'folder' };
      await mkdir(join(path, 'below'));
      await writeFile(join(path, 'a.json'), JSON.stringify(configMap('a', { key: 'one' }, { labels })));
      await writeFile(join(path, 'below', 'b.json'), JSON.stringify(configMap('b', { key: 'one' }, { labels })));
      assert.equal(await t.kubectl.ok(['apply', '-f', path]), 'configmap/a created\n');
      assert.equal(await t.kubectl.ok(['apply', '-R', '-f', path]), 'configmap/a unchanged\nconfigmap/b created\n');
      await rm(join(path, 'below'), { recursive: true });
      assert.match(
        await t.kubectl.ok([
          'apply',
          '-f',
          path,
          '--prune',
          '-l',
          'case=folder',
          '--prune-allowlist=core/v1/ConfigMap',
        ]),
        /configmap\/a unchanged\nconfigmap\/b pruned\n/,
      );
      assert.equal(await t.kubectl.ok('get configmaps -l case=folder -o name'), 'configmap/a\n');
    },
  },
  {
    id: 'kubectl/apply-of-unknown-fields',
    title: 'kubectl apply has the server refuse unknown fields by their path, unless told not to',
    source: 'docs: reference/using-api/api-concepts "Field validation"',
    since: '1.27',
    mutation: {
      file: `${SERVER}/operations/decode-object.ts`,
      find: 'unknown field ${JSON',
      replace: 'odd field ${JSON',
    },
    needs,
    run: async (t) => {
      const wrong = json(deployment('wrong', { replicaz: 3 }));
      const refused = await t.kubectl.run('apply -f -', wrong);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /strict decoding error: unknown field "spec\.replicaz"\n$/);
      const warned = await t.kubectl.run('apply --validate=warn -f -', wrong);
      assert.deepEqual(
        [warned.code, warned.stdout, warned.stderr],
        [0, 'deployment.apps/wrong created\n', 'Warning: unknown field "spec.replicaz"\n'],
      );
    },
  },
];
