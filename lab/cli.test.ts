// The published command line against the real programs: packed, installed in an empty folder, run by the oldest Node at hand.
import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eipClaims } from '../src/api/eip-claim.ts';
import { annotations, objectNames } from '../src/api/keys.ts';
import { securityGroupPolicies } from '../src/api/security-group-policy.ts';
import { configMaps, pods } from '../src/kube/resources.ts';
import { buildCli } from '../tools/build-cli.ts';
import { probeHost } from './host/probe.ts';
import { packetsPossible, PROJECT_DIR } from './host/testing/test-host.ts';
import { type Lab, startLab } from './lab.ts';
import { waitForObjects } from './wait.ts';

const { possible, why } = packetsPossible(probeHost());
const run = promisify(execFile);
const NAMESPACE = 'my-namespace';
const EXAMPLES = 'examples/pod-security-groups-trunk';
/** The host's own, which is older than the one that runs this, where there is one. */
const HOST_NODE = '/usr/bin/node';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** An npm package of the file, installed offline where nothing else is. */
async function installed(folder: string): Promise<string> {
  await buildCli(join(folder, 'package'));
  const env = { ...process.env, npm_config_cache: join(folder, 'cache'), npm_config_update_notifier: 'false' };
  const npm = (...args: string[]) => run('npm', [...args, '--silent', '--offline'], { cwd: folder, env });
  await npm('pack', './package');
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  const version = (JSON.parse(await readFile(join(folder, 'package/package.json'), 'utf8')) as { version: string })
    .version;
  await npm('install', `./trunkline-${version}.tgz`);
  return join(folder, 'node_modules/trunkline/trunkline.mjs');
}

describe.skipIf(!possible)(`trunkline${why}`, { timeout: 180_000 }, () => {
  let lab: Lab;
  let folder = '';
  let file = '';
  let node = process.execPath;

  const cli = async (args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> => {
    const { endpoint, secretId, secretKey, region } = lab.cloudAccess;
    const variables = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      KUBECONFIG: lab.kubeconfig,
      TRUNKLINE_CLOUD_ENDPOINT: endpoint,
      TENCENTCLOUD_SECRET_ID: secretId,
      TENCENTCLOUD_SECRET_KEY: secretKey,
      TENCENTCLOUD_REGION: region,
      ...env,
    };
    return run(node, [file, ...args], { env: variables, cwd: folder, maxBuffer: 64 * 1024 * 1024 }).then(
      ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        out: error.stdout,
        err: error.stderr,
      }),
    );
  };
  const data = async (...args: string[]): Promise<{ code: number; value: Record<string, unknown> }> => {
    const { code, out, err } = await cli([...args, '-o', 'json']);
    if (out === '') throw new Error(err);
    return { code, value: JSON.parse(out) as Record<string, unknown> };
  };
  const podNamed = async (app: string): Promise<string> => {
    const [pod] = await lab.runningPods(NAMESPACE, `app=${app}`, 1);
    return `${NAMESPACE}/${pod?.metadata.name ?? ''}`;
  };
  const fileWith = async (name: string, document: unknown): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(document));
    return path;
  };
  const changes = (): number =>
    lab.simulator
      .requestLog()
      .filter(({ action, outcome }) => outcome === 'ok' && !/^(Describe|Get|List|Check)/.test(action)).length;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trunkline-cli-'));
    [lab, file, node] = await Promise.all([
      startLab({ projectDir: PROJECT_DIR, progress: () => undefined }),
      installed(folder),
      access(HOST_NODE).then(
        () => HOST_NODE,
        () => process.execPath,
      ),
    ]);
    await lab.createNamespace(NAMESPACE);
    for (const name of ['policy', 'client', 'nginx', 'ordinary']) await lab.applyFile(`${EXAMPLES}/${name}.yaml`);
    await podNamed('my-app');
    await podNamed('ordinary');
  }, 180_000);

  afterAll(async () => {
    await lab.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is one file, and a plugin of kubectl by its other name', async () => {
    expect(await readdir(join(folder, 'node_modules'))).toEqual(['.bin', '.package-lock.json', 'trunkline']);
    const plugin = join(folder, 'node_modules/.bin/kubectl-trunkline');
    expect((await run(node, [plugin, '--help'])).stdout).toMatch(/^Usage: kubectl trunkline /);
    expect((await run(node, [file, '--version'])).stdout).toMatch(/^v\d+\.\d+\.\d+\n$/);
  });

  it('explains a Pod with groups of its own: connection, groups and their policy, phases until ready', async () => {
    const name = await podNamed('my-app');
    const { code, value } = await data('explain', 'pod', name);
    expect(code).toBe(0);
    expect(value).toMatchObject({
      pod: name,
      network: { kind: 'sub-eni', routing: 'standard', groups: ['sg-xxxxyyyy'], groupsFrom: 'cloud' },
      groups: [{ groupId: 'sg-xxxxyyyy', origin: 'policy', inForce: true, exists: true }],
      notKnown: [],
    });
    expect(value['policies']).toEqual([
      expect.objectContaining({ policy: 'my-security-group-policy', answer: 'applies' }),
      expect.objectContaining({
        policy: 'client',
        answer: 'no',
        why: 'podSelector: app=client is asked, it is app=my-app',
      }),
    ]);
    expect((value['phases'] as { phase: string }[]).map(({ phase }) => phase)).toEqual([
      'scheduled to a node',
      'VpcENI made',
      'ENI ready in the cloud, groups in force',
      'connected by the agent',
      'containers started',
      'ready',
    ]);
  });

  it('explains it to people, too, and to whoever reads YAML', async () => {
    const name = await podNamed('my-app');
    const text = await cli(['explain', 'pod', name]);
    expect(text.out).toMatch(/^Pod my-namespace\/nginx-.*: Running\n {2}network +an ENI of its own/);
    expect(text.out).not.toContain('\u001b[');
    expect((await cli(['explain', 'pod', name, '-o', 'yaml'])).out).toMatch(/^pod: my-namespace\/nginx-/);
  });

  it('says what a Pod that cannot start waits for, with exit code 1', async () => {
    await lab.client.create(
      { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'homeless', namespace: NAMESPACE },
        spec: { nodeSelector: { no: 'such-node' }, containers: [{ name: 'a', image: 'nginx:1.7.9' }] },
      } as never,
      { namespace: NAMESPACE },
    );
    const { code, value } = await data('explain', 'pod', `${NAMESPACE}/homeless`);
    expect(code).toBe(1);
    expect(value['waiting']).toMatchObject({ what: 'a node that has room for it', since: expect.any(String) });
  });

  it('lists the Pods when a name fits several, and what is near when it fits none, with exit code 2', async () => {
    const several = await cli(['explain', 'pod', 'client', '-n', NAMESPACE]);
    expect(several).toMatchObject({ code: 2, out: '' });
    expect(several.err.match(/my-namespace\/client-/g)).toHaveLength(2);
    const none = await cli(['explain', 'pod', 'client-nobody', '-n', NAMESPACE]);
    expect(none.code).toBe(2);
    expect(none.err).toMatch(/there is no Pod "client-nobody"; near are:\n {2}my-namespace\/client-/);
  });

  it('explains a node by its address and a policy by its name', async () => {
    const { value: nodeValue } = await data(
      'explain',
      'node',
      lab.nodes.find(({ kind }) => kind === 'general')?.name ?? '',
    );
    expect(nodeValue).toMatchObject({
      kind: 'general',
      offers: expect.any(Array),
      kernel: { 'link driver': expect.any(String) },
    });
    const { code, value } = await data('explain', 'sgp', 'my-security', '-n', NAMESPACE);
    expect(code).toBe(0);
    expect(value).toMatchObject({ selects: 'podSelector app=my-app', pods: [{ answer: 'applies' }] });
  });

  it('goes on without permission in the cloud, and says what cannot be known', async () => {
    const stranger = lab.simulator.identity.createUser('stranger');
    const keys = { TENCENTCLOUD_SECRET_ID: stranger.secretId, TENCENTCLOUD_SECRET_KEY: stranger.secretKey };
    const { code, out } = await cli(['explain', 'pod', await podNamed('my-app')], keys);
    expect(code).toBe(0);
    expect(out).toMatch(/sg-xxxxyyyy +yes +policy my-security-group-policy/);
    expect(out).toMatch(/Not known from here\n {2}cloud: .*cvm:DescribeInstances/);
    const denied = await cli(['doctor', '--only', 'cam-actions'], keys);
    expect(denied.code).toBe(1);
    expect(denied.out).toMatch(/PROBLEM {2}cam-actions/);
    expect(denied.out).toContain('grant vpc:CreateSubNetworkInterface to the role of ipamd');
  });

  it('is well in every check of doctor, and trying CAM changes nothing in the cloud', async () => {
    const before = changes();
    const { value } = await data('doctor');
    const report = value as {
      checks: { id: string; state: string; findings: object[] }[];
      actions: { answer: string }[];
    };
    expect(report.checks.filter(({ state }) => state === 'problem')).toEqual([]);
    expect(report.actions.length).toBeGreaterThan(20);
    expect(report.actions.filter(({ answer }) => answer !== 'allowed')).toEqual([]);
    expect(changes()).toBe(before);
  });

  it('finds in doctor what somebody changed in the cloud by hand', async () => {
    const { value } = await data('explain', 'pod', await podNamed('my-app'));
    const { eniId, vpcEni } = value['network'] as { eniId: string; vpcEni: string };
    const bind = (SecurityGroupIds: readonly string[]) =>
      lab.cloud.call('vpc', 'ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: eniId, SecurityGroupIds });
    await bind(['sg-client01']);
    const { code, value: report } = await data('doctor', '--only', 'drift');
    await bind(['sg-xxxxyyyy']);
    expect(code).toBe(1);
    expect(report['drift']).toEqual([
      expect.objectContaining({ subject: `VpcENI ${vpcEni}`, recorded: 'sg-xxxxyyyy', cloud: 'sg-client01' }),
    ]);
  });

  it('traces the way to the API server, as packets go it, and its Service has an endpoint', async () => {
    const { code, value } = await data('trace', await podNamed('ordinary'), 'default/svc/kubernetes', '--probe');
    expect(value['traces']).toMatchObject([{ verdict: 'delivered', probe: { outcome: 'delivered', agrees: true } }]);
    expect(code).toBe(0);
    const endpoints = '/api/v1/namespaces/default/endpoints/kubernetes';
    expect(await lab.client.request('GET', endpoints)).toMatchObject({
      subsets: [{ addresses: [{ ip: '10.0.0.2' }] }],
    });
  });

  it('plans a policy: who would get other groups and which flows close; nothing is written', async () => {
    const policy = await fileWith('policy.json', {
      apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
      kind: 'SecurityGroupPolicy',
      metadata: { name: 'planned', namespace: NAMESPACE },
      spec: { podSelector: { matchLabels: { app: 'ordinary' } }, securityGroups: { groupIds: ['sg-client01'] } },
    });
    const before = changes();
    const { code, value } = await data('plan', '-f', policy);
    expect(code).toBe(1);
    expect(value['pods']).toEqual([
      expect.objectContaining({ pod: await podNamed('ordinary'), after: ['sg-client01'], when: 'rebuilt' }),
    ]);
    expect(value['flows']).toMatchObject({
      changes: expect.arrayContaining([
        expect.objectContaining({ to: 'my-namespace/Deployment/ordinary', port: 80, change: 'closes' }),
      ]),
    });
    expect(changes()).toBe(before);
    const { items } = await lab.client.list(securityGroupPolicies, { namespace: NAMESPACE });
    expect(items.map(({ metadata }) => metadata.name)).not.toContain('planned');
  });

  it('plans rules of a group, and refuses rules that it does not understand', async () => {
    const rules = (Ingress: readonly object[]) => ({
      SecurityGroupId: 'sg-xxxxyyyy',
      SecurityGroupPolicySet: { Ingress },
    });
    const drop = { Protocol: 'TCP', Port: '80', CidrBlock: '0.0.0.0/0', Action: 'DROP', PolicyIndex: 0 };
    const { value } = await data('plan', '-f', await fileWith('drop.json', rules([drop])));
    expect(value['flows']).toMatchObject({
      changes: expect.arrayContaining([expect.objectContaining({ change: 'closes' })]),
    });
    const odd = await cli(['plan', '-f', await fileWith('odd.json', rules([{ Protocol: 'SCTP', Action: 'ACCEPT' }]))]);
    expect(odd.code).toBe(2);
    expect(odd.err).toMatch(/document 1: SecurityGroupPolicySet.Ingress\[0\].Protocol: "SCTP" is no protocol/);
  });

  it('says how many more Pods fit and what is hit first', async () => {
    const { code, value } = await data('capacity');
    expect(code).toBe(0);
    expect(value['total']).toMatchObject({
      shared: { room: expect.any(Number), limit: expect.any(String) },
      'sub-eni': { room: expect.any(Number) },
    });
    expect((value['zones'] as object[]).length).toBe(2);
  });

  it('explains a bound EIP that SNAT passes by, with exit code 1, and without SNAT for such Pods with 0', async () => {
    const grant = { AttachRoleName: 'IPAMDofTKE_QCSRole', PolicyName: 'QcloudAccessForIPAMDRoleInQcloudAllocateEIP' };
    await lab.cloud.call('cam', 'AttachRolePolicy', grant);
    await lab.client.create(
      pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: 'public',
          namespace: NAMESPACE,
          annotations: { [annotations.eipAttributes]: '{"Bandwidth":"10","ISP":"BGP"}' },
        },
        spec: { containers: [{ name: 'a', image: 'nginx:1.7.9' }] },
      } as never,
      { namespace: NAMESPACE },
    );
    await waitForObjects(lab.client, eipClaims, (all) => all.some(({ status }) => status?.phase === 'Bound'), {
      namespace: NAMESPACE,
      what: 'an EIP for the Pod',
    });
    const passedBy = await data('explain', 'eip', `${NAMESPACE}/public`);
    const { publicIp } = passedBy.value;
    expect(passedBy).toMatchObject({
      code: 1,
      value: { phase: 'Bound', inCloud: { status: 'BIND' }, pod: `${NAMESPACE}/public`, used: false },
    });
    const config = JSON.stringify({ NonMasqueradeCIDRs: ['10.0.0.0/8'], NonMasqueradeEIPPods: true });
    const system = { namespace: objectNames.systemNamespace };
    await lab.client.patch(configMaps, objectNames.masqConfig, { type: 'merge', body: { data: { config } } }, system);
    const used = await data('explain', 'eip', String(publicIp));
    expect(used).toMatchObject({ code: 0, value: { used: true, seenAs: publicIp, cures: [] } });
  });

  it('bundles for support without any key of the cloud', async () => {
    const { code, out } = await cli(['support', '--to', 'bundle.tar.gz']);
    expect(code).toBe(0);
    expect(out).toMatch(/logs\/kube-system_tke-eni-ipamd-/);
    const content = gunzipSync(await readFile(join(folder, 'bundle.tar.gz'))).toString('utf8');
    expect(content).toContain('my-security-group-policy');
    for (const secret of [lab.cloudAccess.secretId, lab.cloudAccess.secretKey, 'BEGIN RSA PRIVATE', 'BEGIN EC PRIVATE'])
      expect(content).not.toContain(secret);
  });

  it('completes names of the cluster', async () => {
    const { out } = await cli(['__complete', '--', 'explain', 'pod', `${NAMESPACE}/cl`]);
    expect(out.split('\n').filter((line) => line.startsWith(`${NAMESPACE}/client-`))).toHaveLength(2);
  });
});
