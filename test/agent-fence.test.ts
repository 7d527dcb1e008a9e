// The shipped fence: an agent changes what belongs to its own node, and nothing else, whatever its role allows.
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startTestApi } from '../lab/kube/apiserver/testing/test-api.ts';
import { type Answer, createHttpDriver, type HttpDriver } from './parity/drivers/http.ts';
import { startGenericServer } from './parity/servers/generic.ts';

const deploy = resolve(import.meta.dirname, '..', 'deploy');
const CONFIGS = '/apis/networking.tke.cloud.tencent.com/v1/nodeeniconfigs';
const ENIS = '/apis/networking.tke.cloud.tencent.com/v1/vpcenis';
const IPS = '/apis/networking.tke.cloud.tencent.com/v1/vpcips';
const collections: Readonly<Record<string, string>> = {
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  ValidatingAdmissionPolicy: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
};

/** What ipamd has written before the agent answers. */
const pool = { generation: 1, addresses: [{ ip: '10.0.35.21', since: 1 }] };
const observedAt = '2026-01-01T00:00:00Z';
const addressOn = { 'node-a': '10.0.35.21', 'node-b': '10.0.35.22' };

interface Server {
  readonly http: Pick<HttpDriver, 'call' | 'patch'>;
  /** Whether it has roles; without them only administrators may write, and the policy alone stands before the agent. */
  readonly rbac: boolean;
  close(): Promise<void>;
}

async function embedded(): Promise<Server> {
  const api = await startTestApi();
  return { http: api, rbac: true, close: () => api.close() };
}

/** The libraries that kube-apiserver is made of: its CEL and its admission, where they were built (tools/real-kubernetes). */
const LIBRARIES = process.env['TRUNKLINE_GENERIC_APISERVER'] ?? '';
async function libraries(): Promise<Server> {
  const server = await startGenericServer(LIBRARIES);
  const http = createHttpDriver(server);
  return {
    http,
    rbac: false,
    close: () => {
      http.close();
      return server.close();
    },
  };
}

const servers: readonly (readonly [string, () => Promise<Server>])[] =
  LIBRARIES === ''
    ? [["the embedded API (unavailable: Kubernetes' own libraries, without TRUNKLINE_GENERIC_APISERVER)", embedded]]
    : [
        ['the embedded API', embedded],
        ["Kubernetes' own libraries", libraries],
      ];

let server: Server;
let t: Server['http'];

/** Both of them take their time to know a kind that was just installed, and a policy. */
async function until(answer: () => Promise<Answer>, code: number): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await setTimeout(50))
    if ((await answer()).code === code) return;
  expect(await answer()).toMatchObject({ code });
}

async function install(file: string): Promise<void> {
  for (const document of parseAllDocuments(await readFile(join(deploy, file), 'utf8'))) {
    const object = document.toJS() as { kind: string };
    const path = collections[object.kind];
    if (path !== undefined) expect(await t.call('POST', path, object)).toMatchObject({ code: 201 });
  }
}

/** A status patch by the agent of `node`; without one, by a token that tells no node. */
const statusAs = (node: string | undefined, path: string, status: object): Promise<Answer> =>
  t.patch(
    'merge',
    `${path}/status`,
    { status },
    {
      headers: {
        'impersonate-user': 'system:serviceaccount:kube-system:tke-eni-agent',
        'impersonate-group': server.rbac ? 'system:authenticated' : 'system:masters',
        ...(node === undefined ? {} : { 'impersonate-extra-authentication.kubernetes.io%2fnode-name': node }),
      },
    },
  );
const patchAs = (node: string | undefined, name: string): Promise<Answer> =>
  statusAs(node, `${CONFIGS}/${name}`, { node: { linkDriver: 'veth', ready: true } });

/** Both nodes have a config, an ENI that ipamd has listed addresses on, and a static address. */
async function fill(): Promise<void> {
  for (const name of ['node-a', 'node-b'] as const) {
    const config = {
      apiVersion: 'networking.tke.cloud.tencent.com/v1',
      kind: 'NodeENIConfig',
      metadata: { name },
      spec: {},
    };
    expect(await t.call('POST', CONFIGS, config)).toMatchObject({ code: 201 });
    const eni = {
      apiVersion: 'networking.tke.cloud.tencent.com/v1',
      kind: 'VpcENI',
      metadata: { name: `shared-${name}-1` },
      spec: { type: 'Shared', nodeName: name, securityGroups: [] },
    };
    expect(await t.call('POST', ENIS, eni)).toMatchObject({ code: 201 });
    expect(await t.patch('merge', `${ENIS}/shared-${name}-1/status`, { status: { pool } })).toMatchObject({
      code: 200,
    });
    const ip = {
      apiVersion: 'networking.tke.cloud.tencent.com/v1',
      kind: 'VpcIP',
      metadata: { name: addressOn[name] },
      spec: { type: 'Pod', subnetID: 'subnet-12345678' },
    };
    expect(await t.call('POST', IPS, ip)).toMatchObject({ code: 201 });
    const bound = { phase: 'Assigned', nodeName: name, podUID: 'uid-web' };
    expect(await t.patch('merge', `${IPS}/${addressOn[name]}/status`, { status: bound })).toMatchObject({ code: 200 });
  }
  const unbound = {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcIP',
    metadata: { name: '10.0.35.99' },
    spec: { type: 'Pod', subnetID: 'subnet-12345678' },
  };
  expect(await t.call('POST', IPS, unbound)).toMatchObject({ code: 201 });
}

for (const [name, open] of servers)
  describe(`the fence around agents, in ${name}`, () => {
    beforeAll(async () => {
      server = await open();
      t = server.http;
      for (const file of await readdir(join(deploy, 'crds')))
        if (file.startsWith('nodeeni') || file.startsWith('vpcenis') || file.startsWith('vpcips.'))
          await install(`crds/${file}`);
      for (const kind of [CONFIGS, ENIS, IPS]) await until(() => t.call('GET', kind), 200);
      if (server.rbac) await install('agent/rbac.yaml');
      await fill();
      await install('agent-fence/admission-policy.yaml');
      await until(() => patchAs('node-a', 'node-b'), 403);
    });
    afterAll(() => server.close());

    it('lets an agent report on its own node', async () => {
      expect((await patchAs('node-a', 'node-a')).body).toMatchObject({ kind: 'NodeENIConfig' });
    });

    it("refuses another node's, naming the agent's own", async () => {
      const { code, body } = await patchAs('node-a', 'node-b');
      expect(code).toBe(403);
      expect(body['message']).toContain('the agent of node node-a may change only what belongs to it');
    });

    it('lets an agent tell of an ENI of its node what is its own to tell, and change it later', async () => {
      for (const generation of [1, 2]) {
        const use = { generation, inUse: [], released: [], refused: [], observedAt };
        expect((await statusAs('node-a', `${ENIS}/shared-node-a-1`, { use })).body).toMatchObject({
          status: { pool, use: { generation } },
        });
      }
      const agent = { state: 'TornDown', podUID: 'uid-web', observedAt };
      expect(await statusAs('node-a', `${ENIS}/shared-node-a-1`, { agent })).toMatchObject({ code: 200 });
    });

    it.each([
      ['a pool', `${ENIS}/shared-node-a-1`, { pool: { generation: 9, addresses: [] } }, 'vpcenis: agent, use'],
      ['a phase that nobody had told', `${ENIS}/shared-node-a-1`, { phase: 'Ready' }, 'vpcenis: agent, use'],
      ['the Pod of a static address', `${IPS}/10.0.35.21`, { podUID: 'uid-other' }, 'vpcips: agent'],
      ["the removal of ipamd's field", `${ENIS}/shared-node-a-1`, { pool: null }, 'vpcenis: agent, use'],
      [
        'another field beside its own',
        `${CONFIGS}/node-a`,
        { node: { linkDriver: 'vlan', ready: true }, eniInfos: [] },
        'nodeeniconfigs: node',
      ],
    ])('refuses %s, naming the fields of the agent', async (_, path, status, fields) => {
      const { code, body } = await statusAs('node-a', path, status);
      expect(code).toBe(403);
      expect(body['message']).toContain(`the agent may write only these fields of the status of ${fields}`);
    });

    it("refuses the use of another node's ENI", async () => {
      const use = { generation: 1, inUse: [], released: [], refused: [], observedAt };
      const { code, body } = await statusAs('node-a', `${ENIS}/shared-node-b-1`, { use });
      expect(code).toBe(403);
      expect(body['message']).toContain('the agent of node node-a may change only what belongs to it');
    });

    it('lets an agent tell of a static address what its own node does with it, and of no other', async () => {
      const agent = { state: 'TornDown', podUID: 'uid-web', observedAt };
      expect(await statusAs('node-a', `${IPS}/10.0.35.21`, { agent })).toMatchObject({ code: 200 });
      // Bound to another node meanwhile, or to none: a late report of the former node must not get through.
      for (const ip of ['10.0.35.22', '10.0.35.99'])
        expect(await statusAs('node-a', `${IPS}/${ip}`, { agent })).toMatchObject({ code: 403 });
    });

    it('refuses a token that tells no node', async () => {
      const { code, body } = await patchAs(undefined, 'node-a');
      expect(code).toBe(403);
      expect(body['message']).toContain("the agent's token is not bound to a Pod on a node");
    });
  });
