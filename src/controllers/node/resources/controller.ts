// Publishes what a node offers as the extended resources that the scheduler counts: sub-ENIs, shared addresses, and EIPs (DESIGN, decision 7).
import { resourceNames } from '../../../api/keys.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import { nodes } from '../../../kube/resources.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller } from '../../../kube/types.ts';
import { planNodeResources } from '../../../planning/node-resources.ts';
import type { IpamdDeps } from '../../deps.ts';
import { managedInstance } from '../managed-instance.ts';
import { nodeEnisOf, staysOn } from '../pool/pool-enis.ts';

const NAMES = [resourceNames.subEni, resourceNames.eniIp, resourceNames.directEni, resourceNames.eip] as const;

/** Level-triggered: what the node shows is compared with what it should, at every change of either. */
export function createNodeResources(deps: IpamdDeps): Controller {
  const { informers, client, clock, logger } = deps;
  return createController({
    name: 'node.resources',
    clock,
    logger,
    concurrency: 8,
    watches: [
      // A kubelet that registers anew resets its status; the change brings us back.
      watchOf(informers.nodes, ({ key, before, after }) =>
        before !== undefined && after !== undefined && shown(before) === shown(after) ? [] : [key],
      ),
      watchOf(informers.nodeEniConfigs, ownKey),
      watchOf(informers.vpcEnis, ({ before, after }) =>
        ((after ?? before)?.spec.type === 'SubENI' && !isKept(before) && !isKept(after)) ||
        before?.status?.phase === after?.status?.phase
          ? []
          : [(after ?? before)?.spec.nodeName ?? ''],
      ),
    ],
    reconcile: async (name) => {
      const node = informers.nodes.get(name);
      const nec = deps.necs.latest(name);
      const instanceId = node === undefined ? undefined : managedInstance(node);
      if (node === undefined || nec?.status?.subENI === undefined || instanceId === undefined) return;
      const attached = nodeEnisOf(deps, name).filter(
        (eni) => eni.status?.phase === 'Ready' && staysOn(eni, instanceId),
      );
      const { subENI, routeENI, eip, node: agent } = nec.status;
      const wanted = planNodeResources({
        published: {
          subEni: allocatable(node, resourceNames.subEni),
          eniIp: allocatable(node, resourceNames.eniIp),
          directEni: allocatable(node, resourceNames.directEni),
          eip: allocatable(node, resourceNames.eip),
        },
        agentReady: agent?.ready === true,
        hasLinks: agent?.linkDriver !== 'unavailable',
        // No Pod counts for these, and the cloud does.
        subEniQuota: Math.max(0, subENI.quota - informers.vpcEnis.byIndex('node', name).filter(isKept).length),
        eniIpQuota: routeENI?.quota,
        eipQuota: eip?.quota,
        hasTrunk: attached.some((eni) => eni.spec.type === 'Trunk'),
        hasEni: attached.length > 0,
      });
      const amount = {
        ...(wanted.subEni === undefined ? {} : { [resourceNames.subEni]: wanted.subEni }),
        ...(wanted.eniIp === undefined ? {} : { [resourceNames.eniIp]: wanted.eniIp }),
        ...(wanted.directEni === undefined ? {} : { [resourceNames.directEni]: wanted.directEni }),
        ...(wanted.eip === undefined ? {} : { [resourceNames.eip]: wanted.eip }),
      };
      if (Object.entries(amount).every(([resource, quantity]) => isPublished(node, resource, quantity))) return;
      const body = { status: { capacity: amount, allocatable: amount } };
      try {
        await client.patch(nodes, name, { type: 'merge', body }, { subresource: 'status' });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  });
}

const isKept = (eni: VpcEni | undefined): boolean => eni?.status?.phase === 'Kept';

const allocatable = (node: Node, resource: string): string | undefined => node.status?.allocatable?.[resource];

const isPublished = (node: Node, resource: string, quantity: string): boolean =>
  allocatable(node, resource) === quantity && node.status?.capacity?.[resource] === quantity;

const shown = (node: Node): string =>
  JSON.stringify(NAMES.map((name) => [allocatable(node, name), node.status?.capacity?.[name]]));
