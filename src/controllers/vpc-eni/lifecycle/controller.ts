// The controller of VpcENI objects: trunks and sub-ENIs from intent to release.
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import { subEniName } from '../../../api/vpc-eni.ts';
import type { Controller } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { reconcileSubEni } from './sub-eni.ts';
import { reconcileTrunk } from './trunk.ts';

export function createVpcEniLifecycle(deps: IpamdDeps): Controller {
  const { informers, clock, logger, enis } = deps;
  return createController({
    name: 'vpc-eni.lifecycle',
    clock,
    logger,
    // As many creating calls in flight as a busy API needs; the cloud's budget is what limits them.
    concurrency: 64,
    watches: [
      watchOf(informers.vpcEnis, ownKey),
      // A Pod that ends releases its sub-ENI.
      watchOf(informers.pods, ({ before, after }) =>
        after === undefined || after.ended ? [subEniName((after ?? before)?.metadata.uid ?? '')] : [],
      ),
      // A trunk that became ready lets the node's sub-ENIs go on; one whose last sub-ENI is gone may go.
      watchOf(informers.vpcEnis, ({ before, after }) => {
        const changed = after ?? before;
        if (changed === undefined) return [];
        const turnedReady =
          changed.spec.type === 'Trunk' && after?.status?.phase === 'Ready' && before?.status?.phase !== 'Ready';
        const lastOne = changed.spec.type === 'SubENI' && after === undefined;
        if (!turnedReady && !lastOne) return [];
        return informers.vpcEnis.byIndex('node', changed.spec.nodeName).map((eni) => eni.metadata.name);
      }),
      watchOf(informers.nodeEniConfigs, ({ key, after, before }) =>
        after?.spec.zone === before?.spec.zone && after?.spec.instanceID === before?.spec.instanceID
          ? []
          : informers.vpcEnis.byIndex('node', key).map((eni) => eni.metadata.name),
      ),
      watchOf(informers.nodes, ({ type, key }) =>
        type === 'deleted' ? informers.vpcEnis.byIndex('node', key).map((eni) => eni.metadata.name) : [],
      ),
    ],
    sources: [
      (enqueue, signal) => {
        const stop = deps.watcher.onChange((eniId) => {
          for (const eni of informers.vpcEnis.byIndex('eni', eniId)) enqueue(eni.metadata.name);
          for (const eni of enis.unseen()) if (eni.status?.eni?.eniID === eniId) enqueue(eni.metadata.name);
        });
        signal.addEventListener('abort', stop, { once: true });
      },
    ],
    reconcile: async (key, context) => {
      const eni = enis.latest(key);
      if (eni === undefined) return undefined;
      return eni.spec.type === 'Trunk' ? reconcileTrunk(deps, eni, context) : reconcileSubEni(deps, eni, context);
    },
  });
}
