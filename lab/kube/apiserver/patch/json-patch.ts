// JSON Patch (RFC 6902), as clients and webhooks send it.
import type { JsonObject } from '../json.ts';
import { cloneJson, equalJson, isObject, setOwn } from '../json.ts';
import { badRequest, StatusError } from '../status.ts';

/** Applies a patch to a copy. Throws 400 for a patch that is none, 422 for one that does not fit the document. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations');
  let current = cloneJson(document);
  for (const operation of patch) {
    if (!isObject(operation)) throw badRequest('every operation of a JSON patch must be an object');
    current = applyOperation(current, operation);
  }
  return current;
}

const unfit = (message: string): StatusError =>
  new StatusError(422, 'Invalid', `the server rejected our request due to an error in our request: ${message}`);

function applyOperation(document: unknown, operation: JsonObject): unknown {
  const path = pointer(operation['path']);
  switch (operation['op']) {
    case 'add':
      return write(document, path, cloneJson(operation['value']), 'add');
    case 'replace':
      return write(document, path, cloneJson(operation['value']), 'replace');
    case 'remove':
      return removeAt(document, path);
    case 'test': {
      const found = path.reduce<unknown>((value, token) => readMember(value, token), document);
      if (!equalJson(found ?? null, operation['value'] ?? null))
        throw unfit(`testing value ${text(path)} failed: test failed`);
      return document;
    }
    case 'copy':
      return write(document, path, cloneJson(readAt(document, pointer(operation['from']))), 'add');
    case 'move': {
      const from = pointer(operation['from']);
      const value = readAt(document, from);
      return write(removeAt(document, from), path, value, 'add');
    }
    default:
      throw badRequest(
        `unknown JSON patch operation ${JSON.stringify(operation['op'])}; known: add, replace, remove, test, copy, move`,
      );
  }
}

function pointer(path: unknown): string[] {
  if (typeof path !== 'string') throw badRequest('a JSON patch operation needs a path');
  if (path === '') return [];
  if (!path.startsWith('/')) throw badRequest(`a JSON pointer must begin with a slash: ${JSON.stringify(path)}`);
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

const text = (path: readonly string[]): string => `/${path.join('/')}`;

function readMember(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return /^\d+$/.test(token) ? value[Number(token)] : undefined;
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

function readAt(document: unknown, path: readonly string[]): unknown {
  const found = path.reduce<unknown>((value, token) => readMember(value, token), document);
  if (found === undefined) throw unfit(`path ${text(path)} does not exist`);
  return found;
}

function parentOf(document: unknown, path: readonly string[]): { parent: unknown[] | JsonObject; last: string } {
  const parent = path.slice(0, -1).reduce<unknown>((value, token) => readMember(value, token), document);
  if (!Array.isArray(parent) && !isObject(parent)) throw unfit(`path ${text(path)}: missing parent`);
  return { parent, last: path.at(-1) ?? '' };
}

function write(document: unknown, path: readonly string[], value: unknown, mode: 'add' | 'replace'): unknown {
  if (path.length === 0) return value;
  const { parent, last } = parentOf(document, path);
  if (!Array.isArray(parent)) {
    if (mode === 'replace' && !Object.hasOwn(parent, last))
      throw unfit(`replace operation does not apply: doc is missing key: ${text(path)}`);
    setOwn(parent, last, value);
    return document;
  }
  const index = last === '-' && mode === 'add' ? parent.length : /^\d+$/.test(last) ? Number(last) : Number.NaN;
  const limit = mode === 'add' ? parent.length : parent.length - 1;
  if (!(index <= limit)) throw unfit(`path ${text(path)}: index out of range`);
  if (mode === 'add') parent.splice(index, 0, value);
  else parent[index] = value;
  return document;
}

function removeAt(document: unknown, path: readonly string[]): unknown {
  if (path.length === 0) throw unfit('the whole document cannot be removed');
  const { parent, last } = parentOf(document, path);
  if (Array.isArray(parent)) {
    if (!/^\d+$/.test(last) || Number(last) >= parent.length)
      throw unfit(`remove operation does not apply: index out of range: ${text(path)}`);
    parent.splice(Number(last), 1);
  } else {
    if (!Object.hasOwn(parent, last))
      throw unfit(`remove operation does not apply: doc is missing path: ${text(path)}`);
    delete parent[last];
  }
  return document;
}
