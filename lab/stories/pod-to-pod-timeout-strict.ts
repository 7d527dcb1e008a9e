// Document 003's drill with a sub-ENI for Pod B: its group deleted, strict routing with early demux on, and SNAT on a strict Pod.
import { objectNames } from '../../src/api/keys.ts';
import { nodeEniConfigs } from '../../src/api/node-eni-config.ts';
import { subEniName, vpcEnis } from '../../src/api/vpc-eni.ts';
import { configMaps, type Pod, pods } from '../../src/kube/resources.ts';
import { applyObject } from '../install.ts';
import { waitForObjects } from '../wait.ts';
import { findAndMend } from './pod-to-pod-timeout-causes.ts';
import type { Desk } from './pod-to-pod-timeout-desk.ts';
import {
  bothPods,
  CURL,
  curl,
  makeGroup,
  NAMESPACE,
  type Nodes,
  SERVICE,
  servicePort,
  untilCurl,
} from './pod-to-pod-timeout-parts.ts';
import type { StoryContext } from './story.ts';
import { modifyGlobalConfigurations } from './trunk-preparation.ts';

const POLICY = 'my-app2';
const A = 'deploy/nginx-deployment';
const B = 'deploy/nginx-deployment2';

interface Parts {
  readonly nodes: Nodes;
  /** A group that opens everything inside the VPC. */
  readonly open: string;
}

export async function strictCauses(context: StoryContext, desk: Desk, parts: Parts): Promise<void> {
  await groupDeleted(context, desk, parts);
  await earlyDemux(context, desk, parts.nodes);
  await strictSnat(context, desk);
}

/** Deletes the Pod of B and waits for the next one to exist, running or not. */
async function anotherB({ lab }: StoryContext, before: Pod): Promise<void> {
  await lab.client.delete(pods, before.metadata.name, { namespace: NAMESPACE });
  await waitForObjects(
    lab.client,
    pods,
    (all) => all.length === 1 && all[0]?.metadata.uid !== before.metadata.uid && all[0]?.spec.nodeName !== undefined,
    { namespace: NAMESPACE, labelSelector: 'app=my-app2', what: 'another Pod of B' },
  );
}

async function groupDeleted(context: StoryContext, desk: Desk, { open }: Parts): Promise<void> {
  const { lab } = context;
  const { a, b } = await bothPods(context);
  let gone = '';
  await findAndMend(context, desk, {
    title: 'a policy gives B a security group that somebody deletes',
    breakIt: async () => {
      gone = await makeGroup(context, 'deleted', {});
      await applyObject(lab.client, {
        apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
        kind: 'SecurityGroupPolicy',
        metadata: { name: POLICY, namespace: NAMESPACE },
        spec: { podSelector: { matchLabels: { app: 'my-app2' } }, securityGroups: { groupIds: [open, gone] } },
      } as never);
      await lab.cloud.call('vpc', 'DeleteSecurityGroup', { SecurityGroupId: gone });
      await anotherB(context, b);
      await servicePort(context, SERVICE, undefined);
      await untilCurl(context, a, SERVICE, CURL.refused);
    },
    // It has no address: who calls it calls its Service.
    tryIt: async () => {
      const [now] = (await lab.client.list(pods, { namespace: NAMESPACE, labelSelector: 'app=my-app2' })).items;
      return curl(context, a, now?.status?.podIP ?? SERVICE);
    },
    broken: CURL.refused,
    ends: [A, `${B}:80`],
    verdict: 'dropped',
    cause: 'GroupDeleted',
    names: () => [gone],
    settled: async () => void (await bothPods(context)),
  });
}

async function earlyDemux(context: StoryContext, desk: Desk, { b: node }: Nodes): Promise<void> {
  const { lab, expect } = context;
  const tcp = (wanted: boolean): Promise<unknown> =>
    waitForObjects(
      lab.client,
      nodeEniConfigs,
      (all) =>
        all.some(
          ({ metadata, status }) =>
            metadata.name === node.name &&
            status?.node?.routing?.strict === true &&
            status.node.routing.tcpEarlyDemux === wanted,
        ),
      { what: `node ${node.name} to be strict with early demux ${wanted ? 'on' : 'off'}` },
    );
  await findAndMend(context, desk, {
    title: 'strict routing with early demux on: a node does not reach its own Pod',
    breakIt: async () => {
      await modifyGlobalConfigurations(context, {
        vpcCni: { trunkingEni: { podSecurityGroupEnforcingMode: 'strict' } },
      });
      await anotherB(context, (await bothPods(context)).b);
      const { b } = await bothPods(context);
      const eni = await lab.client.get(vpcEnis, subEniName(b.metadata.uid ?? ''));
      expect('routing of B', eni.spec.enforcingMode, 'strict');
      await tcp(true);
    },
    tryIt: async () => {
      const { b } = await bothPods(context);
      const url = `http://${b.status?.podIP}/`;
      const argv = ['curl', '--silent', '--noproxy', '*', '--connect-timeout', '3', '--max-time', '8', url];
      return (await lab.host.exec(argv, { netns: node.netns ?? '' })).code;
    },
    broken: CURL.timedOut,
    ends: [`node/${node.name}`, `${B}:80`],
    verdict: 'dropped',
    cause: 'EarlyDemux',
    names: () => ['tcp_early_demux', node.name],
    settled: async () => void (await tcp(false)),
  });
}

async function strictSnat(context: StoryContext, desk: Desk): Promise<void> {
  const { lab } = context;
  const { a, b } = await bothPods(context);
  const system = { namespace: objectNames.systemNamespace };
  const before = (await lab.client.get(configMaps, objectNames.masqConfig, system)).data?.['config'] ?? '{}';
  const write = (config: string): Promise<unknown> =>
    lab.client.patch(configMaps, objectNames.masqConfig, { type: 'merge', body: { data: { config } } }, system);
  await findAndMend(context, desk, {
    title: 'SNAT on a strict Pod: NonMasqueradeCIDRs leaves the VPC out',
    breakIt: async () => {
      await write(JSON.stringify({ NonMasqueradeCIDRs: ['172.16.0.0/12'], ResyncInterval: '1s' }));
      await untilCurl(context, b, `${a.status?.podIP}`, CURL.timedOut);
    },
    tryIt: () => curl(context, b, `${a.status?.podIP}`),
    broken: CURL.timedOut,
    ends: [B, `${A}:80`],
    verdict: 'dropped',
    cause: 'StrictSnat',
    names: () => [`${a.status?.podIP}`, 'sub-ENI'],
    settled: () => untilCurl(context, b, `${a.status?.podIP}`, CURL.answers),
  });
  await write(before);
}
