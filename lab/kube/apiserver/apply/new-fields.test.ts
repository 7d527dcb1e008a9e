// Tests of the record of new objects' fields: what may be taken from an object of the same shape, and what may not.
import { describe, expect, it } from 'vitest';
import { builtInDefinitions } from '../builtin/kinds.ts';
import { builtInTypes } from '../builtin/schemas.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { formatFieldSet } from './field-set.ts';
import { createNewFields } from './new-fields.ts';
import { emptyBuiltIn } from './always-written.ts';
import { ownedByCreator } from './ownership.ts';
import { resetFieldsOf } from './reset-fields.ts';

const pods = builtInDefinitions(builtInTypes()).find(({ plural }) => plural === 'pods') as Definition;

const pod = (container: JsonObject, more: JsonObject = {}): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...more },
  spec: { containers: [{ name: 'a', image: 'i', resources: {}, ...container }] },
  status: {},
});

/** What the comparison itself says of an object. */
function compared(object: ApiObject): JsonObject {
  const { schema } = pods;
  return formatFieldSet(
    ownedByCreator(object, { schema, empty: emptyBuiltIn(schema), resets: resetFieldsOf(pods, undefined) }),
  );
}

describe('the record of a new object', () => {
  it('is the same object for two that differ in values only', () => {
    const fieldsOfNew = createNewFields();
    const one = fieldsOfNew(pod({ image: 'one' }), pods, undefined);
    expect(fieldsOfNew(pod({ image: 'other' }), pods, undefined)).toBe(one);
  });

  it.each<[string, ApiObject]>([
    ['a member more', pod({ tty: true })],
    ['another key of an item', pod({ name: 'b' })],
    ['another name in a map', pod({}, { labels: { app: 'x' } })],
    ['a name in a map that looks like members', pod({}, { labels: { 'app s,tier': 'x' } })],
    ['two names in a map', pod({}, { labels: { app: 'x', tier: 'y' } })],
    ['an empty map', pod({}, { labels: {} })],
    ['an empty word', pod({ workingDir: '' })],
    ['items under one key', pod({ env: [{ name: 'A' }, { name: 'A' }] })],
    ['a key with its default', pod({ ports: [{ containerPort: 80 }] })],
    ['an item of a set', pod({}, { finalizers: ['example.com/a'] })],
    ['another item of a set', pod({}, { finalizers: ['example.com/b'] })],
    ['another subtree that is replaced whole', pod({ args: ['x', ''] })],
    ['no list of containers', { ...pod({}), spec: { containers: null } }],
  ])('is what the comparison says, also after others: %s', (_what, object) => {
    const fieldsOfNew = createNewFields();
    fieldsOfNew(pod({}), pods, undefined);
    fieldsOfNew(pod({}, { labels: { app: 'x' }, finalizers: ['example.com/a'] }), pods, undefined);
    expect(JSON.stringify(fieldsOfNew(object, pods, undefined)?.fields ?? {})).toBe(JSON.stringify(compared(object)));
  });

  it('tells the main resource from its status', () => {
    const fieldsOfNew = createNewFields();
    const object = { ...pod({}), status: { phase: 'Running' } };
    expect(fieldsOfNew(object, pods, undefined)?.fields).not.toHaveProperty('f:status');
    expect(fieldsOfNew(object, pods, 'status')?.fields).toHaveProperty('f:status');
  });

  it('names its writer, in an entry and in its text', () => {
    const writer = { manager: 'me', apiVersion: 'v1', subresource: '', time: '2026-01-01T00:00:00Z' };
    const fields = createNewFields()(pod({}), pods, undefined);
    for (const one of [writer, { ...writer, manager: 'you' }, { ...writer, subresource: 'status' }, writer]) {
      const made = fields?.entryOf(one);
      const { fieldsV1, ...others } = made?.entry ?? {};
      expect(fieldsV1).toBe(fields?.fields);
      expect(others).toMatchObject({ manager: one.manager, operation: 'Update', time: one.time });
      expect(others['subresource'] ?? '').toBe(one.subresource);
      expect(JSON.parse(made?.text ?? '')).toEqual(made?.entry);
    }
  });
});
