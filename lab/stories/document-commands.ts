// The documents' commands as a person types them: with kubectl where it is at hand, otherwise by the same change through the API.
import { annotations } from '../../src/api/keys.ts';
import { nodeEniConfigs } from '../../src/api/node-eni-config.ts';
import { deployments, nodes, type Pod, pods } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { LabNode } from '../nodes.ts';
import { waitForObjects } from '../wait.ts';
import type { StoryContext } from './story.ts';

const SYSTEM = 'kube-system';
const IPAMD = 'tke-eni-ipamd';

interface IpamdDeployment extends KubeObject {
  spec: { template: { spec: { containers: { image: string; args: string[] }[] } } };
}

/** `containers[0]` of Deployment tke-eni-ipamd. */
export async function ipamdContainer({
  lab,
}: StoryContext): Promise<{ readonly image: string; readonly args: readonly string[] }> {
  const deployment = (await lab.client.get(deployments, IPAMD, { namespace: SYSTEM })) as IpamdDeployment;
  const container = deployment.spec.template.spec.containers[0];
  if (container === undefined) throw new Error(`Deployment ${IPAMD} has no container`);
  return container;
}

/** The one running Pod of ipamd. */
export async function ipamdPod({ lab }: StoryContext): Promise<Pod> {
  const [pod] = await lab.runningPods(SYSTEM, `k8s-app=${IPAMD}`, 1);
  if (pod === undefined) throw new Error('ipamd has no Pod');
  return pod;
}

/**
 * `kubectl edit deploy tke-eni-ipamd -n kube-system`: takes every argument away that begins like one of `args`, or is named in `without`,
 * puts `args` at the end, and waits until another Pod of ipamd runs.
 */
export async function editIpamdArgs(
  context: StoryContext,
  args: readonly string[],
  without: readonly string[] = [],
): Promise<void> {
  const { lab, kubectl, expect } = context;
  const before = await ipamdPod(context);
  const container = await ipamdContainer(context);
  const flags = [...args, ...without].map((argument) => argument.split('=')[0] ?? '');
  const isGone = (argument: string): boolean => flags.includes(argument.split('=')[0] ?? '');
  const kept = container.args.filter((argument) => !isGone(argument));
  const wanted = [...kept, ...args];
  if (kubectl.kind === 'present') {
    const last = kept.at(-1) ?? '';
    const gone = container.args.filter(isGone).map((argument) => `/- ${escaped(argument)}$/d`);
    const added = args.map((argument) => `\\n\\1- ${argument}`).join('');
    const expression = [...gone, `s|^\\( *\\)- ${escaped(last)}$|&${added}|`].join(';');
    const { code, stderr } = await kubectl.edit(expression, 'deploy', IPAMD, '-n', SYSTEM);
    expect(`exit code of kubectl edit (${stderr.trim()})`, code, 0);
  } else {
    const body = [{ op: 'replace', path: '/spec/template/spec/containers/0/args', value: wanted }];
    await lab.client.patch(deployments, IPAMD, { type: 'json', body }, { namespace: SYSTEM });
  }
  expect('arguments of ipamd', (await ipamdContainer(context)).args, wanted);
  await waitForObjects(
    lab.client,
    pods,
    (all) => all.some((pod) => pod.metadata.uid !== before.metadata.uid && pod.status?.phase === 'Running'),
    { namespace: SYSTEM, labelSelector: `k8s-app=${IPAMD}`, what: 'another Pod of ipamd to run' },
  );
  await ipamdPod(context);
}

/** `kubectl annotate node NODE --overwrite tke.cloud.tencent.com/disable-node-eni-security-groups="yes"`, or "no". */
export async function annotateNode(
  { lab, kubectl, expect }: StoryContext,
  node: LabNode,
  value: 'yes' | 'no',
): Promise<void> {
  const key = annotations.disableNodeEniSecurityGroups;
  if (kubectl.kind === 'absent') {
    await lab.client.patch(nodes, node.name, { type: 'merge', body: { metadata: { annotations: { [key]: value } } } });
    return;
  }
  const { code, stderr } = await kubectl.run('annotate', 'node', node.name, '--overwrite', `${key}=${value}`);
  expect(`exit code of kubectl annotate (${stderr.trim()})`, code, 0);
}

/** The groups under `spec` that `kubectl get nec NODE -oyaml` prints, in their order. */
export async function printedGroups({ lab, kubectl, expect }: StoryContext, node: LabNode): Promise<readonly string[]> {
  if (kubectl.kind === 'absent') return (await lab.client.get(nodeEniConfigs, node.name)).spec.securityGroups ?? [];
  const { code, stdout, stderr } = await kubectl.run('get', 'nec', node.name, '-oyaml');
  expect(`exit code of kubectl get nec (${stderr.trim()})`, code, 0);
  const spec = /^spec:\n((?: .*\n)*)/m.exec(stdout)?.[1] ?? '';
  const list = /^ {2}securityGroups:\n((?: {2}- .*\n)*)/m.exec(spec)?.[1] ?? '';
  return [...list.matchAll(/- (\S+)/g)].map(([, id]) => id ?? '');
}

/** `kubectl edit nec NODE`: the two groups change places. */
export async function swapGroups(
  context: StoryContext,
  node: LabNode,
  [a, b]: readonly [string, string],
): Promise<void> {
  const { lab, kubectl, expect } = context;
  if (kubectl.kind === 'absent') {
    const { spec } = await lab.client.get(nodeEniConfigs, node.name);
    const swapped = (spec.securityGroups ?? []).map((id) => (id === a ? b : id === b ? a : id));
    await lab.client.patch(nodeEniConfigs, node.name, { type: 'merge', body: { spec: { securityGroups: swapped } } });
    return;
  }
  const expression = `s/- ${a}$/- swapped/;s/- ${b}$/- ${a}/;s/- swapped$/- ${b}/`;
  const { code, stderr } = await kubectl.edit(expression, 'nec', node.name);
  expect(`exit code of kubectl edit nec (${stderr.trim()})`, code, 0);
}

/** For a basic regular expression of sed that stands between bars. */
const escaped = (text: string): string => text.replace(/[\\.*[\]^$|]/g, '\\$&');
