// Document 002 before the first policy: permission, the switch and the add-on; and its quota, which nodes offer and the scheduler keeps.
import { z } from 'zod';
import { resourceNames } from '../../src/api/keys.ts';
import { nodeEniConfigs } from '../../src/api/node-eni-config.ts';
import { gate } from '../../src/api/version-gates.ts';
import { vpcEnis } from '../../src/api/vpc-eni.ts';
import { systemClock } from '../../src/base/clock.ts';
import { deployments, events, nodes as nodeResource } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { encodeRawValues } from '../cloud/addons/raw-values.ts';
import { CLUSTER_ID } from '../layout.ts';
import { SUB_ENI_POLICY } from '../permissions.ts';
import { waitForObjects } from '../wait.ts';
import { ipamdContainer } from './document-commands.ts';
import type { StoryContext } from './story.ts';

/** The console asks as often while an add-on is being changed. */
const LOOK_AGAIN_MS = 200;

/** What the console shows of an add-on, `absent` without it. Throws after a minute in which it is still being changed. */
async function settledPhase({ lab }: StoryContext, AddonName: string): Promise<string> {
  const answer = z.object({ Addons: z.array(z.object({ AddonName: z.string(), Phase: z.string() })) });
  const limit = AbortSignal.timeout(60_000);
  for (;;) {
    const { Addons } = answer.parse(await lab.cloud.call('tke', 'DescribeAddon', { ClusterId: CLUSTER_ID }));
    const phase = Addons.find((addon) => addon.AddonName === AddonName)?.Phase ?? 'absent';
    if (!['Installing', 'Upgrading', 'Deleting'].includes(phase)) return phase;
    await systemClock.sleep(LOOK_AGAIN_MS, limit);
  }
}

/** "Modify Global Configurations" of the add-on eniipamd, with what is changed; resolves once it is done. */
export async function modifyGlobalConfigurations(context: StoryContext, values: object): Promise<void> {
  const { lab, expect } = context;
  await lab.cloud.call('tke', 'UpdateAddon', {
    ClusterId: CLUSTER_ID,
    AddonName: 'eniipamd',
    RawValues: encodeRawValues({ ...values }),
    UpdateStrategy: 'merge',
  });
  expect('phase of eniipamd', await settledPhase(context, 'eniipamd'), 'Succeeded');
}

const general = ({ lab }: StoryContext): readonly string[] =>
  lab.nodes.flatMap(({ name, kind }) => (kind === 'general' ? [name] : []));

/** What each general node offers of sub-ENIs, once all offer what `wanted` accepts. */
async function offered(context: StoryContext, wanted: (count: string, node: string) => boolean): Promise<string> {
  const names = general(context);
  const count = (all: readonly KubeObject[], name: string): string =>
    (all.find(({ metadata }) => metadata.name === name) as { status?: { allocatable?: Record<string, string> } })
      ?.status?.allocatable?.[resourceNames.subEni] ?? '';
  const found = await waitForObjects(
    context.lab.client,
    nodeResource,
    (all) => names.every((name) => wanted(count(all, name), name)),
    { what: `${resourceNames.subEni} on ${names.join(' and ')}` },
  );
  return names.map((name) => `${name} ${count(found, name)}`).join(', ');
}

/** Usage, in the order of the document; what is a ticket there is told as not run. */
export async function prepare(context: StoryContext): Promise<void> {
  const { lab, step, expect } = context;
  await step('the client-token allow-list and the default for new clusters', () =>
    Promise.resolve({ seen: 'NOT RUN: tickets to Tencent Cloud; the lab’s cloud honours client tokens' }),
  );
  const { policyName, document, roles } = SUB_ENI_POLICY;
  await step(`policy ${policyName} is created by its syntax and attached to ${roles.join(' and ')}`, async () => {
    await lab.cloud.call('cam', 'CreatePolicy', { PolicyName: policyName, PolicyDocument: document });
    for (const role of roles)
      await lab.cloud.call('cam', 'AttachRolePolicy', { AttachRoleName: role, PolicyName: policyName });
    return {};
  });
  await step(
    'conditions of an existing cluster: ipamd is new enough; vpcCni.trunkingEni.enableSubEni is set',
    async () => {
      const tag = (await ipamdContainer(context)).image.split(':').at(-1) ?? '';
      expect('the version is 3.5.6 or newer', gate('trunkingEni', tag), { open: true });
      await modifyGlobalConfigurations(context, { vpcCni: { trunkingEni: { enableSubEni: true } } });
      return { seen: tag };
    },
  );
  await step('each general node offers the quota of its model, 100 by default', async () => ({
    seen: await offered(context, (count) => count === '100'),
  }));
  await step('the add-on SecurityGroupPolicy, which the lab begins with, is deleted; then it is created', async () => {
    const addon = { ClusterId: CLUSTER_ID, AddonName: 'securitygrouppolicy' };
    await lab.cloud.call('tke', 'DeleteAddon', addon);
    expect('its phase', await settledPhase(context, addon.AddonName), 'absent');
    await lab.cloud.call('tke', 'InstallAddon', addon);
    expect('its phase', await settledPhase(context, addon.AddonName), 'Succeeded');
    return {};
  });
}

/** Limitations: not more Pods with a sub-ENI on a node than its quota. `deployment` has `running` of them. */
export async function exhaustTheQuota(
  context: StoryContext,
  where: { readonly namespace: string; readonly deployment: string; readonly labels: string; readonly running: number },
): Promise<void> {
  const { lab, step } = context;
  const { namespace, deployment, labels, running } = where;
  const setQuota = async (of: (node: string) => number | null): Promise<void> => {
    for (const node of general(context))
      await lab.client.patch(nodeEniConfigs, node, { type: 'merge', body: { spec: { maxSubENI: of(node) } } });
  };
  const scale = (replicas: number): Promise<unknown> =>
    lab.client.patch(deployments, deployment, { type: 'merge', body: { spec: { replicas } } }, { namespace });
  await step('with every sub-ENI of both nodes in use, one more Pod waits, and its event says for what', async () => {
    const { items } = await lab.client.list(vpcEnis);
    const used = (node: string): number =>
      items.filter(({ spec }) => spec.type === 'SubENI' && spec.nodeName === node).length;
    await setQuota(used);
    const seen = await offered(context, (count, node) => count === String(used(node)));
    await scale(running + 1);
    const why = `Insufficient ${resourceNames.subEni}`;
    const textOf = (event: KubeObject): string => (event as { message?: string }).message ?? '';
    const found = await waitForObjects(lab.client, events, (all) => all.some((event) => textOf(event).includes(why)), {
      namespace,
      what: `an event with ${why}`,
    });
    return { seen: `${seen}: ${found.map(textOf).find((text) => text.includes(why))}` };
  });
  await step('with the quota of the model it starts', async () => {
    await setQuota(() => null);
    await lab.runningPods(namespace, labels, running + 1);
    return {};
  });
}
