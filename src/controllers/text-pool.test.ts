// A pool of texts gives equal texts, whatever it has forgotten.
import { expect, test } from 'vitest';

import { createTextPool, withSharedWords } from './text-pool.ts';

test('what it gives says the same as what it was given, also when it has started over', () => {
  const text = createTextPool(2);
  const words = ['a', 'b', 'a', 'c', 'a', 'd', 'b', 'a'];
  expect(words.map((word) => text(word))).toEqual(words);
});

test('an object with shared words is the same object in other words', () => {
  const node = {
    metadata: { name: 'n', labels: { reason: 'x' } },
    spec: { taints: [{ key: 'k', effect: 'NoSchedule' }], unschedulable: true, cidr: null },
    status: {
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: 't' }],
      count: 3,
    },
  };
  const asked: string[] = [];
  expect(withSharedWords(node, (word) => (asked.push(word), word))).toEqual(node);
  expect(asked).toEqual(['x', 'Ready', 'KubeletReady', 't']);
});
