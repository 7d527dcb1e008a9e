// Taint and condition of nodes without shared addresses.
import { describe, expect, it } from 'vitest';
import { addressesExhausted, type NodeMarkFacts, planTaint } from './node-marks.ts';

const base: NodeMarkFacts = {
  agentReady: true,
  offered: '27',
  shared: true,
  pool: { pods: 3, bound: 8, quota: 27 },
  obstacle: undefined,
};
const full = { pool: { pods: 27, bound: 27, quota: 27 } };
const stuck = { pool: { pods: 8, bound: 8, quota: 27 }, obstacle: 'the subnet is dry' };

describe('the taint', () => {
  it.each<[string, Partial<NodeMarkFacts>, boolean, boolean, string]>([
    ['is taken off a node that serves', {}, true, false, 'remove'],
    ['stays while the agent is not ready', { agentReady: false }, true, false, 'leave'],
    ['stays while nothing is offered', { offered: undefined }, true, false, 'leave'],
    ['stays while nothing can be offered', { offered: '0' }, true, false, 'leave'],
    ['is taken off in static mode once the agent serves', { shared: false, offered: undefined }, true, false, 'remove'],
    ['is never set without its flag', full, false, false, 'leave'],
    ['is set with its flag on a full node', full, false, true, 'set'],
    ['is set with its flag when nothing can be bound', stuck, false, true, 'set'],
    ['stays on a full node with its flag', full, true, true, 'leave'],
    ['is taken off when an address is free again', {}, true, true, 'remove'],
    ['is left to the bootstrap while the agent is away', { ...full, agentReady: false }, false, true, 'leave'],
  ])('%s', (_, change, has, flag, expected) => {
    expect(planTaint({ ...base, ...change }, has, flag)).toBe(expected);
  });
});

describe('addresses of a node', () => {
  it('are exhausted when it is full, or when none is free and none can be bound', () => {
    expect(addressesExhausted({ ...base, ...full }).exhausted).toBe(true);
    expect(addressesExhausted({ ...base, ...stuck })).toMatchObject({
      exhausted: true,
      message: expect.stringContaining('subnet is dry'),
    });
  });

  it('are not while some are free or on their way', () => {
    expect(addressesExhausted({ ...base, obstacle: 'the subnet is dry' }).exhausted).toBe(false);
    expect(addressesExhausted({ ...base, pool: { pods: 8, bound: 8, quota: 27 } }).exhausted).toBe(false);
    expect(addressesExhausted({ ...base, pool: undefined }).exhausted).toBe(false);
  });
});
