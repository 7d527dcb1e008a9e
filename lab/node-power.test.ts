// Which actions a node allows in which state.
import { describe, expect, it } from 'vitest';

import { createPowerSwitch } from './node-power.ts';
import type { Machine } from './node-power.ts';

function aSwitch() {
  const done: string[] = [];
  const step = (name: string) => async () => void done.push(name);
  const machine: Machine = {
    freeze: step('freeze'),
    thaw: step('thaw'),
    cut: step('cut'),
    join: step('join'),
    powerOff: step('off'),
    powerOn: step('on'),
    discard: step('discard'),
  };
  return { done, power: createPowerSwitch('n1', machine) };
}

describe('the power switch of a node', () => {
  it.each([
    ['stop', ['off', 'on']],
    ['freeze', ['freeze', 'thaw']],
    ['cut', ['cut', 'join']],
  ] as const)('leads back from %s', async (action, steps) => {
    const { done, power } = aSwitch();
    await power.act(action);
    await power.act('recover');
    expect(done).toEqual(steps);
    expect(power.power).toBe('on');
  });

  it('turns a node off before it is lost, and never leads back from there', async () => {
    const { done, power } = aSwitch();
    await power.act('freeze');
    await power.act('lose');
    expect(done).toEqual(['freeze', 'off', 'discard']);
    await expect(power.act('recover')).rejects.toThrow('node n1 is lost');
  });

  it('says what to do first', async () => {
    const { power } = aSwitch();
    await power.act('cut');
    await expect(power.act('stop')).rejects.toThrow('node n1 is cut: recover it first');
  });

  it('takes one action after the other', async () => {
    const { done, power } = aSwitch();
    await Promise.all([power.act('stop'), power.act('recover')]);
    expect(done).toEqual(['off', 'on']);
  });
});
