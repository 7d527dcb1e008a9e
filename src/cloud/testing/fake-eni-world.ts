// A cloud for watcher tests: ENIs that come, get ready and go after a set time, and a count of reads.
import { createFakeClock, type FakeClock } from '../../../test/fake-clock.ts';
import { CloudError, cloudErrors } from '../errors.ts';
import type { Eni, VpcCloud } from '../vpc-cloud.ts';

export interface FakeEniWorld {
  readonly clock: FakeClock;
  readonly cloud: Pick<VpcCloud, 'describeEnis' | 'checkSecurityGroupReady'>;
  /** Sizes of the batches asked so far. */
  readonly checks: number[];
  readonly describes: number[];
  /** From now on, `eniId` exists and is ready (available, attached, in force) after `readyInMs`. */
  create(eniId: string, readyInMs: number): void;
  /** Gone `goneInMs` from now. */
  remove(eniId: string, goneInMs: number): void;
  /** The next reads fail with this row. */
  failReads(times: number, row?: keyof typeof cloudErrors): void;
}

export function createFakeEniWorld(): FakeEniWorld {
  const clock = createFakeClock();
  const readyAt = new Map<string, number>();
  const goneAt = new Map<string, number>();
  const checks: number[] = [];
  const describes: number[] = [];
  let failures: { left: number; row: keyof typeof cloudErrors } = { left: 0, row: 'service' };
  const exists = (eniId: string): boolean =>
    readyAt.has(eniId) && (goneAt.get(eniId) ?? Number.POSITIVE_INFINITY) > clock.monotonicMs();
  const isReady = (eniId: string): boolean => (readyAt.get(eniId) ?? Number.POSITIVE_INFINITY) <= clock.monotonicMs();
  const failIfTold = (action: string): void => {
    if (failures.left === 0) return;
    failures = { ...failures, left: failures.left - 1 };
    throw new CloudError(cloudErrors[failures.row], `${action} was told to fail`, { action });
  };
  return {
    clock,
    checks,
    describes,
    create: (eniId, readyInMs) => void readyAt.set(eniId, clock.monotonicMs() + readyInMs),
    remove: (eniId, goneInMs) => void goneAt.set(eniId, clock.monotonicMs() + goneInMs),
    failReads: (times, row = 'service') => {
      failures = { left: times, row };
    },
    cloud: {
      checkSecurityGroupReady: async (eniIds) => {
        checks.push(eniIds.length);
        failIfTold('check');
        return new Map(eniIds.filter(exists).map((eniId) => [eniId, isReady(eniId)]));
      },
      describeEnis: async ({ eniIds = [] }) => {
        describes.push(eniIds.length);
        failIfTold('describe');
        return eniIds.filter(exists).map((eniId) => eniOf(eniId, isReady(eniId)));
      },
    },
  };
}

function eniOf(eniId: string, ready: boolean): Eni {
  return {
    eniId,
    name: eniId,
    kind: 'secondary',
    state: ready ? 'AVAILABLE' : 'ATTACHING',
    vpcId: 'vpc-1',
    subnetId: 'subnet-1',
    mac: '02:00:00:00:00:01',
    addresses: [{ ip: '10.0.0.2', primary: true, settled: ready }],
    securityGroups: [],
    ...(ready ? { attachment: { instanceId: 'ins-1', deviceIndex: 1 } } : {}),
    tags: [],
  };
}
