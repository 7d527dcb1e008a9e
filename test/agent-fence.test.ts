// The shipped fence: an agent changes what belongs to its own node, and nothing else, whatever its role allows.
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startTestApi } from '../lab/kube/apiserver/testing/test-api.ts';
import type { Answer, TestApi } from '../lab/kube/apiserver/testing/test-api.ts';

const deploy = resolve(import.meta.dirname, '..', 'deploy');
const CONFIGS = '/apis/networking.tke.cloud.tencent.com/v1/nodeeniconfigs';
const collections: Readonly<Record<string, string>> = {
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  ValidatingAdmissionPolicy: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
};

let t: TestApi;

async function install(file: string): Promise<void> {
  for (const document of parseAllDocuments(await readFile(join(deploy, file), 'utf8'))) {
    const object = document.toJS() as { kind: string };
    const path = collections[object.kind];
    if (path !== undefined) expect(await t.call('POST', path, object)).toMatchObject({ code: 201 });
  }
}

/** A status patch by the agent of `node`; without one, by a token that tells no node. */
const patchAs = (node: string | undefined, name: string): Promise<Answer> =>
  t.patch(
    'merge',
    `${CONFIGS}/${name}/status`,
    { status: { node: { linkDriver: 'veth', ready: true } } },
    {
      headers: {
        'impersonate-user': 'system:serviceaccount:kube-system:tke-eni-agent',
        'impersonate-group': 'system:authenticated',
        ...(node === undefined ? {} : { 'impersonate-extra-authentication.kubernetes.io%2fnode-name': node }),
      },
    },
  );

beforeAll(async () => {
  t = await startTestApi();
  for (const file of await readdir(join(deploy, 'crds')))
    if (file.startsWith('nodeeni') || file.startsWith('vpcenis')) await install(`crds/${file}`);
  await install('agent/rbac.yaml');
  await install('agent-fence/admission-policy.yaml');
  for (const name of ['node-a', 'node-b']) {
    const config = {
      apiVersion: 'networking.tke.cloud.tencent.com/v1',
      kind: 'NodeENIConfig',
      metadata: { name },
      spec: {},
    };
    expect(await t.call('POST', CONFIGS, config)).toMatchObject({ code: 201 });
  }
});
afterAll(() => t.close());

describe('the fence around agents', () => {
  it('lets an agent report on its own node', async () => {
    expect((await patchAs('node-a', 'node-a')).body).toMatchObject({ kind: 'NodeENIConfig' });
  });

  it("refuses another node's, naming the agent's own", async () => {
    const { code, body } = await patchAs('node-a', 'node-b');
    expect(code).toBe(403);
    expect(body['message']).toContain('the agent of node node-a may change only what belongs to it');
  });

  it('refuses a token that tells no node', async () => {
    const { code, body } = await patchAs(undefined, 'node-a');
    expect(code).toBe(403);
    expect(body['message']).toContain("the agent's token is not bound to a Pod on a node");
  });
});
