// Server-side apply: ownership, conflicts, removal, and its laws.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInTypes, typeOf } from '../builtin/schemas.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { StatusError } from '../status.ts';
import { emptySet, formatFieldSet, parseFieldSet } from './field-set.ts';
import type { Owner } from './managers.ts';
import { formatOwners, ownersOf } from './managers.ts';
import type { Ownable } from './ownership.ts';
import { ownersAfterUpdate } from './ownership.ts';
import { applyConfiguration } from './server-side-apply.ts';
import { fieldsOf } from './walk.ts';

const types = builtInTypes();
const deploymentSchema = typeOf(types, 'Deployment');
const writer = (manager: string, subresource = ''): Parameters<typeof applyConfiguration>[3] => ({
  manager,
  apiVersion: 'apps/v1',
  subresource,
  time: '2026-01-01T00:00:00Z',
});

const deployment = (spec: JsonObject, labels?: Record<string, string>): ApiObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'n', ...(labels === undefined ? {} : { labels }) },
  spec,
});

function apply(
  live: ApiObject | undefined,
  configuration: ApiObject,
  manager: string,
  force = false,
  schema: Schema = deploymentSchema,
): ApiObject {
  const { object, owners } = applyConfiguration(live, configuration, ownable(schema), writer(manager), force);
  return recorded(object as ApiObject, owners);
}

const recorded = (object: ApiObject, owners: readonly Owner[]): ApiObject => ({
  ...object,
  metadata: { ...object.metadata, managedFields: formatOwners(owners) },
});

/** Without what Kubernetes always writes, so that objects stay as short as the tests give them. */
const ownable = (schema: Schema): Ownable => ({ schema, empty: {}, resets: emptySet });

const fieldsOwnedBy = (object: ApiObject, manager: string): unknown => {
  const owner = ownersOf(object).find((entry) => entry.manager === manager);
  return owner === undefined ? undefined : formatFieldSet(owner.fields);
};

describe('field sets', () => {
  it('are written as Kubernetes writes them', () => {
    const set = fieldsOf(
      { spec: { replicas: 1, template: { spec: { containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] } } } },
      deploymentSchema,
    );
    expect(formatFieldSet(set)).toEqual({
      'f:spec': {
        'f:replicas': {},
        'f:template': {
          'f:spec': {
            'f:containers': {
              'k:{"name":"a"}': {
                '.': {},
                'f:name': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    });
  });

  it('survive being written and read', () => {
    const text = { 'f:a': { '.': {}, 'f:b': {} }, 'f:c': { 'v:"x"': {} }, 'f:d': {} };
    expect(formatFieldSet(parseFieldSet(text))).toEqual(text);
  });
});

describe('apply', () => {
  it('owns what it says and nothing else', () => {
    const made = apply(undefined, deployment({ replicas: 1 }, { app: 'x' }), 'one');
    expect(fieldsOwnedBy(made, 'one')).toEqual({
      'f:metadata': { 'f:labels': { 'f:app': {} } },
      'f:spec': { 'f:replicas': {} },
    });
  });

  it('conflicts over a field that another manager set to another value, and names it', () => {
    const live = apply(undefined, deployment({ replicas: 1 }), 'one');
    const conflict = (): unknown => apply(live, deployment({ replicas: 2 }), 'two');
    expect(conflict).toThrow(StatusError);
    expect(conflict).toThrow('Apply failed with 1 conflict: conflict with "one": .spec.replicas');
  });

  it('takes a contested field over when forced', () => {
    const live = apply(undefined, deployment({ replicas: 1, paused: true }), 'one');
    const forced = apply(live, deployment({ replicas: 2 }), 'two', true);
    expect(fieldsOwnedBy(forced, 'one')).toEqual({ 'f:spec': { 'f:paused': {} } });
    expect(fieldsOwnedBy(forced, 'two')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('shares a field that two managers set to the same value', () => {
    const live = apply(apply(undefined, deployment({ replicas: 1 }), 'one'), deployment({ replicas: 1 }), 'two');
    expect([fieldsOwnedBy(live, 'one'), fieldsOwnedBy(live, 'two')]).toEqual([
      { 'f:spec': { 'f:replicas': {} } },
      { 'f:spec': { 'f:replicas': {} } },
    ]);
    const left = apply(live, deployment({}), 'one');
    expect(left['spec']).toEqual({ replicas: 1 });
  });

  it('removes what its manager no longer applies', () => {
    const live = apply(undefined, deployment({ replicas: 1, paused: true }, { a: '1', b: '2' }), 'one');
    const next = apply(live, deployment({ replicas: 1 }, { a: '1' }), 'one');
    expect(next['spec']).toEqual({ replicas: 1 });
    expect(next.metadata.labels).toEqual({ a: '1' });
  });

  it('adds and removes single items of keyed lists', () => {
    const containers = (...names: string[]): JsonObject => ({
      template: { spec: { containers: names.map((name) => ({ name, image: 'i' })) } },
    });
    const live = apply(
      apply(undefined, deployment(containers('a', 'b')), 'one'),
      deployment(containers('side')),
      'two',
    );
    const next = apply(live, deployment(containers('a')), 'one');
    expect(next['spec']).toEqual({
      template: {
        spec: {
          containers: [
            { name: 'a', image: 'i' },
            { name: 'side', image: 'i' },
          ],
        },
      },
    });
  });

  it('conflicts with an update too, and says through which version', () => {
    const before = apply(undefined, deployment({ replicas: 1 }), 'zero');
    const after = { ...before, spec: { replicas: 2 } };
    const live = recorded(
      after,
      ownersAfterUpdate(before, after, ownable(deploymentSchema), writer('kubectl-scale', 'scale')),
    );
    expect(() => apply(live, deployment({ replicas: 3 }), 'one')).toThrow(
      'conflict with "kubectl-scale" with subresource "scale" using apps/v1: .spec.replicas',
    );
  });

  it('treats an atomic list as one field', () => {
    const tolerations = (key: string): JsonObject => ({
      template: { spec: { tolerations: [{ key, operator: 'Exists' }] } },
    });
    const live = apply(undefined, deployment(tolerations('a')), 'one');
    expect(fieldsOwnedBy(live, 'one')).toEqual({ 'f:spec': { 'f:template': { 'f:spec': { 'f:tolerations': {} } } } });
    expect(() => apply(live, deployment(tolerations('b')), 'two')).toThrow('.spec.template.spec.tolerations');
  });
});

describe('update', () => {
  it('takes fields from those who owned them', () => {
    const live = apply(undefined, deployment({ replicas: 1, paused: true }), 'one');
    const changed = { ...live, spec: { replicas: 5, paused: true } };
    const after = recorded(changed, ownersAfterUpdate(live, changed, ownable(deploymentSchema), writer('editor')));
    expect(fieldsOwnedBy(after, 'one')).toEqual({ 'f:spec': { 'f:paused': {} } });
    expect(fieldsOwnedBy(after, 'editor')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('leaves nobody owning what is gone', () => {
    const live = apply(undefined, deployment({ replicas: 1, paused: true }), 'one');
    const changed = { ...live, spec: { replicas: 1 } };
    const after = recorded(changed, ownersAfterUpdate(live, changed, ownable(deploymentSchema), writer('editor')));
    expect(fieldsOwnedBy(after, 'one')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('lets a client empty the record', () => {
    const live = apply(undefined, deployment({ replicas: 1 }), 'one');
    const emptied = { ...live, metadata: { ...live.metadata, managedFields: [{}] } };
    expect(ownersAfterUpdate(live, emptied, ownable(deploymentSchema), writer('editor'))).toEqual([]);
  });
});

describe('laws', () => {
  const open: Schema = {
    type: 'object',
    properties: { metadata: typeOf(types, 'ObjectMeta') },
    'x-kubernetes-preserve-unknown-fields': true,
  };
  const key = fc.constantFrom('a', 'b', 'c');
  const tree = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom('x', 'y'),
      fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
      tie('object'),
    ),
    object: fc.dictionary(key, tie('value'), { maxKeys: 3 }) as fc.Arbitrary<JsonObject>,
  })).object;
  const custom = (spec: JsonObject): ApiObject => ({
    apiVersion: 'apps/v1',
    kind: 'Custom',
    metadata: { name: 'c' },
    spec,
  });

  it('applying the same twice changes nothing', () => {
    fc.assert(
      fc.property(tree, tree, (first, second) => {
        const live = apply(apply(undefined, custom(first), 'one', true, open), custom(second), 'two', true, open);
        expect(apply(live, custom(second), 'two', true, open)).toEqual(live);
      }),
    );
  });

  it('every field of a forced configuration is in the result', () => {
    fc.assert(
      fc.property(tree, tree, (first, second) => {
        const live = apply(apply(undefined, custom(first), 'one', true, open), custom(second), 'two', true, open);
        expect(live).toMatchObject({ spec: second });
      }),
    );
  });

  it('what only one manager ever applied is gone when it applies nothing', () => {
    fc.assert(
      fc.property(tree, (only) => {
        const live = apply(undefined, custom(only), 'one', true, open);
        const emptied = apply(
          live,
          { apiVersion: 'apps/v1', kind: 'Custom', metadata: { name: 'c' } },
          'one',
          true,
          open,
        );
        expect(emptied['spec']).toBeUndefined();
      }),
    );
  });
});
