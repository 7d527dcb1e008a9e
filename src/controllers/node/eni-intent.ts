// The VpcENI object of a node's ENI, trunk or shared: the intent, before any call.
import { finalizers, labels, MANAGED_BY, nameLabel } from '../../api/keys.ts';
import type { NodeEniConfig } from '../../api/node-eni-config.ts';
import { vpcEnis } from '../../api/vpc-eni.ts';
import type { VpcEni } from '../../api/vpc-eni.ts';
import { isAlreadyExists } from '../../kube/api-error.ts';
import { shortHash } from '../../planning/eni-identity.ts';
import { groupsOfNewEni } from '../../planning/node-groups.ts';
import type { Node } from '../../kube/resources.ts';
import type { IpamdDeps } from '../deps.ts';
import { groupPolicy } from './security-groups/policy.ts';
import { reportsReady } from '../vpc-eni/lifecycle/node-eni-facts.ts';

/** Groups bound from the start: the node's while they are managed, else none (spec 000: off, nothing is managed). */
function groupsOf(nec: NodeEniConfig): string[] {
  return [...(groupsOfNewEni(nec.status?.securityGroups) ?? [])];
}

/** Whether the groups of new ENIs are known; with the feature on, they are decided before the first ENI. */
export function groupsDecided(deps: Pick<IpamdDeps, 'flags' | 'settings'>, nec: NodeEniConfig): boolean {
  return (
    !groupPolicy(deps.flags, deps.settings.current()).enabled || (nec.status?.securityGroups?.state ?? 'Off') !== 'Off'
  );
}

/** States of an instance for which an ENI is worth making: nothing is made for one that is shut down, or on its way out. */
const LIVING: ReadonlySet<string> = new Set(['PENDING', 'STARTING', 'RUNNING', 'REBOOTING']);

/** The cloud is asked only about a node that does not report by itself. */
export async function hasLivingInstance(
  deps: Pick<IpamdDeps, 'instances' | 'timings'>,
  node: Node,
  instanceId: string,
): Promise<boolean> {
  if (reportsReady(node)) return true;
  const instance = await deps.instances.get(instanceId, deps.timings.askInstanceMs / 2);
  return instance !== undefined && LIVING.has(instance.state);
}

/** Writes the intent; one that exists already is success. */
export async function createNodeEni(
  deps: Pick<IpamdDeps, 'client' | 'enis'>,
  nec: NodeEniConfig,
  { name, type, subnetId }: { readonly name: string; readonly type: 'Trunk' | 'Shared'; readonly subnetId?: string },
): Promise<void> {
  const nodeName = nec.metadata.name;
  const { instanceID } = nec.spec;
  const intent: VpcEni = {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcENI',
    metadata: {
      name,
      labels: { [labels.nodeName]: nameLabel(nodeName, shortHash), [labels.managedBy]: MANAGED_BY },
      finalizers: [finalizers.eni],
    },
    spec: {
      type,
      nodeName,
      ...(instanceID === undefined ? {} : { instanceID }),
      ...(subnetId === undefined ? {} : { subnetID: subnetId }),
      securityGroups: groupsOf(nec),
    },
  };
  try {
    deps.enis.wrote(await deps.client.create(vpcEnis, intent));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
