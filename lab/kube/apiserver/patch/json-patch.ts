// JSON Patch (RFC 6902) with the liberties of the library that Kubernetes uses: indexes from the end, and replace also adds.
import type { JsonObject } from '../json.ts';
import { cloneJson, equalJson, isObject, setOwn } from '../json.ts';
import { badRequest, StatusError } from '../status.ts';

/** How many bytes all copies of one patch may add. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

/** A patch that does not fit its document; the message says why. The answer of a real server does not repeat it. */
export class JsonPatchError extends StatusError {
  readonly why: string;
  constructor(why: string) {
    super(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
    this.why = why;
  }
}

/** Applies a patch to a copy. Throws 400 for a patch that is none, and JsonPatchError (422) for one that does not fit the document. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations');
  const copied = { bytes: 0 };
  let current = cloneJson(document);
  for (const operation of patch) current = applyOperation(current, isObject(operation) ? operation : {}, copied);
  return current;
}

function applyOperation(document: unknown, operation: JsonObject, copied: { bytes: number }): unknown {
  const op = typeof operation['op'] === 'string' ? operation['op'] : 'unknown';
  switch (op) {
    case 'add':
      return added(document, textAt(operation, 'path'), cloneJson(operation['value'] ?? null));
    case 'replace':
      return replaced(document, textAt(operation, 'path'), cloneJson(operation['value'] ?? null));
    case 'remove':
      return removed(document, textAt(operation, 'path'));
    case 'test':
      return tested(document, textAt(operation, 'path'), operation['value'] ?? null);
    case 'copy': {
      const found = valueAt(document, textAt(operation, 'from')) ?? null;
      copied.bytes += Buffer.byteLength(JSON.stringify(found));
      if (copied.bytes > MAX_COPIED_BYTES)
        throw new JsonPatchError(
          `Unable to complete the copy, the accumulated size increase of copy is ${copied.bytes}, exceeding the limit ${MAX_COPIED_BYTES}`,
        );
      return added(document, textAt(operation, 'path'), cloneJson(found));
    }
    case 'move': {
      const from = textAt(operation, 'from');
      const found = valueAt(document, from) ?? null;
      return added(removed(document, from), textAt(operation, 'path'), found);
    }
    default:
      throw new JsonPatchError(`Unexpected kind: ${op}`);
  }
}

function textAt(operation: JsonObject, name: 'path' | 'from'): string {
  const text = operation[name];
  if (typeof text !== 'string') throw new JsonPatchError(`operation missing ${name} field: missing value`);
  return text;
}

interface Place {
  readonly container: unknown[] | JsonObject;
  readonly key: string;
}

/** What comes before the first slash of a pointer counts for nothing. */
function placeOf(document: unknown, pointer: string): Place {
  const [, ...tokens] = pointer.split('/').map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = tokens.pop();
  const container = tokens.reduce<unknown>((value, token) => memberOf(value, token), document);
  if (key === undefined || (!isObject(container) && !Array.isArray(container)))
    throw new JsonPatchError(`operation does not apply: doc is missing path: ${pointer}: missing value`);
  return { container, key };
}

/** `undefined` for a member that an object lacks. Throws for an index that a list lacks. */
function memberOf(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return value[indexIn(value.length, token)];
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

const valueAt = (document: unknown, pointer: string): unknown => {
  const { container, key } = placeOf(document, pointer);
  return memberOf(container, key);
};

/** An index below `length`; negative ones count from the end. */
function indexIn(length: number, token: string): number {
  if (!/^[+-]?\d+$/.test(token)) throw new JsonPatchError(`value was not a proper array index: '${token}'`);
  const index = Number(token);
  if (index >= length || index < -length) throw new JsonPatchError(`Unable to access invalid index: ${index}`);
  return index < 0 ? index + length : index;
}

function added(document: unknown, pointer: string, value: unknown): unknown {
  const { container, key } = placeOf(document, pointer);
  if (!Array.isArray(container)) setOwn(container, key, value);
  else if (key === '-') container.push(value);
  else container.splice(indexIn(container.length + 1, key), 0, value);
  return document;
}

function replaced(document: unknown, pointer: string, value: unknown): unknown {
  if (pointer === '') {
    if (!isObject(value) && !Array.isArray(value))
      throw new JsonPatchError('replace operation value must be object or array');
    return value;
  }
  const { container, key } = placeOf(document, pointer);
  if (Array.isArray(container)) container[indexIn(container.length, key)] = value;
  else setOwn(container, key, value);
  return document;
}

function removed(document: unknown, pointer: string): unknown {
  const { container, key } = placeOf(document, pointer);
  if (Array.isArray(container)) container.splice(indexIn(container.length, key), 1);
  else if (Object.hasOwn(container, key)) delete container[key];
  else throw new JsonPatchError(`Unable to remove nonexistent key: ${key}: missing value`);
  return document;
}

function tested(document: unknown, pointer: string, expected: unknown): unknown {
  const found = pointer === '' ? document : (valueAt(document, pointer) ?? null);
  if (!equalJson(found, expected)) throw new JsonPatchError(`testing value ${pointer} failed: test failed`);
  return document;
}
