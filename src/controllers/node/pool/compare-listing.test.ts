// What a listing must show for an ENI to be looked at.
import { describe, expect, it } from 'vitest';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import { isOtherwise } from './compare-listing.ts';
import { createPoolMemory, type EniMemory } from './memory.ts';

const recorded = {
  spec: { instanceID: 'ins-1' },
  status: { phase: 'Ready', eni: { addresses: [{ ip: '10.0.0.2' }, { ip: '10.0.0.3' }] } },
} as unknown as VpcEni;
const listed = (change: Partial<Eni> = {}): Eni =>
  ({
    attachment: { instanceId: 'ins-1', deviceIndex: 1 },
    addresses: [{ ip: '10.0.0.2' }, { ip: '10.0.0.3' }],
    ...change,
  }) as unknown as Eni;
const idle = (change: Partial<EniMemory> = {}): EniMemory => ({ ...createPoolMemory().eni('u'), ...change });
const { attachment: _, ...detached } = listed();

describe('isOtherwise', () => {
  it.each<[string, Eni | undefined, EniMemory, boolean]>([
    ['as recorded', listed(), idle(), false],
    ['missing', undefined, idle(), true],
    ['detached', detached, idle(), true],
    ['elsewhere', listed({ attachment: { instanceId: 'ins-2', deviceIndex: 1 } }), idle(), true],
    ['an address less', listed({ addresses: [{ ip: '10.0.0.2', primary: true, settled: true }] }), idle(), true],
    ['while a call is open', undefined, idle({ callOpen: true }), false],
    ['while it is looked at', undefined, idle({ looking: { generation: 1, sinceMs: 0 } }), false],
  ])('%s', (_name, eni, known, expected) => {
    expect(isOtherwise(recorded, eni, known)).toBe(expected);
  });

  it('is about Ready ones only', () => {
    const pending = { ...recorded, status: { ...recorded.status, phase: 'Attaching' as const } };
    expect(isOtherwise(pending, undefined, idle())).toBe(false);
  });
});
