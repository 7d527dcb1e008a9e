// What a claim means for the sub-ENIs of its Pods.
import { describe, expect, it } from 'vitest';
import { annotations } from '../api/keys.ts';
import type { VpcIpClaim, VpcIpClaimSpec, VpcIpClaimStatus } from '../api/vpc-ip-claim.ts';
import { claimedAddress, claimKeeps, keepDemand } from './kept-sub-eni.ts';

const claimOf = (
  status: VpcIpClaimStatus = {},
  spec: Partial<VpcIpClaimSpec> = {},
  deletionTimestamp?: string,
): VpcIpClaim => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'VpcIPClaim',
  metadata: { namespace: 'ns', name: 'web-0', ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
  spec: { kind: 'SubENI', deletePolicy: 'Never', ...spec },
  status,
});
const had = { vpcIP: '10.0.32.5' };

describe('a sub-ENI whose Pod is over', () => {
  it.each([
    ['nobody has the claim', claimOf(had), true],
    ['the claim is still its own', claimOf({ ...had, podUID: 'uid-1' }), true],
    ['the next Pod has the claim', claimOf({ ...had, podUID: 'uid-2' }), false],
    ['the claim is on its way out', claimOf(had, {}, '2026-01-01T00:00:00Z'), false],
    ['the claim keeps nothing any more', claimOf(had, { deletePolicy: 'Immediate' }), false],
    ['the claim is of a shared address', claimOf(had, { kind: 'Shared' }), false],
    ['there is no claim', undefined, false],
  ])('when %s', (_, claim, stays) => {
    expect(claimKeeps(claim, 'uid-1')).toBe(stays);
  });
});

describe('the sub-ENI of a Pod that asks for a kept address', () => {
  it.each([
    ['waits for its claim', undefined, { kind: 'wait' }],
    ['waits until the claim is its own', claimOf({ ...had, podUID: 'uid-0' }), { kind: 'wait' }],
    [
      'waits for a claim that is on its way out',
      claimOf({ podUID: 'uid-1' }, {}, '2026-01-01T00:00:00Z'),
      { kind: 'wait' },
    ],
    ['gets any address at first', claimOf({ podUID: 'uid-1' }), { kind: 'may-begin', address: undefined }],
    ['gets the kept one', claimOf({ ...had, podUID: 'uid-1' }), { kind: 'may-begin', address: '10.0.32.5' }],
    [
      'gets the nominated one at first',
      claimOf({ podUID: 'uid-1' }, { nominatedIP: '10.0.32.9' }),
      { kind: 'may-begin', address: '10.0.32.9' },
    ],
    [
      'gets the kept one whatever was nominated',
      claimOf({ ...had, podUID: 'uid-1' }, { nominatedIP: '10.0.32.9' }),
      { kind: 'may-begin', address: '10.0.32.5' },
    ],
  ])('%s', (_, claim, expected) => {
    expect(claimedAddress(claim, 'uid-1')).toEqual(expected);
  });
});

describe('vpc-ip-claim-delete-policy of a sub-ENI Pod', () => {
  it.each([
    [undefined, 'not-kept'],
    ['', 'not-kept'],
    ['Immediate', 'not-kept'],
    [' Never ', 'kept'],
  ])('%s is %s', (value, kind) => {
    expect(keepDemand(value === undefined ? {} : { [annotations.vpcIpClaimDeletePolicy]: value })).toEqual({ kind });
  });

  it('of another word is refused, naming the words', () => {
    expect(keepDemand({ [annotations.vpcIpClaimDeletePolicy]: 'never' })).toEqual({
      kind: 'refused',
      message: 'annotation tke.cloud.tencent.com/vpc-ip-claim-delete-policy="never": expected "Immediate" or "Never"',
    });
  });
});
