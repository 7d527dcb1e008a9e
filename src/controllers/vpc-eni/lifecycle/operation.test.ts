// Recorded calls: when a repetition is the same call, and when it is another one.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import type { VpcEni, VpcEniOperation } from '../../../api/vpc-eni.ts';
import { operationOf } from './operation.ts';

const clock = createFakeClock();
const deps = { clock, identity: 'me' };
const withOperation = (operation?: VpcEniOperation): VpcEni => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'VpcENI',
  metadata: { name: 'shared-n1-1', uid: 'u1' },
  spec: { type: 'Shared', nodeName: 'n1', securityGroups: [] },
  ...(operation === undefined ? {} : { status: { operation } }),
});
const assign = (count: number, repeat: boolean) => ({
  action: 'AssignPrivateIpAddresses',
  request: { eniId: 'eni-12345678', count },
  repeat,
});

describe('operationOf', () => {
  const first = operationOf(deps, withOperation(), assign(3, false));

  it('begins with attempt 1 and a token of its own', () => {
    expect(first).toMatchObject({ attempt: 1, holder: 'me', request: '{"eniId":"eni-12345678","count":3}' });
    expect(first.clientToken).toMatch(/^[0-9a-f]{48}$/);
  });

  it('has no token for a call that takes none', () => {
    const next = { action: 'UnassignPrivateIpAddresses', request: { eniId: 'eni-12345678' }, repeat: false };
    expect(operationOf(deps, withOperation(first), next)).not.toHaveProperty('clientToken');
  });

  it('repeats an open call byte for byte', () => {
    expect(operationOf(deps, withOperation(first), assign(3, true))).toEqual(first);
  });

  it.each([
    ['of a call that is not open', assign(3, false)],
    ['with another request', assign(4, true)],
    ['of another action', { ...assign(3, true), action: 'UnassignPrivateIpAddresses' }],
  ])('has another token %s', (_, next) => {
    const second = operationOf(deps, withOperation(first), next);
    expect(second.attempt).toBe(2);
    expect(second.clientToken).not.toBe(first.clientToken);
  });

  it('has another token when the first one is so old that it would only give the old answer', () => {
    const old = { ...first, recordedAt: new Date(clock.now().getTime() - 61_000).toISOString() };
    expect(operationOf(deps, withOperation(old), assign(3, true)).attempt).toBe(2);
  });
});
