// The record of owners: its order, its limits, and client-side apply's annotation.
import { describe, expect, it } from 'vitest';
import { builtInTypes, typeOf } from '../builtin/schemas.ts';
import type { ApiObject } from '../json.ts';
import { formatFieldSet, parseFieldSet, printedPaths } from './field-set.ts';
import { lastAppliedFields, withLastApplied } from './last-applied.ts';
import type { Owner } from './managers.ts';
import { cappedUpdaters, formatOwners, ownersOf, resetsOwners } from './managers.ts';
import { compareSteps } from './step-order.ts';

const owner = (manager: string, more: Partial<Owner> = {}): Owner => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  subresource: '',
  time: '2026-01-01T00:00:00Z',
  fields: parseFieldSet({ 'f:data': { [`f:${manager}`]: {} } }),
  ...more,
});

const configMap = (metadata: object, data: object = {}): ApiObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', ...metadata },
  data,
});

describe('steps', () => {
  it('come in the order of names, keys and values, numbers by size', () => {
    const steps = ['v:10', 'v:9', 'k:{"port":443}', 'k:{"port":80}', 'f:b', 'f:a', 'v:"x"'];
    expect(steps.sort(compareSteps)).toEqual(['f:a', 'f:b', 'k:{"port":80}', 'k:{"port":443}', 'v:9', 'v:10', 'v:"x"']);
  });
});

describe('messages', () => {
  it('name the fields that end at a level before those that go on', () => {
    const set = parseFieldSet({ 'f:a': { 'f:deep': {} }, 'f:b': {} });
    expect(printedPaths(set)).toEqual(['.b', '.a.deep']);
  });
});

describe('owners', () => {
  it('are written appliers first, then by time and name, members in the order of Kubernetes', () => {
    const written = formatOwners([
      owner('b'),
      owner('a'),
      owner('late', { time: '2026-01-01T00:00:05Z' }),
      owner('z', { operation: 'Apply', subresource: 'status' }),
    ]);
    expect(written.map(({ manager }) => manager)).toEqual(['z', 'a', 'b', 'late']);
    expect(Object.keys(written[0] ?? {})).toEqual([
      'manager',
      'operation',
      'apiVersion',
      'time',
      'fieldsType',
      'fieldsV1',
      'subresource',
    ]);
  });

  it('are none at all when one entry cannot be read', () => {
    const good = {
      manager: 'a',
      operation: 'Update',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': {} },
    };
    expect(ownersOf(configMap({ managedFields: [good] }))).toHaveLength(1);
    for (const bad of [
      { operation: 'Other' },
      { apiVersion: '' },
      { fieldsType: 'FieldsV2' },
      { fieldsType: undefined },
    ])
      expect(ownersOf(configMap({ managedFields: [good, { ...good, ...bad }] }))).toEqual([]);
  });

  it('are cleared by one empty entry and by an empty list, and by nothing else', () => {
    expect(resetsOwners(configMap({ managedFields: [{}] }))).toBe(true);
    expect(resetsOwners(configMap({ managedFields: [] }))).toBe(true);
    expect(resetsOwners(configMap({ managedFields: [{}, {}] }))).toBe(false);
    expect(resetsOwners(configMap({}))).toBe(false);
  });

  it('of updates are at most ten: the oldest of one version become one', () => {
    const many = Array.from({ length: 12 }, (_, index) =>
      owner(`m${String(index).padStart(2, '0')}`, { time: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z` }),
    );
    const capped = cappedUpdaters([...many, owner('applier', { operation: 'Apply' })]);
    expect(capped).toHaveLength(11);
    const bucket = capped.find(({ manager }) => manager === 'ancient-changes');
    expect(formatFieldSet(bucket?.fields ?? parseFieldSet({}))).toEqual({
      'f:data': { 'f:m00': {}, 'f:m01': {}, 'f:m02': {} },
    });
    expect(bucket?.time).toBe('2026-01-01T00:00:02Z');
  });
});

describe("client-side apply's annotation", () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const schema = typeOf(builtInTypes(), 'ConfigMap');
  const annotated = (applied: unknown, data: object): ApiObject =>
    configMap({ annotations: { [annotation]: typeof applied === 'string' ? applied : JSON.stringify(applied) } }, data);

  it('names the fields that still have its values', () => {
    const live = annotated(configMap({}, { same: '1', changed: '1', gone: '1' }), { same: '1', changed: '2' });
    const fields = lastAppliedFields(live, schema);
    expect(fields === undefined ? undefined : printedPaths(fields)).toContain('.data.same');
    expect(fields === undefined ? [] : printedPaths(fields)).not.toContain('.data.changed');
  });

  it('counts for nothing when it is missing, broken, or of another version', () => {
    expect(lastAppliedFields(configMap({}), schema)).toBeUndefined();
    expect(lastAppliedFields(annotated('{', {}), schema)).toBeUndefined();
    expect(lastAppliedFields(annotated({ apiVersion: 'v2' }, {}), schema)).toBeUndefined();
  });

  it('is brought up to date where there is one, without itself in it', () => {
    const configuration = {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'c', annotations: { [annotation]: 'x', b: '1' } },
    };
    expect(withLastApplied(configMap({}), configuration)).toEqual(configMap({}));
    const updated = withLastApplied(annotated({}, {}), configuration) as ApiObject;
    expect(updated.metadata.annotations?.[annotation]).toBe(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"annotations":{"b":"1"},"name":"c"}}\n',
    );
  });
});
