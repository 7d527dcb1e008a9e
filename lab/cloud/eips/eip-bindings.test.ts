import { expect, test } from 'vitest';

import { EipBindings } from './eip-state.ts';

test('bindings know which ENIs have any, after every change', () => {
  const bindings = new EipBindings();
  bindings.set('eni-a/10.0.0.2', 'eip-1').set('eni-a/10.0.0.3', 'eip-2').set('eni-b/10.0.0.4', 'eip-3');
  bindings.set('eni-a/10.0.0.2', 'eip-4');
  const seen = [bindings.onEni('eni-a'), bindings.onEni('eni-b'), bindings.onEni('eni-c')];
  expect(seen).toEqual([true, true, false]);
  bindings.delete('eni-a/10.0.0.2');
  bindings.delete('eni-a/10.0.0.9');
  expect(bindings.onEni('eni-a')).toBe(true);
  bindings.delete('eni-a/10.0.0.3');
  expect(bindings.onEni('eni-a')).toBe(false);
  bindings.clear();
  expect(bindings.onEni('eni-b')).toBe(false);
});
