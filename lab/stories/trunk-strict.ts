// Document 002, Data Plane Solution: strict routing enabled step by step, and what it changes for packets.
import { objectNames } from '../../src/api/keys.ts';
import { type NodeEniConfig, nodeEniConfigs } from '../../src/api/node-eni-config.ts';
import { subEniName, vpcEnis } from '../../src/api/vpc-eni.ts';
import { configMaps, daemonSets, events, type Pod, pods } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { waitForObjects } from '../wait.ts';
import { reach } from './reach.ts';
import type { StoryContext } from './story.ts';
import { modifyGlobalConfigurations } from './trunk-preparation.ts';

/** Type of the condition by which a node says whether its kernel is fit for strict routing. */
const STRICT_ROUTING = 'StrictRouting';

export interface StrictPods {
  readonly web: Pod;
  readonly sameNode: Pod;
  readonly otherNode: Pod;
}

interface Parts {
  readonly namespace: string;
  /** The Pod with the sample group, and the clients, as they were with standard routing. */
  readonly before: StrictPods;
  readonly selectors: { readonly web: string; readonly clients: string };
  /** Opens or shuts port 80 in the sample group. */
  readonly setRule: (open: boolean) => Promise<void>;
}

/** How to Enable Strict Routing, and the functional differences. Answers with the Pods, made anew. */
export async function strictRouting(context: StoryContext, parts: Parts): Promise<StrictPods> {
  const { step } = context;
  const { namespace, before, setRule } = parts;
  const { lab, expect } = context;
  await enable(context);
  await step('Pods that run stay as they are: the group is not consulted on the same node', async () => {
    await setRule(false);
    expect('same node', await reach(lab, before.sameNode, before.web, 80), 'answers');
    await setRule(true);
    const { spec } = await lab.client.get(vpcEnis, subEniName(before.web.metadata.uid ?? ''));
    expect('routing of the running Pod', spec.enforcingMode, 'standard');
    return {};
  });
  const made = await step('the Pods are deleted; those made instead have strict routing', () =>
    makeAnew(context, parts),
  );
  const { web, sameNode, otherNode } = made;
  await checkSnat(context, namespace, [web, sameNode, otherNode]);
  await step('port 80 opens from the same node and from the other one: the group allows it', async () => {
    expect('same node', await reach(lab, sameNode, web, 80), 'answers');
    expect('other node', await reach(lab, otherNode, web, 80), 'answers');
    return {};
  });
  await step('a port that the group does not name times out on the same node, too', async () => {
    expect('same node', await reach(lab, sameNode, web, 8080), 'timed out');
    return {};
  });
  await step('between the Pod and its own node the group decides as well: it lets the nodes in', async () => {
    const answer = await onNode(context, web, [
      'curl',
      '--silent',
      '--noproxy',
      '*',
      '-m',
      '5',
      `http://${web.status?.podIP}/`,
    ]);
    expect('the page is nginx’s', answer.stdout.includes('Welcome to nginx!'), true);
    return {};
  });
  await step('the rule is deleted; the next connection times out on the same node and from the other one', async () => {
    await setRule(false);
    expect('same node', await reach(lab, sameNode, web, 80), 'timed out');
    expect('other node', await reach(lab, otherNode, web, 80), 'timed out');
    await setRule(true);
    expect('same node, once it is back', await reach(lab, sameNode, web, 80), 'answers');
    return {};
  });
  await restartTheAgents(context, namespace, made);
  return made;
}

async function enable(context: StoryContext): Promise<void> {
  const { step } = context;
  await step(
    'podSecurityGroupEnforcingMode is strict; each node says what would break: early demux is on',
    async () => {
      await modifyGlobalConfigurations(context, {
        vpcCni: { trunkingEni: { podSecurityGroupEnforcingMode: 'strict' } },
      });
      return { seen: await fitness(context, 'False', 'agent.config.disableTcpEarlyDemux') };
    },
  );
  await step('agent.config.disableTcpEarlyDemux and disableUdpEarlyDemux are true; the nodes are fit', async () => {
    await modifyGlobalConfigurations(context, {
      agent: { config: { disableTcpEarlyDemux: true, disableUdpEarlyDemux: true } },
    });
    return { seen: await fitness(context, 'True', '') };
  });
}

/** Checking the SNAT Configuration of the Current Cluster. */
async function checkSnat(context: StoryContext, namespace: string, strict: readonly Pod[]): Promise<void> {
  const { lab, step } = context;
  const system = { namespace: objectNames.systemNamespace };
  await step('checking the SNAT configuration: Pods with strict routing must keep their addresses', async () => {
    const { items } = await lab.client.list(daemonSets, system);
    if (!items.some(({ metadata }) => metadata.name === objectNames.masq))
      return { seen: 'ip-masq-agent is not installed' };
    const addresses = strict.map(({ status }) => `${status?.podIP}`);
    const textOf = (event: KubeObject): string => (event as { message?: string }).message ?? '';
    const warned = await waitForObjects(
      lab.client,
      events,
      (all) => addresses.every((ip) => all.some((event) => textOf(event).includes(`what Pod address ${ip} sends`))),
      { namespace, what: `an event about SNAT for each of ${addresses.join(', ')}` },
    );
    const { data } = await lab.client.get(configMaps, objectNames.masqConfig, system);
    const config: unknown = JSON.parse(data?.['config'] ?? '{}');
    const exempt = { ...(config as object), NonMasqueradeSrcCIDRs: addresses.map((ip) => `${ip}/32`) };
    const body = { data: { config: JSON.stringify(exempt) } };
    await lab.client.patch(configMaps, objectNames.masqConfig, { type: 'merge', body }, system);
    return { seen: `${warned.map(textOf).find((text) => text.includes('SNAT'))}: done` };
  });
}

/** What the condition StrictRouting of the general nodes says, once it has this status and these words on each. */
async function fitness({ lab }: StoryContext, status: string, words: string): Promise<string> {
  const general = lab.nodes.flatMap(({ name, kind }) => (kind === 'general' ? [name] : []));
  const conditionOf = (all: readonly NodeEniConfig[], name: string) =>
    all
      .find(({ metadata }) => metadata.name === name)
      ?.status?.conditions?.find((condition) => condition.type === STRICT_ROUTING);
  const found = await waitForObjects(
    lab.client,
    nodeEniConfigs,
    (all) =>
      general.every((name) => {
        const condition = conditionOf(all, name);
        return condition?.status === status && condition.message.includes(words);
      }),
    { what: `${STRICT_ROUTING} ${status} on ${general.join(' and ')}` },
  );
  return conditionOf(found, general[0] ?? '')?.message ?? '';
}

async function makeAnew({ lab, expect }: StoryContext, parts: Parts): Promise<StrictPods & { readonly seen: string }> {
  const { namespace, before, selectors } = parts;
  for (const pod of [before.web, before.sameNode, before.otherNode])
    await lab.client.delete(pods, pod.metadata.name, { namespace });
  const [web] = await untilOthers(parts, lab, selectors.web, [before.web]);
  const clients = await untilOthers(parts, lab, selectors.clients, [before.sameNode, before.otherNode]);
  const sameNode = clients.find((pod) => pod.spec.nodeName === web?.spec.nodeName);
  const otherNode = clients.find((pod) => pod.spec.nodeName !== web?.spec.nodeName);
  if (web === undefined || sameNode === undefined || otherNode === undefined)
    throw new Error('the Pods made instead are not where the story needs them');
  for (const pod of [web, sameNode, otherNode]) {
    const { spec } = await lab.client.get(vpcEnis, subEniName(pod.metadata.uid ?? ''));
    expect(`routing of ${pod.metadata.name}`, spec.enforcingMode, 'strict');
  }
  return { web, sameNode, otherNode, seen: `${web.metadata.name} on ${web.spec.nodeName}` };
}

/** As many running Pods as `gone` were, none of them one of those. */
async function untilOthers(
  { namespace }: Parts,
  lab: StoryContext['lab'],
  labelSelector: string,
  gone: readonly Pod[],
): Promise<readonly Pod[]> {
  const uids = new Set(gone.map(({ metadata }) => metadata.uid));
  await waitForObjects(lab.client, pods, (all) => !all.some(({ metadata }) => uids.has(metadata.uid)), {
    namespace,
    labelSelector,
    what: `the former Pods of ${labelSelector} to go`,
  });
  return lab.runningPods(namespace, labelSelector, gone.length);
}

/** Runs in the network of the node that has the Pod. */
function onNode(
  { lab }: StoryContext,
  pod: Pod,
  argv: readonly string[],
): ReturnType<StoryContext['lab']['host']['exec']> {
  const netns = lab.nodes.find(({ name }) => name === pod.spec.nodeName)?.netns;
  if (netns === undefined) throw new Error(`node ${pod.spec.nodeName} has no network of its own`);
  return lab.host.exec(argv, { netns });
}

async function restartTheAgents(context: StoryContext, namespace: string, made: StrictPods): Promise<void> {
  const { lab, step, expect } = context;
  const { web, sameNode, otherNode } = made;
  const rules = async (): Promise<string> => (await onNode(context, web, ['ip', 'rule'])).stdout;
  await step('the agents are killed and come back: rules and connections of strict Pods stay', async () => {
    const before = await rules();
    expect('the rule of local stands behind those of the Pods', /^20:\tfrom all lookup local/m.test(before), true);
    expect('and nowhere else', before.match(/lookup local/g)?.length, 1);
    const restarts = (all: readonly Pod[]): number =>
      all.reduce(
        (sum, { status }) => sum + ((status?.containerStatuses as { restartCount?: number }[])?.[0]?.restartCount ?? 0),
        0,
      );
    const agents = `k8s-app=${objectNames.agent}`;
    const system = { namespace: objectNames.systemNamespace, labelSelector: agents };
    const was = restarts((await lab.client.list(pods, system)).items);
    await lab.killProgram(objectNames.agent, 'SIGKILL');
    expect('same node, without an agent', await reach(lab, sameNode, web, 80), 'answers');
    expect('same node, a closed port', await reach(lab, sameNode, web, 8080), 'timed out');
    const count = (await lab.client.list(pods, system)).items.length;
    await waitForObjects(lab.client, pods, (all) => restarts(all) >= was + count, {
      ...system,
      what: 'the agents to be started again',
    });
    await lab.runningPods(objectNames.systemNamespace, agents, count);
    expect('rules of the node', await rules(), before);
    expect('same node', await reach(lab, sameNode, web, 80), 'answers');
    expect('other node', await reach(lab, otherNode, web, 80), 'answers');
    expect(
      'Pods that were made anew',
      (await lab.runningPods(namespace, 'app=client', 2)).map(({ metadata }) => metadata.uid ?? '').toSorted(),
      [sameNode, otherNode].map(({ metadata }) => metadata.uid ?? '').toSorted(),
    );
    return {};
  });
}

/** Once no strict Pod is left, the nodes are as they were. */
export async function nothingStrictIsLeft(context: StoryContext): Promise<void> {
  const { lab, step, expect } = context;
  await step('with the last strict Pod the nodes get their own order of rules back', async () => {
    await waitForObjects(
      lab.client,
      nodeEniConfigs,
      (all) =>
        all.every(({ status }) => status?.node?.routing?.strict === false && status.node.routing.message === undefined),
      { what: 'no node to have a strict Pod' },
    );
    for (const { name, kind, netns } of lab.nodes)
      if (kind === 'general' && netns !== undefined) {
        const { stdout } = await lab.host.exec(['ip', 'rule'], { netns });
        expect(`rules of local on ${name}`, stdout.match(/^\d+:\tfrom all lookup local/gm), [
          '0:\tfrom all lookup local',
        ]);
      }
    return {};
  });
}
