// What the cloud and the API say of the groups on a node's ENIs, and waiting until both say the same.
import { z } from 'zod';
import { type NodeEniConfig, nodeEniConfigs } from '../../src/api/node-eni-config.ts';
import { type VpcEni, vpcEnis } from '../../src/api/vpc-eni.ts';
import type { Lab } from '../lab.ts';
import type { LabNode } from '../nodes.ts';
import { waitForObjects } from '../wait.ts';

const eniAnswer = z.object({
  NetworkInterfaceSet: z.array(
    z.object({
      NetworkInterfaceId: z.string(),
      Primary: z.boolean(),
      EniType: z.number(),
      GroupSet: z.array(z.string()),
    }),
  ),
});

/** EniType of sub-ENIs, whose groups are their Pods' own. */
const SUB_ENI = 2;

export interface CloudEni {
  readonly eniId: string;
  /** In order of priority. */
  readonly groups: readonly string[];
}

/** The auxiliary ENIs of a node as the cloud lists them: neither the primary one nor sub-ENIs. */
export async function cloudEnis(lab: Lab, node: LabNode): Promise<readonly CloudEni[]> {
  const answer = eniAnswer.parse(
    await lab.cloud.call('vpc', 'DescribeNetworkInterfaces', {
      Filters: [{ Name: 'attachment.instance-id', Values: [node.instanceId] }],
      Limit: 100,
    }),
  );
  return answer.NetworkInterfaceSet.filter((eni) => !eni.Primary && eni.EniType !== SUB_ENI).map((eni) => ({
    eniId: eni.NetworkInterfaceId,
    groups: eni.GroupSet,
  }));
}

/** Groups of the instance: those of its primary ENI. */
export async function instanceGroups(lab: Lab, node: LabNode): Promise<readonly string[]> {
  const answer = eniAnswer.parse(
    await lab.cloud.call('vpc', 'DescribeNetworkInterfaces', {
      Filters: [{ Name: 'attachment.instance-id', Values: [node.instanceId] }],
      Limit: 100,
    }),
  );
  return answer.NetworkInterfaceSet.find((eni) => eni.Primary)?.GroupSet ?? [];
}

const isReady = (eni: VpcEni): boolean => eni.status?.phase === 'Ready';

const isNodeEni = (eni: VpcEni, node: LabNode): boolean =>
  eni.spec.nodeName === node.name && eni.spec.type !== 'SubENI';

export interface ReportOptions {
  /** ENIs that there must be at least; default 1. */
  readonly enis?: number;
  /** Default a minute. */
  readonly timeoutMs?: number;
}

/** Waits until every ENI that ipamd made for the node is attached and reported with `groups`. Throws on the time-out with what was reported last. */
export async function groupsReported(
  lab: Lab,
  node: LabNode,
  groups: readonly string[],
  { enis = 1, ...limit }: ReportOptions = {},
): Promise<void> {
  const wanted = groups.join(',');
  const ofNode = (all: readonly VpcEni[]): readonly VpcEni[] => all.filter((eni) => isNodeEni(eni, node));
  await waitForObjects(
    lab.client,
    vpcEnis,
    (all) => {
      const own = ofNode(all);
      return (
        own.length >= enis && own.every((eni) => isReady(eni) && eni.status?.eni?.securityGroups.join(',') === wanted)
      );
    },
    {
      what: `groups [${wanted}] on the ENIs of ${node.name}`,
      ...limit,
      describe: (all) =>
        ofNode(all)
          .map(
            ({ metadata, status }) =>
              `${metadata.name} ${status?.phase ?? ''} [${status?.eni?.securityGroups.join(',') ?? ''}]`,
          )
          .join(' '),
    },
  );
}

/** Waits until `done` holds for the node's NodeENIConfig, and answers it. Throws after a minute. */
export async function necOf(
  lab: Lab,
  node: LabNode,
  what: string,
  done: (nec: NodeEniConfig) => boolean = () => true,
): Promise<NodeEniConfig> {
  const found = await waitForObjects(
    lab.client,
    nodeEniConfigs,
    (all) => all.some((nec) => nec.metadata.name === node.name && done(nec)),
    {
      fieldSelector: `metadata.name=${node.name}`,
      what: `nec ${node.name} ${what}`,
      describe: (all) =>
        all
          .map((nec) => JSON.stringify({ spec: nec.spec.securityGroups, status: nec.status?.securityGroups }))
          .join(' '),
    },
  );
  const nec = found.find(({ metadata }) => metadata.name === node.name);
  if (nec === undefined) throw new Error(`nec ${node.name} is gone`);
  return nec;
}
