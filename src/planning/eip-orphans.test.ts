// Which EIPs of this cluster nobody holds, what a purchase says of itself, and what is told when none can be bought.
import { describe, expect, it } from 'vitest';
import type { EipClaim, EipClaimStatus } from '../api/eip-claim.ts';
import { tags } from '../api/keys.ts';
import type { Eip } from '../cloud/eip-calls.ts';
import { orphanEips } from './eip-orphans.ts';
import { nextQuotaDayMs, quotaWords } from './eip-quota-words.ts';
import { allocateEipRequest, eipOwnerTag } from './eip-request.ts';

const eip = (
  eipId: string,
  change: Partial<Eip> & { readonly owner?: string; readonly cluster?: string } = {},
): Eip => {
  const { owner = 'EIPClaim/default/web-0', cluster = 'mine', ...rest } = change;
  return {
    eipId,
    name: '',
    ip: '203.0.113.1',
    status: 'UNBIND',
    isp: 'BGP',
    blocked: false,
    createdAt: '2026-01-01T00:00:00Z',
    tags: [
      { key: tags.cluster, value: cluster },
      { key: tags.owner, value: owner },
    ],
    ...rest,
  };
};
const claim = (name: string, status: EipClaimStatus = {}): EipClaim => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'EIPClaim',
  metadata: { namespace: 'default', name },
  spec: { deletePolicy: 'Immediate' },
  status,
});
const ids = (eips: readonly Eip[], claims: readonly EipClaim[]): string[] =>
  orphanEips({ eips, claims, clusterUid: 'mine' }).map(({ eipId }) => eipId);

describe('an EIP without a claim', () => {
  it('is one that no claim records and that no claim will find', () => {
    expect(ids([eip('a')], [])).toEqual(['a']);
    expect(ids([eip('a')], [claim('web-0', { eipID: 'a' })])).toEqual([]);
    expect(ids([eip('a')], [claim('other', { eipID: 'a' })])).toEqual([]);
    // Its claim has not recorded what it bought yet.
    expect(ids([eip('a')], [claim('web-0')])).toEqual([]);
    expect(ids([eip('b'), eip('a')], [claim('web-0', { eipID: 'c' })])).toEqual(['a', 'b']);
  });

  it('is none of another cluster, and none that is being released', () => {
    expect(ids([eip('a', { cluster: 'theirs' }), eip('b', { status: 'OFFLINING' })], [])).toEqual([]);
  });

  it('is told with what it is bound to, which keeps it from being released', () => {
    const bound = eip('a', { status: 'BIND', binding: { eniId: 'eni-1', privateIp: '10.0.0.1' } });
    expect(orphanEips({ eips: [bound], claims: [], clusterUid: 'mine' })).toEqual([
      {
        eipId: 'a',
        ip: '203.0.113.1',
        owner: 'EIPClaim/default/web-0',
        createdAt: '2026-01-01T00:00:00Z',
        bandwidth: undefined,
        boundTo: '10.0.0.1 of eni-1',
        releasable: false,
      },
    ]);
  });
});

describe('a purchase', () => {
  const request = (attempt: number) =>
    allocateEipRequest({
      owner: { namespace: 'default', name: 'web-0', uid: '0d4b6ed2-1f6b-4d7a-9a3e-3b1f0a6f5c11' },
      attempt,
      clusterUid: 'mine',
      parameters: { InternetMaxBandwidthOut: 5 },
    });

  it('is the same bytes for the same attempt, and another token for another one', () => {
    expect(JSON.stringify(request(1))).toBe(JSON.stringify(request(1)));
    expect(request(2).clientToken).not.toBe(request(1).clientToken);
    expect(request(1).clientToken.length).toBeLessThanOrEqual(64);
    expect(request(1).name).toMatch(/^[\w-]{1,128}$/);
  });

  it('says whose it is in at most 255 characters, differently for every claim', () => {
    const long = 'x'.repeat(253);
    const [one, two] = ['a', 'b'].map((end) => eipOwnerTag({ namespace: 'n'.repeat(63), name: `${long}${end}` }));
    expect(one?.length).toBeLessThanOrEqual(255);
    expect(one).not.toBe(two);
    expect(eipOwnerTag({ namespace: 'default', name: 'web-0' })).toBe('EIPClaim/default/web-0');
  });
});

describe('a quota that is used up', () => {
  const NOON = Date.parse('2026-03-04T12:00:00Z');

  it('of the day is told with when it begins anew, at midnight in China', () => {
    expect(new Date(nextQuotaDayMs(NOON)).toISOString()).toBe('2026-03-04T16:00:00.000Z');
    expect(new Date(nextQuotaDayMs(Date.parse('2026-03-04T16:00:00Z'))).toISOString()).toBe('2026-03-05T16:00:00.000Z');
    const message = quotaWords(true, { daily: { used: 40, limit: 40 } }, NOON);
    expect(message).toContain('(40 of 40); the count begins anew at 2026-03-04T16:00:00.000Z');
  });

  it('of the region is told with what shows idle ones', () => {
    const message = quotaWords(false, { total: { used: 20, limit: 20 } }, NOON);
    expect(message).toMatch(/\(20 of 20\)\. Release idle ones \(kubectl get eipc -A/);
    expect(quotaWords(false, undefined, NOON)).toContain('the account may have. Release');
  });
});
