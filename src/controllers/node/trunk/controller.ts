// Each node that may carry sub-ENIs gets the intent of a trunk; the life-cycle of VpcENI makes it.
import { finalizers, labels, MANAGED_BY, nameLabel } from '../../../api/keys.ts';
import { trunkEniName, vpcEnis } from '../../../api/vpc-eni.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { TrunklineError } from '../../../base/errors.ts';
import { isAlreadyExists } from '../../../kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import type { Controller } from '../../../kube/types.ts';
import { shortHash } from '../../../planning/eni-identity.ts';
import type { IpamdDeps } from '../../deps.ts';
import { ipamdErrors } from '../../errors.ts';

const GROUPS_FRESH_MS = 60_000;

/** `created` is told the new intent, so that the life-cycle goes on at once instead of after the watch. */
export function createNodeTrunk(deps: IpamdDeps, created: (name: string) => void): Controller {
  const { informers, client, clock, logger } = deps;
  return createController({
    name: 'node.trunk',
    clock,
    logger,
    concurrency: 8,
    watches: [
      watchOf(informers.nodeEniConfigs, ownKey),
      watchOf(informers.vpcEnis, ({ type, before }) =>
        type === 'deleted' && before?.spec.type === 'Trunk' ? [before.spec.nodeName] : [],
      ),
    ],
    reconcile: async (nodeName) => {
      const nec = informers.nodeEniConfigs.get(nodeName);
      const name = trunkEniName(nodeName);
      // Without a quota a trunk would only cost an ENI of the node.
      if (nec === undefined || (nec.status?.subENI?.quota ?? 0) === 0 || informers.nodes.get(nodeName) === undefined)
        return;
      if (deps.enis.latest(name) !== undefined) return;
      const groups = nec.spec.securityGroups ?? (await instanceGroups(deps, nec.spec.instanceID ?? ''));
      const intent: VpcEni = {
        apiVersion: 'networking.tke.cloud.tencent.com/v1',
        kind: 'VpcENI',
        metadata: {
          name,
          labels: { [labels.nodeName]: nameLabel(nodeName, shortHash), [labels.managedBy]: MANAGED_BY },
          finalizers: [finalizers.eni],
        },
        spec: { type: 'Trunk', nodeName, securityGroups: [...groups] },
      };
      try {
        deps.enis.wrote(await client.create(vpcEnis, intent));
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
      created(name);
    },
  });
}

/** The groups of the instance's primary ENI, which a node inherits (spec 000). */
async function instanceGroups(deps: IpamdDeps, instanceId: string): Promise<readonly string[]> {
  const instance = await deps.instances.get(instanceId, GROUPS_FRESH_MS);
  if (instance !== undefined) return instance.securityGroups;
  throw new TrunklineError(ipamdErrors.instanceUnknown, `the cloud knows no instance ${instanceId}`);
}
