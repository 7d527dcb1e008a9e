import { describe, expect, test } from 'vitest';

import type { NodeEniConfig } from '../../api/node-eni-config.ts';
import { rebaseNecStatus } from './nec-rebase.ts';

type Status = NonNullable<NodeEniConfig['status']>;
type Condition = NonNullable<Status['conditions']>[number];

const nec = (status: Status, generation = 1, uid = 'uid-1'): NodeEniConfig => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'NodeENIConfig',
  metadata: { name: 'node-1', uid, generation },
  spec: {},
  status,
});

const condition = (type: string, reason: string): Condition => ({
  type,
  status: 'True',
  reason,
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

const quota = (count: number): { readonly quota: number; readonly reason: string } => ({
  quota: count,
  reason: 'model',
});
const groups: NonNullable<Status['securityGroups']> = {
  state: 'Managed',
  origin: 'flag',
  written: ['sg-1'],
  inForce: ['sg-1'],
};

describe('what was decided on an older nec', () => {
  test('is carried over when others wrote other fields', () => {
    const read = nec({ subENI: quota(1) });
    const newest = nec({ subENI: quota(2) });
    expect(rebaseNecStatus(read, { securityGroups: groups }, newest)).toEqual({ securityGroups: groups });
  });

  test('is decided again when somebody wrote the same field', () => {
    const read = nec({ subENI: quota(1) });
    expect(rebaseNecStatus(read, { subENI: quota(3) }, nec({ subENI: quota(2) }))).toBeUndefined();
  });

  test('asks nothing of a field that it leaves as it was read', () => {
    const read = nec({ subENI: quota(1) });
    const change = { subENI: quota(1), securityGroups: groups };
    expect(rebaseNecStatus(read, change, nec({ subENI: quota(2) }))).toEqual({ securityGroups: groups });
  });

  test.each([
    ['another spec', nec({}, 2)],
    ['another object of the same name', nec({}, 1, 'uid-2')],
  ])('is decided again for %s', (_name, newest) => {
    expect(rebaseNecStatus(nec({}), { securityGroups: groups }, newest)).toBeUndefined();
  });

  test('removes a field that nobody else wrote', () => {
    const read = nec({ securityGroups: groups });
    const moved = rebaseNecStatus(
      read,
      { securityGroups: undefined },
      nec({ securityGroups: groups, subENI: quota(1) }),
    );
    expect(moved).toEqual({ securityGroups: undefined });
  });
});

describe('conditions', () => {
  const [ready, old, served] = [condition('Ready', 'A'), condition('Groups', 'Old'), condition('Addresses', 'Served')];
  const now = condition('Groups', 'New');

  test('are merged type by type', () => {
    const read = nec({ conditions: [ready, old] });
    const newest = nec({ conditions: [condition('Ready', 'B'), old] });
    expect(rebaseNecStatus(read, { conditions: [ready, now, served] }, newest)).toEqual({
      conditions: [condition('Ready', 'B'), now, served],
    });
  });

  test('of a type that somebody else wrote are decided again', () => {
    const newest = nec({ conditions: [condition('Groups', 'Other')] });
    expect(rebaseNecStatus(nec({ conditions: [old] }), { conditions: [now] }, newest)).toBeUndefined();
  });

  test('that are taken away go, the others stay', () => {
    const read = nec({ conditions: [ready, old] });
    const newest = nec({ conditions: [ready, old, served] });
    expect(rebaseNecStatus(read, { conditions: [ready] }, newest)).toEqual({ conditions: [ready, served] });
  });
});
