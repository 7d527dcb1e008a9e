// Tells each Pod with strict routing, in an Event, which of its limits it meets (spec 002, Data Plane Solution).
import type { VpcEni } from '../../api/vpc-eni.ts';
import { createController, watchOf } from '../../kube/controller.ts';
import type { Service } from '../../kube/resources.ts';
import type { Controller, InformerChange } from '../../kube/types.ts';
import { findingText } from '../../planning/finding.ts';
import { strictLimits } from '../../planning/strict-limits.ts';
import type { IpamdDeps } from '../deps.ts';
import { addressesOf, isStrictEni, masqueradeFacts, nodeFacts, saysTheSame, selectors } from './facts.ts';
import { isLocalService } from './views.ts';

/** Reason of the Events. */
export const STRICT_ROUTING_LIMIT = 'StrictRoutingLimit';

/** By VpcENI. A limit is told once, and again only after it was gone: a cluster-wide one would otherwise be told for every Pod for ever. */
export function createStrictPodLimits(deps: IpamdDeps): Controller {
  const { informers, clock, logger } = deps;
  const told = new Map<string, ReadonlySet<string>>();
  const strictOf = (index: 'node' | 'podNamespace', value: string): readonly string[] =>
    informers.vpcEnis.byIndex(index, value).flatMap((eni) => (isStrictEni(eni) ? [eni.metadata.name] : []));
  const everyStrict = (): readonly string[] =>
    informers.vpcEnis.list().flatMap((eni) => (isStrictEni(eni) ? [eni.metadata.name] : []));
  const ofNamespace = ({ metadata }: { metadata: { namespace?: string } }): readonly string[] =>
    strictOf('podNamespace', metadata.namespace ?? '');

  return createController({
    name: 'pod.strict-limits',
    clock,
    logger,
    watches: [
      watchOf(informers.vpcEnis, ({ type, key, before, after }) => {
        if (type === 'deleted') told.delete(key);
        return after !== undefined && isStrictEni(after) && changedFacts(before, after) ? [key] : [];
      }),
      watchOf(informers.nodeEniConfigs, ({ key, before, after }) =>
        JSON.stringify(before?.status?.node?.routing) === JSON.stringify(after?.status?.node?.routing)
          ? []
          : strictOf('node', key),
      ),
      watchOf(informers.services, (change) => localServiceNamespaces(change, ofNamespace)),
      watchOf(informers.networkPolicies, ({ before, after }) => {
        const policy = after ?? before;
        return policy === undefined ? [] : ofNamespace(policy);
      }),
      watchOf(informers.masqAgent, ({ type }) => (type === 'updated' ? [] : everyStrict())),
      watchOf(informers.masqConfig, ({ before, after }) => (saysTheSame(before, after) ? [] : everyStrict())),
    ],
    reconcile: (key) => {
      const eni = informers.vpcEnis.get(key);
      const owner = eni?.spec.pod;
      const pod = owner === undefined ? undefined : informers.pods.get(`${owner.namespace}/${owner.name}`);
      if (eni === undefined || !isStrictEni(eni) || pod === undefined || pod.metadata.uid !== owner?.uid)
        return Promise.resolve(undefined);
      const addresses = addressesOf(eni);
      const findings = strictLimits({
        nodes: [nodeFacts(deps, eni.spec.nodeName)],
        ...selectors(deps, [pod]),
        // Until it has one, nothing leaves.
        masquerade: addresses.length === 0 ? { kind: 'absent' } : masqueradeFacts(deps, addresses),
      });
      const before = told.get(key);
      for (const finding of findings)
        if (before?.has(finding.message) !== true)
          deps.recorder.record({
            regarding: pod,
            type: 'Warning',
            reason: STRICT_ROUTING_LIMIT,
            message: `${finding.code}: ${findingText(finding)}`,
          });
      told.set(key, new Set(findings.map(({ message }) => message)));
      return Promise.resolve(undefined);
    },
  });
}

/** Its Pod was bound, or its address came. */
const changedFacts = (before: VpcEni | undefined, after: VpcEni): boolean =>
  before === undefined || addressesOf(before).join() !== addressesOf(after).join();

function localServiceNamespaces(
  { before, after }: InformerChange<Service>,
  ofNamespace: (service: Service) => readonly string[],
): readonly string[] {
  const concerned = [before, after].find((service) => service !== undefined && isLocalService(service));
  return concerned === undefined ? [] : ofNamespace(concerned);
}
