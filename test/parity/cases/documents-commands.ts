// The commands of the product's documents: edit, annotate, get and delete as a reader would type them.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ParityContext } from '../context.ts';
import { readDocument, useDefinition, yaml } from '../documents/read-document.ts';
import type { ParityCase } from '../parity-case.ts';

const NETWORKING = '/apis/networking.tke.cloud.tencent.com/v1';
const RULES = 'lab/kube/apiserver/builtin/rules';

/** An editor that runs `sed -i` with one expression, as KUBE_EDITOR wants it. */
export async function sedEditor(t: ParityContext, expression: string): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp(join(tmpdir(), 'parity-editor-'));
  t.defer(() => rm(folder, { recursive: true, force: true }));
  const script = join(folder, 'editor.sh');
  await writeFile(script, `#!/bin/sh\nexec sed -i '${expression}' "$1"\n`, { mode: 0o700 });
  // What kubectl keeps of a refused edit goes with the folder.
  return { KUBE_EDITOR: script, TMPDIR: folder };
}

const ipamd = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'tke-eni-ipamd' },
  spec: {
    selector: { matchLabels: { app: 'tke-eni-ipamd' } },
    template: {
      metadata: { labels: { app: 'tke-eni-ipamd' } },
      spec: { containers: [{ name: 'tke-eni-ipamd', image: 'ipamd:v3.5.6', args: ['--v=3'] }] },
    },
  },
};

const argumentsCase = (document: string, mutation: ParityCase['mutation']): ParityCase => ({
  id: `documents/${document}`,
  title: `kubectl edit puts the arguments of ${document}.yaml into a Deployment, comments left out, in their order`,
  source: 'documents: "kubectl edit deploy tke-eni-ipamd" and spec.template.spec.containers[0].args',
  mutation,
  needs: ['kubectl'],
  run: async (t) => {
    await t.http.ok('POST', `${t.apps}/deployments`, ipamd);
    const text = await readDocument(`${document}.yaml`);
    const wanted = parse(text) as readonly string[];
    // Placed as the reader would: behind the arguments that are there, as deep as they are, in a YAML text.
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => `        ${line}`);
    const expression = `/- --v=3/a\\\n${lines.join('\\\n')}`;
    const env = await sedEditor(t, expression);
    assert.equal(await t.kubectl.ok('edit deploy tke-eni-ipamd', { env }), 'deployment.apps/tke-eni-ipamd edited\n');
    const { body } = await t.http.get(`${t.apps}/deployments/tke-eni-ipamd`);
    assert.deepEqual(body['spec'].template.spec.containers[0].args, ['--v=3', ...wanted]);
    assert.equal(body['metadata'].generation, 2);
  },
});

export const documentCommandCases: readonly ParityCase[] = [
  argumentsCase('000-security-group-arguments', {
    file: 'lab/kube/apiserver/builtin/types/pod.ts',
    find: '\nContainer\n  args []string',
    replace: '\nContainer\n  arguments []string',
  }),
  argumentsCase('004-claim-expiry-arguments', {
    file: `${RULES}/workloads.ts`,
    find: 'export const deploymentRules: Rules = {\n  tracksGeneration: true,',
    replace: 'export const deploymentRules: Rules = {\n  tracksGeneration: false,',
  }),
  argumentsCase('004-cascade-arguments', {
    file: `${RULES}/workloads.ts`,
    find: "export const deploymentRules: Rules = {\n  tracksGeneration: true,\n  applyDefaults(deployment) {\n    const spec = ensureObject(deployment, 'spec');",
    replace:
      "export const deploymentRules: Rules = {\n  tracksGeneration: true,\n  applyDefaults(deployment) {\n    const spec = ensureObject(deployment, 'spec');\n    deployment.metadata.name = 'x';",
  }),
  {
    id: 'documents/annotate-node',
    title:
      'kubectl annotate node --overwrite sets the annotation that switches security groups of a node off and on again',
    source: 'documents: security groups of node interfaces, 000',
    mutation: {
      file: `${RULES}/node.ts`,
      find: 'keepsStatusOnCreate: true,\n  applyDefaults(node) {',
      replace: 'keepsStatusOnCreate: true,\n  applyDefaults(node) {\n    delete node.metadata.annotations;',
    },
    needs: ['kubectl'],
    run: async (t) => {
      const node = t.unique('node');
      await t.http.ok('POST', '/api/v1/nodes', { metadata: { name: node } });
      t.defer(() => t.http.call('DELETE', `/api/v1/nodes/${node}`));
      const annotation = 'tke.cloud.tencent.com/disable-node-eni-security-groups';
      for (const value of ['yes', 'no']) {
        // Before 1.28 kubectl said `annotate`.
        assert.match(
          await t.kubectl.ok(['annotate', 'node', node, '--overwrite', `${annotation}=${value}`]),
          /^node\/.* annotated?\n$/,
        );
        assert.equal((await t.http.get(`/api/v1/nodes/${node}`)).body['metadata'].annotations[annotation], value);
      }
      const refused = await t.kubectl.run(['annotate', 'node', node, `${annotation}=maybe`]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /--overwrite is false but found the following declared annotation\(s\)/);
    },
  },
  {
    id: 'documents/node-configuration',
    title: 'kubectl get nec -oyaml shows the groups of a node, and kubectl edit nec changes them',
    source:
      'documents: security groups of node interfaces, 000: "kubectl get nec <nodeName> -oyaml", "kubectl edit nec <nodeName>"',
    mutation: {
      file: 'lab/kube/apiserver/patch/merge-patch.ts',
      find: 'if (!isObject(patch)) return',
      replace:
        "if (!isObject(patch)) return typeof patch === 'string' ? 'sg-xxxxxxxx' : Array.isArray(patch) ? ['sg-xxxxxxxx'] :",
    },
    needs: ['kubectl'],
    run: async (t) => {
      await useDefinition(t, 'nodeeniconfigs.networking.tke.cloud.tencent.com');
      const name = t.unique('node');
      const path = `${NETWORKING}/nodeeniconfigs/${name}`;
      t.defer(() => t.http.call('DELETE', path));
      await t.http.ok('POST', `${NETWORKING}/nodeeniconfigs`, {
        apiVersion: 'networking.tke.cloud.tencent.com/v1',
        kind: 'NodeENIConfig',
        metadata: { name },
        spec: { securityGroups: ['sg-aaaaaaaa', 'sg-bbbbbbbb'] },
      });
      const shown = parse(await t.kubectl.ok(['get', 'nec', name, '-oyaml'])) as { spec: unknown };
      assert.deepEqual(shown.spec, { securityGroups: ['sg-aaaaaaaa', 'sg-bbbbbbbb'] });
      const env = await sedEditor(t, 's/sg-bbbbbbbb/sg-cccccccc/');
      assert.match(
        await t.kubectl.ok(['edit', 'nec', name], { env }),
        /^nodeeniconfig\.networking\.tke\.cloud\.tencent\.com\/.* edited\n$/,
      );
      const { body } = await t.http.get(path);
      assert.deepEqual(body['spec'], { securityGroups: ['sg-aaaaaaaa', 'sg-cccccccc'] });
      assert.equal(body['metadata'].generation, 2);
    },
  },
  {
    id: 'documents/interface-of-a-pod',
    title: 'kubectl get vpceni by the labels of a Pod, and the interface of it by JSONPath from the status',
    source:
      'documents: SecurityGroupPolicy on trunk interfaces, 002: "kubectl get vpceni -l ...", "-ojsonpath={.status.eni.eniID}"',
    mutation: {
      file: 'lab/kube/apiserver/selection/label-selector.ts',
      find: 'return value !== undefined && values.includes(value);',
      replace: 'return value !== undefined;',
    },
    needs: ['kubectl'],
    run: async (t) => {
      await useDefinition(t, 'vpcenis.networking.tke.cloud.tencent.com');
      const name = t.unique('veni');
      const path = `${NETWORKING}/vpcenis/${name}`;
      t.defer(() => t.http.call('DELETE', path));
      const labels = { 'tke.cloud.tencent.com/pod-name': 'nginx', 'tke.cloud.tencent.com/pod-namespace': t.namespace };
      await t.http.ok('POST', `${NETWORKING}/vpcenis`, {
        apiVersion: 'networking.tke.cloud.tencent.com/v1',
        kind: 'VpcENI',
        metadata: { name, labels },
        spec: { type: 'Trunk', nodeName: 'n', securityGroups: ['sg-aaaaaaaa'] },
        status: { eni: { eniID: 'never-stored' } },
      });
      const written = await t.http.patch('merge', `${path}/status`, { status: { eni: { eniID: 'eni-abcdefgh' } } });
      const selector = Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',');
      assert.equal(
        await t.kubectl.ok(['get', 'vpceni', '-l', selector, '-o', 'name']),
        `vpceni.networking.tke.cloud.tencent.com/${name}\n`,
      );
      const other = selector.replace('nginx', 'apache');
      assert.equal(await t.kubectl.ok(['get', 'vpceni', '-l', other, '-o', 'name']), '');
      const eni = written.code === 200 ? 'eni-abcdefgh' : '';
      assert.equal(await t.kubectl.ok(['get', 'vpceni', name, '-ojsonpath={.status.eni.eniID}']), eni);
    },
  },
  {
    id: 'documents/delete-claim-of-a-public-address',
    title: 'kubectl delete eipc releases a kept claim by the short name',
    source: 'documents: binding public addresses to Pods, 004: "kubectl delete eipc <podname> -n <namespace>"',
    mutation: {
      file: 'lab/kube/apiserver/schema/defaulting.ts',
      find: 'if (lacks && hasDefault(described))',
      replace: 'if (!lacks && hasDefault(described))',
    },
    needs: ['kubectl'],
    run: async (t) => {
      await useDefinition(t, 'eipclaims.networking.tke.cloud.tencent.com');
      const claims = `${NETWORKING}/namespaces/${t.namespace}/eipclaims`;
      const made = await t.http.ok('POST', claims, {
        apiVersion: 'networking.tke.cloud.tencent.com/v1',
        kind: 'EIPClaim',
        metadata: { name: 'busybox-0' },
        spec: { attributes: '{"Bandwidth":"100","ISP":"BGP"}' },
      });
      assert.deepEqual(made['spec'], { attributes: '{"Bandwidth":"100","ISP":"BGP"}', deletePolicy: 'Immediate' });
      assert.match(
        await t.kubectl.ok('delete eipc busybox-0'),
        /^eipclaim\.networking\.tke\.cloud\.tencent\.com "busybox-0" deleted/,
      );
      assert.equal((await t.http.get(`${claims}/busybox-0`)).code, 404);
    },
  },
  {
    id: 'documents/masquerade-configuration',
    title: 'The ConfigMap of document 004 holds its JSON text byte for byte, over HTTP and through kubectl edit',
    source: 'documents: binding public addresses to Pods, 004: "kubectl -n kube-system edit cm ip-masq-agent-config"',
    mutation: {
      file: `${RULES}/config.ts`,
      find: 'export const configMapRules: Rules = {',
      replace: 'export const configMapRules: Rules = {\n  applyDefaults: (map) => void (map["data"] = {}),',
    },
    needs: ['kubectl'],
    run: async (t) => {
      const collection = '/api/v1/namespaces/kube-system/configmaps';
      const path = `${collection}/ip-masq-agent-config`;
      const text = await readDocument('004-masquerade-configuration.yaml');
      const { data } = parse(text) as { data: { config: string } };
      const made = await t.http.call('POST', collection, text, yaml);
      assert.equal(made.code, 201, made.text);
      t.defer(() => t.http.call('DELETE', path));
      assert.deepEqual(made.body['data'], data);
      const env = await sedEditor(t, 's/172\\.16\\.0\\.2/172.16.0.3/');
      assert.equal(
        await t.kubectl.ok('edit cm ip-masq-agent-config', { env, namespace: 'kube-system' }),
        'configmap/ip-masq-agent-config edited\n',
      );
      assert.equal((await t.http.get(path)).body['data'].config, data.config.replace('172.16.0.2', '172.16.0.3'));
    },
  },
];
