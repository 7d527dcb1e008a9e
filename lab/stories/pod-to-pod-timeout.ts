// Document 003 as a program: two native nodes, a Pod on each, a time-out, its cause by `trunkline trace`, and every other cause there is.
import { join } from 'node:path';
import { z } from 'zod';
import { nodeEniConfigs } from '../../src/api/node-eni-config.ts';
import { deployments } from '../../src/kube/resources.ts';
import { applyObject } from '../install.ts';
import { VPC } from '../layout.ts';
import { loadYaml } from '../manifests.ts';
import type { LabNode } from '../nodes.ts';
import { waitForObjects } from '../wait.ts';
import { editIpamdArgs, printedGroups } from './document-commands.ts';
import { boundGroups, ipamdLog } from './ipamd-says.ts';
import { cloudEnis, groupsReported } from './node-eni-groups.ts';
import { otherCauses } from './pod-to-pod-timeout-causes.ts';
import { type Desk, openDesk, runProgram } from './pod-to-pod-timeout-desk.ts';
import {
  ANY_OUT,
  bothPods,
  CURL,
  curl,
  giveGroups,
  makeGroup,
  NAMESPACE,
  type Nodes,
} from './pod-to-pod-timeout-parts.ts';
import type { Story, StoryContext } from './story.ts';

export const podToPodTimeout: Story = {
  name: 'pod-to-pod-timeout',
  document: '003',
  title: 'a Pod does not reach another one: every cause, found by trace and mended by the command that it prints',
  lab: { nodes: 1, superNodes: 0 },
  run: async (context) => {
    const desk = await openDesk(context);
    const nodes = await makeNodes(context, desk);
    await deploy(context, desk, nodes);
    await itWorks(context, nodes);
    await theTimeOut(context, desk, nodes);
    await otherCauses(context, desk, nodes);
    await cleanUp(context, desk, nodes);
  },
};

const nodeNamed = ({ lab }: StoryContext, name: string): LabNode => {
  const node = lab.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`no node "${name}"`);
  return node;
};

async function makeNodes(context: StoryContext, desk: Desk): Promise<Nodes> {
  const { lab, step, expect } = context;
  await step('preconditions: the cluster is 1.20.6 or newer, and its network is VPC-CNI', async () => {
    const { gitVersion } = z.object({ gitVersion: z.string() }).parse(await lab.client.request('GET', '/version'));
    const [major = 0, minor = 0, patch = 0] = (/(\d+)\.(\d+)\.(\d+)/.exec(gitVersion) ?? []).slice(1).map(Number);
    expect('1.20.6 or newer', major * 1e6 + minor * 1e3 + patch >= 1_020_006, true);
    expect('nodes with ENIs for Pods', (await lab.client.list(nodeEniConfigs)).items.length > 0, true);
    return { seen: gitVersion };
  });
  return step('step 1: two native nodes, A and B', async () => {
    const env = { LAB_SOCKET: join(lab.stateDir, 'control.sock') };
    const terraform = await desk.run('terraform', ['version']).then(
      () => true,
      () => false,
    );
    if (terraform) {
      await desk.run('sh', ['create_node_tf.sh'], env);
      await desk.run('terraform', ['apply', '-auto-approve']);
    }
    const made = terraform
      ? { a: (await desk.run('cat', ['node-a'])).trim(), b: (await desk.run('cat', ['node-b'])).trim() }
      : { a: (await lab.addNode({ native: true })).name, b: (await lab.addNode({ native: true })).name };
    const nodes = { a: nodeNamed(context, made.a), b: nodeNamed(context, made.b), terraform };
    const how = terraform ? 'by terraform apply' : 'by the lab: terraform is not installed';
    return { ...nodes, seen: `${made.a} and ${made.b}, ${how}` };
  });
}

async function deploy(context: StoryContext, desk: Desk, { a, b, terraform }: Nodes): Promise<void> {
  const { lab, kubectl, step, expect } = context;
  await step('step 2: sh setup_deploy_yaml.sh, kubectl apply: a Deployment on each of them', async () => {
    if (!terraform)
      for (const [file, node] of [
        ['node-a', a],
        ['node-b', b],
      ] as const)
        await desk.run('sh', ['-c', `echo ${node.name} > ${file}`]);
    await desk.run('sh', ['setup_deploy_yaml.sh']);
    const file = join(desk.folder, 'deployment.yaml');
    if (kubectl.kind === 'present') {
      const { code, stderr } = await kubectl.run('apply', '-f', file);
      expect(`exit code of kubectl apply (${stderr.trim()})`, code, 0);
    } else
      for (const object of await loadYaml(file))
        await applyObject(lab.client, { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } });
    const pods = await bothPods(context);
    expect('nodes of the Pods', [pods.a.spec.nodeName, pods.b.spec.nodeName], [a.name, b.name]);
    return { seen: `${pods.a.metadata.name} on A, ${pods.b.metadata.name} on B` };
  });
}

const ADDRESSES = (app: string, name: string): string =>
  `kubectl get pods -o wide -l app=${app}|awk '{printf "${name}:"$1"\\t""pod_ip:"$6"\\n"}'|grep -v "NAME"|grep -v IP`;

async function itWorks(context: StoryContext, { a, b }: Nodes): Promise<void> {
  const { lab, kubectl, step, expect } = context;
  await step("drill, step 1: the document's command prints names and addresses", async () => {
    const pods = await bothPods(context);
    if (kubectl.kind === 'absent')
      return { seen: `NOT RUN: ${kubectl.reason}; ${pods.a.status?.podIP}, ${pods.b.status?.podIP}` };
    const printed: string[] = [];
    for (const [app, name, pod] of [
      ['my-app1', 'podA', pods.a],
      ['my-app2', 'podB', pods.b],
    ] as const) {
      const env = { KUBECONFIG: lab.kubeconfig };
      const { code, stdout } = await runProgram('sh', ['-c', ADDRESSES(app, name)], env);
      // The command's own `grep -v IP` leaves nothing where the address stands in no line with IP: only the header goes.
      expect(
        `what is printed of ${name} (${code})`,
        stdout.trim(),
        `${name}:${pod.metadata.name}\tpod_ip:${pod.status?.podIP}`,
      );
      printed.push(stdout.trim().replace('\t', ' '));
    }
    return { seen: printed.join(', ') };
  });
  await step('drill, step 2: curl from A to B answers, and no ENI has a group: they are not managed', async () => {
    const pods = await bothPods(context);
    expect('exit code of curl', await curl(context, pods.a, `${pods.b.status?.podIP}`), CURL.answers);
    for (const node of [a, b])
      for (const eni of await cloudEnis(lab, node)) expect(`groups of ${eni.eniId}`, eni.groups, []);
    return {};
  });
}

async function theTimeOut(context: StoryContext, desk: Desk, { a, b }: Nodes): Promise<void> {
  const { lab, step, expect } = context;
  await step(
    '--enable-security-groups: both ENIs inherit the groups of their nodes, and curl still answers',
    async () => {
      await editIpamdArgs(context, ['--enable-security-groups']);
      for (const node of [a, b]) await groupsReported(lab, node, await printedWhen(context, node));
      const pods = await bothPods(context);
      expect('exit code of curl', await curl(context, pods.a, `${pods.b.status?.podIP}`), CURL.answers);
      return {};
    },
  );
  const { group } = await step('kubectl edit nec B: a group that lets in HTTPS alone', async () => {
    const https = { Protocol: 'TCP', Port: '443', CidrBlock: VPC.cidr, Action: 'ACCEPT' };
    const made = await makeGroup(context, 'only-https', { ingress: [https], egress: [ANY_OUT] });
    await giveGroups(context, b, [made]);
    return { group: made, seen: made };
  });
  const pods = await bothPods(context);
  const address = `${pods.b.status?.podIP}`;
  await step('drill, step 3: curl from A to B exits 28, connection timed out', async () => {
    expect('exit code of curl', await curl(context, pods.a, address), CURL.timedOut);
    return {};
  });
  await step("the document's pipeline over ipamd's log prints the group", async () => {
    const printed = boundGroups(await ipamdLog(context));
    expect(`a line says ${group}`, printed.includes(group), true);
    return { seen: printed.at(-1) ?? '' };
  });
  const { found } = await step('trunkline trace names the group, and that no rule of it lets A in', async () => {
    const seen = await desk.trace('deploy/nginx-deployment', 'deploy/nginx-deployment2:80');
    expect('exit code, verdict and cause', [seen.code, seen.verdict, seen.cause], [1, 'dropped', 'TargetGroupBlocks']);
    expect('it names the group', seen.text.includes(group), true);
    expect('the rule accepts the address that B sees', seen.command.includes(`${pods.a.status?.podIP}/32`), true);
    return { found: seen, seen: seen.command };
  });
  await step('trace --probe sends real packets from inside A: they are lost, as it says', async () => {
    const probed = await desk.trace('deploy/nginx-deployment', 'deploy/nginx-deployment2:80', '--probe');
    expect('what became of them', probed.probe, 'dropped agrees');
    return {};
  });
  await step('the very command is run, and curl answers', async () => {
    const how = await desk.mend(found);
    expect('exit code of curl', await curl(context, pods.a, address), CURL.answers);
    const after = await desk.trace('deploy/nginx-deployment', 'deploy/nginx-deployment2:80', '--probe');
    expect('what trace says now', [after.code, after.verdict, after.probe], [0, 'delivered', 'delivered agrees']);
    return { seen: how };
  });
}

/** What `kubectl get nec` prints once it prints something. */
async function printedWhen(context: StoryContext, node: LabNode): Promise<readonly string[]> {
  await waitForObjects(
    context.lab.client,
    nodeEniConfigs,
    (all) => all.some(({ metadata, spec }) => metadata.name === node.name && (spec.securityGroups ?? []).length > 0),
    { what: `groups of ${node.name}` },
  );
  return printedGroups(context, node);
}

async function cleanUp(context: StoryContext, desk: Desk, { a, b, terraform }: Nodes): Promise<void> {
  const { lab, kubectl, step, expect } = context;
  await step('clean-up: kubectl delete -f deployment.yaml', async () => {
    const file = join(desk.folder, 'deployment.yaml');
    if (kubectl.kind === 'present') {
      const { code, stderr } = await kubectl.run('delete', '-f', file);
      expect(`exit code of kubectl delete (${stderr.trim()})`, code, 0);
    } else {
      for (const name of ['nginx-deployment', 'nginx-deployment2'])
        await lab.client.delete(deployments, name, { namespace: NAMESPACE });
    }
    await lab.runningPods(NAMESPACE, 'app in (my-app1,my-app2)', 0);
    return {};
  });
  await step('clean-up: the nodes go', async () => {
    if (terraform) await desk.run('terraform', ['destroy', '-auto-approve']);
    else for (const node of [a, b]) await lab.removeNode(node.name);
    for (const node of [a, b]) expect(`power of ${node.name}`, node.power, 'lost');
    return { seen: terraform ? 'by terraform destroy' : 'by the lab' };
  });
}
