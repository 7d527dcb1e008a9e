// Limits of instances: one read for all of a kind, failures not remembered, refusals an answer.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import { CloudError, cloudErrors } from '../../../cloud/errors.ts';
import type { EniLimits, Instance } from '../../../cloud/vpc-cloud.ts';
import { createInstanceFacts, FACTS_FRESH_MS } from './facts.ts';

const never = new AbortController().signal;
const limits: EniLimits = { eniQuantity: 4, eniPrivateIpQuantity: 10, subEniQuantity: 100, extendEniQuantity: 0 };
const instanceOf = (instanceId: string): Instance => ({
  instanceId,
  instanceType: 'S5.LARGE8',
  cpu: 4,
  zone: 'z',
  state: 'RUNNING',
  vpcId: 'vpc-12345678',
  subnetId: 'subnet-12345678',
  privateIps: [],
  securityGroups: [],
});

const start = (answers: readonly (EniLimits | Error)[]) => {
  const clock = createFakeClock();
  const reads: string[] = [];
  const describeEniLimits = (instanceId: string): Promise<EniLimits> => {
    reads.push(instanceId);
    const answer = answers[Math.min(reads.length, answers.length) - 1] ?? limits;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const instances = { get: (id: string) => Promise.resolve(id === 'ins-gone' ? undefined : instanceOf(id)) };
  return { clock, reads, source: createInstanceFacts({ describeEniLimits }, instances, clock) };
};

describe('the facts of instances', () => {
  it('cost one read of limits for all nodes of a kind, until it is old', async () => {
    const { clock, reads, source } = start([limits]);
    await Promise.all(['ins-1', 'ins-2', 'ins-3'].map((id) => source.get(id, never)));
    expect(reads).toHaveLength(1);
    await clock.advance(FACTS_FRESH_MS);
    const again = await Promise.all(['ins-1', 'ins-2'].map((id) => source.get(id, never)));
    expect(reads).toHaveLength(2);
    expect(again[1]?.limits).toEqual(limits);
  });

  it('ask again after a failure that passes', async () => {
    const { reads, source } = start([new CloudError(cloudErrors.service, 'down', { action: 'x' }), limits]);
    await expect(source.get('ins-1', never)).rejects.toThrow('down');
    expect((await source.get('ins-1', never))?.limits).toEqual(limits);
    expect(reads).toHaveLength(2);
  });

  it('take a refusal as an answer, for a minute', async () => {
    const { clock, source } = start([new CloudError(cloudErrors.unauthorized, 'no', { action: 'x' }), limits]);
    expect((await source.get('ins-1', never))?.limits).toBe('unavailable');
    await clock.advance(60_000);
    expect((await source.get('ins-1', never))?.limits).toEqual(limits);
  });

  it('are none of an instance that the cloud does not know', async () => {
    expect(await start([limits]).source.get('ins-gone', never)).toBeUndefined();
  });
});
