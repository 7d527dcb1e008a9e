// What a case compares of a refusal: the code, the reason, and each cause with its field.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';

/** `field: message` of every cause, in order. */
export const causesOf = ({ body }: Pick<Answer, 'body'>): readonly string[] =>
  (body['details']?.causes ?? []).map(
    (cause: { field: string; message: string }) => `${cause.field}: ${cause.message}`,
  );

/** 422 Invalid for exactly these causes, and a message that lists them. */
export function assertInvalid(answer: Answer, subject: string, causes: readonly string[]): void {
  assert.equal(answer.code, 422, answer.text);
  assert.equal(answer.body['reason'], 'Invalid');
  assert.deepEqual(causesOf(answer), causes);
  const list = causes.length === 1 ? causes[0] : `[${causes.join(', ')}]`;
  assert.equal(answer.body['message'], `${subject} is invalid: ${list}`);
}
