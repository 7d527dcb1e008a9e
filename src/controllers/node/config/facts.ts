// What the cloud tells of a node's instance: itself and its ENI limits, with few reads.
import type { Clock } from '../../../base/clock.ts';
import type { EniLimits, Instance, VpcCloud } from '../../../cloud/vpc-cloud.ts';
import type { InstanceLookup } from '../../instance-lookup.ts';

/** Model, cores and limits rarely change; asked again at this distance. */
export const FACTS_FRESH_MS = 3_600_000;

export interface InstanceFacts {
  readonly instance: Instance;
  readonly limits: EniLimits;
}

export interface InstanceFactsSource {
  /** `undefined` when the cloud knows no such instance. Throws CloudError. */
  get(instanceId: string, signal: AbortSignal): Promise<InstanceFacts | undefined>;
}

/** Limits are a property of the model with its cores (facts of the cloud API), so that one read serves all nodes of a kind. */
export function createInstanceFacts(
  cloud: Pick<VpcCloud, 'describeEniLimits'>,
  instances: InstanceLookup,
  clock: Clock,
): InstanceFactsSource {
  const limits = new Map<string, { readonly at: number; readonly value: EniLimits }>();
  return {
    get: async (instanceId, signal) => {
      const instance = await instances.get(instanceId, FACTS_FRESH_MS);
      if (instance === undefined) return undefined;
      const kind = `${instance.instanceType}/${instance.cpu}`;
      const known = limits.get(kind);
      if (known !== undefined && clock.monotonicMs() - known.at < FACTS_FRESH_MS)
        return { instance, limits: known.value };
      const value = await cloud.describeEniLimits(instanceId, { signal, priority: 'warm' });
      limits.set(kind, { at: clock.monotonicMs(), value });
      return { instance, limits: value };
    },
  };
}
