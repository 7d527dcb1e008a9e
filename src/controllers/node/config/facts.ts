// What the cloud tells of a node's instance: itself and its ENI limits, with few reads.
import type { Clock } from '../../../base/clock.ts';
import { CloudError } from '../../../cloud/errors.ts';
import type { EniLimits, Instance, VpcCloud } from '../../../cloud/vpc-cloud.ts';
import type { InstanceLookup } from '../../instance-lookup.ts';

/** Model, cores and limits rarely change; asked again at this distance. */
export const FACTS_FRESH_MS = 3_600_000;
/** After a refusal, in case somebody granted the call. */
const REFUSED_FRESH_MS = 60_000;

export interface InstanceFacts {
  readonly instance: Instance;
  /** `unavailable`: the cloud does not tell (no permission); documented ones are used. */
  readonly limits: EniLimits | 'unavailable';
}

export interface InstanceFactsSource {
  /** `undefined` when the cloud knows no such instance. Throws CloudError. */
  get(instanceId: string, signal: AbortSignal): Promise<InstanceFacts | undefined>;
}

interface Answer {
  readonly at: number;
  readonly value: Promise<InstanceFacts['limits']>;
}

/** Limits are a property of the model with its cores (facts of the cloud API), so that one read serves all nodes of a kind. */
export function createInstanceFacts(
  cloud: Pick<VpcCloud, 'describeEniLimits'>,
  instances: InstanceLookup,
  clock: Clock,
): InstanceFactsSource {
  const answers = new Map<string, Answer>();
  const limitsOf = async (kind: string, instanceId: string): Promise<InstanceFacts['limits']> => {
    const known = answers.get(kind);
    if (known !== undefined) {
      const value = await known.value;
      const freshMs = value === 'unavailable' ? REFUSED_FRESH_MS : FACTS_FRESH_MS;
      if (clock.monotonicMs() - known.at < freshMs) return value;
      // Somebody else who waited has asked anew already.
      if (answers.get(kind) !== known) return limitsOf(kind, instanceId);
    }
    const asked: Answer = { at: clock.monotonicMs(), value: read(cloud, instanceId) };
    answers.set(kind, asked);
    try {
      return await asked.value;
    } catch (error) {
      if (answers.get(kind) === asked) answers.delete(kind);
      throw error;
    }
  };
  return {
    get: async (instanceId, signal) => {
      const instance = await instances.get(instanceId, FACTS_FRESH_MS);
      if (instance === undefined) return undefined;
      const limits = await limitsOf(`${instance.instanceType}/${instance.cpu}`, instanceId);
      signal.throwIfAborted();
      return { instance, limits };
    },
  };
}

/** A refusal is an answer; anything that passes by itself is tried again by the caller. Shared by many, so that none of their signals may end it. */
async function read(cloud: Pick<VpcCloud, 'describeEniLimits'>, instanceId: string): Promise<InstanceFacts['limits']> {
  try {
    return await cloud.describeEniLimits(instanceId, { priority: 'warm' });
  } catch (error) {
    if (error instanceof CloudError && error.retry === 'terminal') return 'unavailable';
    throw error;
  }
}
