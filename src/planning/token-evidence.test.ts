// A second ENI of one attempt shows that its token was not honoured; anything less shows nothing.
import { describe, expect, it } from 'vitest';
import { tokenNotHonoured } from './token-evidence.ts';

const owners = new Map([['sub-1', { uid: 'u', eniId: 'eni-kept', attempt: 2 }]]);
const listed = (more: object) => [{ eniId: 'eni-kept', owner: 'sub-1', ownerUid: 'u', attempt: '2', ...more }];

describe('evidence on client tokens', () => {
  it('is a second ENI of the attempt that the object records', () => {
    expect(tokenNotHonoured(listed({ eniId: 'eni-two' }), owners)).toContain(
      'eni-two and eni-kept were both made by attempt 2 of VpcENI sub-1',
    );
  });
  it.each([
    ['the one that is recorded', {}],
    ['one of an earlier attempt', { eniId: 'eni-two', attempt: '1' }],
    ['one of another object of that name', { eniId: 'eni-two', ownerUid: 'v' }],
    ['one that nobody owns', { eniId: 'eni-two', owner: 'sub-9' }],
  ])('is not %s', (_, change) => {
    expect(tokenNotHonoured(listed(change), owners)).toBeUndefined();
  });
});
