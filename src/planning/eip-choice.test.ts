// Which designated EIP a Pod gets, and of two claims that record the same one who keeps it.
import { describe, expect, it } from 'vitest';
import { type ChoiceFacts, chooseEip, rightfulHolder } from './eip-choice.ts';
import type { ObservedEip } from './eip-plan.ts';

const [A, B] = ['eip-aaaaaaaa', 'eip-bbbbbbbb'];
const place = { eniId: 'eni-1', privateIp: '10.0.0.1' };
const free: ObservedEip = { state: 'free' };
const choose = (change: Partial<ChoiceFacts>) =>
  chooseEip({
    candidates: [A, B],
    observed: new Map([
      [A, free],
      [B, free],
    ]),
    holders: new Map(),
    target: undefined,
    lot: 0,
    ...change,
  });

describe('of its EIPs a Pod gets', () => {
  it('one by lot, always the same', () => {
    expect(choose({ lot: 0 })).toEqual({ kind: 'chosen', eipId: A });
    expect(choose({ lot: 0.999 })).toEqual({ kind: 'chosen', eipId: B });
  });

  it('none that another claim holds', () => {
    expect(choose({ holders: new Map([[A, 'default/web']]) })).toEqual({ kind: 'chosen', eipId: B });
  });

  it('before a free one the one that stands for its address already', () => {
    const observed = new Map<string, ObservedEip>([
      [A, free],
      [B, { state: 'bound', place }],
    ]);
    expect(choose({ observed, target: place })).toEqual({ kind: 'chosen', eipId: B });
    expect(choose({ observed })).toEqual({ kind: 'chosen', eipId: A });
  });

  it('none, with a reason for each, when none can be had', () => {
    const observed = new Map<string, ObservedEip>([[B, { state: 'bound', place }]]);
    expect(choose({ observed })).toEqual({
      kind: 'none',
      reason: 'EIPInUse',
      message: `${A} does not exist in this account and region; ${B} is bound to 10.0.0.1 of eni-1, which no EIPClaim bound it to`,
    });
    expect(choose({ observed: new Map() })).toMatchObject({ kind: 'none', reason: 'EIPNotFound' });
    const holders = new Map([
      [A, 'default/a'],
      [B, 'default/b'],
    ]);
    expect(choose({ holders })).toMatchObject({
      message: `${A} is held by EIPClaim default/a; ${B} is held by EIPClaim default/b`,
    });
  });

  it('nothing yet while the cloud works on the last one', () => {
    const observed = new Map<string, ObservedEip>([[A, { state: 'busy' }]]);
    expect(choose({ candidates: [A], observed })).toEqual({ kind: 'look-again' });
  });
});

describe('of claims that record the same EIP', () => {
  it('the bound one keeps it, else the older, else the first by name', () => {
    const claim = (key: string, bound: boolean, createdAt: string) => ({ key, bound, createdAt });
    expect(rightfulHolder([claim('a', false, '1'), claim('b', true, '2')])).toBe('b');
    expect(rightfulHolder([claim('b', false, '1'), claim('a', false, '2')])).toBe('b');
    expect(rightfulHolder([claim('b', false, '1'), claim('a', false, '1')])).toBe('a');
    expect(rightfulHolder([])).toBeUndefined();
  });
});
