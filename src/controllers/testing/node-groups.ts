// For tests: a world whose nodes' security groups are looked at and changed as people do, with kubectl, in the cloud's console, or in CAM.
import { CLIENT_GROUP, NODE_GROUP, SAMPLE_GROUP } from '../../../lab/layout.ts';
import { waitForObjects } from '../../../lab/wait.ts';
import { annotations } from '../../api/keys.ts';
import { type NodeEniConfig, nodeEniConfigs } from '../../api/node-eni-config.ts';
import { type VpcEni, vpcEnis } from '../../api/vpc-eni.ts';
import { findCondition } from '../../kube/conditions.ts';
import { type Node, nodes } from '../../kube/resources.ts';
import type { Condition } from '../../kube/types.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

export const nodeGroup = NODE_GROUP.securityGroupId;
export const first = SAMPLE_GROUP.securityGroupId;
export const second = CLIENT_GROUP.securityGroupId;

/** The policy of spec 000, as it is pasted. */
export const POLICY_OF_000 = `{
        "version": "2.0",
        "statement": [
            {
                "action": [
                    "cvm:AssociateNetworkInterfaceSecurityGroups",
                    "cvm:DisassociateNetworkInterfaceSecurityGroups"
                ],
                "resource": "*",
                "effect": "allow"
            }
        ]
}`;

export interface NodeGroupsWorld extends World, AsyncDisposable {
  /** The first general node. */
  readonly node: string;
  /** ENIs of a node beside its primary one, without sub-ENIs, as the cloud has them. */
  bound(node?: string): readonly { readonly eniId: string; readonly groups: readonly string[] }[];
  nec(node?: string): Promise<NodeEniConfig>;
  /** `kubectl annotate node NAME --overwrite ...`; undefined takes it away. */
  annotate(value: string | undefined, node?: string): Promise<void>;
  /** `kubectl edit nec NAME`; null takes the field away. */
  editNec(groups: readonly string[] | null, node?: string): Promise<void>;
  /** Once the nec's condition SecurityGroupsReady satisfies `done`. */
  untilCondition(
    done: (condition: Condition, nec: NodeEniConfig) => boolean,
    what: string,
    node?: string,
  ): Promise<Condition>;
  /** Once every Trunk and Shared object of the node is Ready, has these groups in spec and in status, and the cloud has them too. */
  untilBound(groups: readonly string[], count?: number, node?: string): Promise<readonly VpcEni[]>;
  untilNodeCondition(status: 'True' | 'False', text: RegExp, node?: string): Promise<void>;
  /** Once the cloud has answered so many further describes of ENIs. */
  listings(count: number): Promise<void>;
  /** Mutating calls on groups so far. */
  changes(): number;
}

const CHANGES = [
  'AssociateNetworkInterfaceSecurityGroups',
  'DisassociateNetworkInterfaceSecurityGroups',
  'ModifyNetworkInterfaceAttribute',
];

export async function nodeGroupsWorld(options: WorldOptions = {}): Promise<NodeGroupsWorld> {
  const world = await startWorld({ instanceTypes: ['SA5.LARGE8'], ...options });
  const { client, cloud, nodeNames, instanceIds } = world;
  const [node = ''] = nodeNames;
  const bound: NodeGroupsWorld['bound'] = (name = node) => {
    const instanceId = instanceIds[nodeNames.indexOf(name)];
    return cloud
      .snapshot()
      .enis.filter((eni) => eni.kind === 'secondary' && eni.instanceId === instanceId)
      .map((eni) => ({ eniId: eni.eniId, groups: eni.securityGroupIds }));
  };
  const timeoutMs = 12_000;
  return {
    ...world,
    node,
    bound,
    [Symbol.asyncDispose]: () => world.close(),
    nec: (name = node) => client.get(nodeEniConfigs, name),
    annotate: async (value, name = node) => {
      const body = { metadata: { annotations: { [annotations.disableNodeEniSecurityGroups]: value ?? null } } };
      await client.patch(nodes, name, { type: 'merge', body });
    },
    editNec: async (groups, name = node) => {
      const body = { spec: { securityGroups: groups } };
      await client.patch(nodeEniConfigs, name, { type: 'merge', body });
    },
    untilCondition: async (done, what, name = node) => {
      let found: Condition | undefined;
      const isIt = (nec: NodeEniConfig): boolean => {
        const condition = findCondition(nec.status?.conditions as Condition[] | undefined, 'SecurityGroupsReady');
        found = condition;
        return condition !== undefined && done(condition, nec);
      };
      const named = { what, timeoutMs, fieldSelector: `metadata.name=${name}`, describe: () => JSON.stringify(found) };
      await waitForObjects(client, nodeEniConfigs, (necs) => necs.some(isIt), named);
      return found as Condition;
    },
    untilBound: async (groups, count = 1, name = node) => {
      const mine = (enis: readonly VpcEni[]) =>
        enis.filter((eni) => eni.spec.nodeName === name && eni.spec.type !== 'SubENI');
      const same = (list: readonly string[] | undefined): boolean => list?.join() === groups.join();
      const done = (enis: readonly VpcEni[]): boolean => {
        const ready = mine(enis).filter((eni) => eni.status?.phase === 'Ready');
        const inStep = (eni: VpcEni): boolean => same(eni.spec.securityGroups) && same(eni.status?.eni?.securityGroups);
        return ready.length >= count && ready.every(inStep);
      };
      const what = `${count} ENIs of ${name} bound to [${groups.join()}]`;
      const describe = (enis: readonly VpcEni[]): string =>
        JSON.stringify([
          bound(name),
          mine(enis).map(({ spec, status }) => [spec.securityGroups, status?.phase, status?.eni?.securityGroups]),
        ]);
      for (;;) {
        const change = nextChange(world);
        const enis = await waitForObjects(client, vpcEnis, done, { what, timeoutMs, describe });
        if (bound(name).length >= count && bound(name).every((eni) => same(eni.groups))) {
          change.stop();
          return mine(enis);
        }
        await change.came(what, timeoutMs);
        change.stop();
      }
    },
    untilNodeCondition: async (status, text, name = node) => {
      const isIt = (each: Node): boolean => {
        const condition = each.status?.conditions?.find(({ type }) => type === 'SecurityGroupsReady');
        return each.metadata.name === name && condition?.status === status && text.test(condition.message ?? '');
      };
      const describe = (all: readonly Node[]): string => JSON.stringify(all.map((each) => each.status?.conditions));
      await waitForObjects(client, nodes, (all) => all.some(isIt), {
        what: `node condition ${text}`,
        timeoutMs,
        describe,
      });
    },
    listings: (count) =>
      new Promise((resolve) => {
        let left = count;
        const stop = cloud.onRequest(({ action }) => {
          left -= action === 'DescribeNetworkInterfaces' ? 1 : 0;
          if (left > 0) return;
          stop();
          resolve();
        });
      }),
    changes: () => CHANGES.reduce((sum, action) => sum + world.calls(action), 0),
  };
}

/** The next call from now on that changes groups in the cloud: the objects may not change with it. */
function nextChange({ cloud }: World): { stop(): void; came(what: string, timeoutMs: number): Promise<void> } {
  const changed = Promise.withResolvers<void>();
  const stop = cloud.onRequest(({ action }) => {
    if (CHANGES.includes(action)) changed.resolve();
  });
  return {
    stop,
    came: async (what, timeoutMs) => {
      const give = (): void => changed.reject(new Error(`waited ${timeoutMs / 1000} s for ${what}`));
      AbortSignal.timeout(timeoutMs).addEventListener('abort', give);
      await changed.promise;
    },
  };
}
