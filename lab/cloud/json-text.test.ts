import { expect, test } from 'vitest';

import { answerText, JsonText } from './json-text.ts';

test('an answer without texts is as JSON.stringify makes it', () => {
  const answer = {
    RequestId: 'a"b',
    Absent: undefined,
    Empty: [],
    Set: [{ A: 1 }],
    Nested: { B: [null, 'ü'] },
    N: null,
  };
  expect(answerText(answer)).toBe(JSON.stringify(answer));
  expect(answerText({})).toBe('{}');
});

test('lists of texts are taken as they are, and read the same by other means', () => {
  const answer = { Set: [new JsonText('{"A":1}'), new JsonText('{"A":2}')], TotalCount: 2 };
  expect(answerText(answer)).toBe('{"Set":[{"A":1},{"A":2}],"TotalCount":2}');
  expect(JSON.stringify(answer)).toBe(answerText(answer));
});
