// The generated CRDs are structural, keep unknown fields, and carry the documented names.
import { describe, expect, it } from 'vitest';
import { customResourceDefinition, type JsonObject, type JsonValue } from './crd.ts';
import { type KindDefinition, kinds } from './kinds.ts';

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const at = (value: JsonValue | undefined, ...path: (string | number)[]): JsonValue | undefined =>
  path.reduce<JsonValue | undefined>((current, key) => {
    if (Array.isArray(current)) return current[Number(key)];
    return isObject(current) ? current[key] : undefined;
  }, value);

const schemaOf = (kind: KindDefinition): JsonValue | undefined =>
  at(customResourceDefinition(kind), 'spec', 'versions', 0, 'schema', 'openAPIV3Schema');

const byKind = (name: string): KindDefinition => {
  const found = kinds.find(({ resource }) => resource.kind === name);
  if (found === undefined) throw new Error(name);
  return found;
};

/** The rules that an API server has for structural schemas: a type everywhere, no choice keywords, no reference. */
function structuralProblems(schema: JsonValue | undefined, path: string): readonly string[] {
  if (!isObject(schema)) return [`${path}: no schema`];
  const problems: string[] = [];
  if (typeof schema['type'] !== 'string') problems.push(`${path}: no type`);
  for (const banned of [
    'oneOf',
    'anyOf',
    'allOf',
    'not',
    '$ref',
    '$schema',
    'definitions',
    'const',
    'exclusiveMinimum',
    'propertyNames',
    'format',
  ])
    if (banned in schema) problems.push(`${path}: ${banned}`);
  if ('properties' in schema && 'additionalProperties' in schema)
    problems.push(`${path}: properties and additionalProperties`);
  const properties = schema['properties'];
  if (isObject(properties))
    for (const [name, child] of Object.entries(properties))
      problems.push(...structuralProblems(child, `${path}.${name}`));
  for (const name of Array.isArray(schema['required']) ? schema['required'] : [])
    if (!isObject(properties) || typeof name !== 'string' || !(name in properties))
      problems.push(`${path}: requires ${JSON.stringify(name)}, which it does not have`);
  if (schema['type'] === 'array') problems.push(...structuralProblems(schema['items'], `${path}[]`));
  if ('additionalProperties' in schema)
    problems.push(...structuralProblems(schema['additionalProperties'], `${path}{}`));
  return problems;
}

describe.each(kinds.map((kind) => [kind.resource.kind, kind] as const))('the CRD of %s', (_name, kind) => {
  it('is structural', () => {
    expect(structuralProblems(schemaOf(kind), 'root')).toEqual([]);
  });

  it('keeps unknown fields of spec and status', () => {
    for (const part of ['spec', 'status'])
      expect(at(schemaOf(kind), 'properties', part, 'x-kubernetes-preserve-unknown-fields')).toBe(true);
  });

  it('merges conditions by type, so that two programs can own one each', () => {
    const conditions = at(schemaOf(kind), 'properties', 'status', 'properties', 'conditions');
    expect(at(conditions, 'x-kubernetes-list-type')).toBe('map');
    expect(at(conditions, 'x-kubernetes-list-map-keys')).toEqual(['type']);
  });

  it('has a status subresource, printer columns that end with the age, and at least one rule', () => {
    const version = at(customResourceDefinition(kind), 'spec', 'versions', 0);
    expect(at(version, 'subresources')).toEqual({ status: {} });
    expect(kind.columns.at(-1)?.name).toBe('Age');
    expect(at(schemaOf(kind), 'properties', 'spec', 'x-kubernetes-validations', 0, 'rule')).toBeTypeOf('string');
  });
});

describe('the kinds', () => {
  it('have the documented names, short names and scopes', () => {
    const rows = kinds.map(({ resource, singular, shortNames }) => [
      resource.kind,
      resource.plural,
      singular,
      shortNames.join(),
      resource.namespaced,
    ]);
    expect(rows).toEqual([
      ['NodeENIConfig', 'nodeeniconfigs', 'nodeeniconfig', 'nec', false],
      ['VpcENI', 'vpcenis', 'vpceni', 'veni', false],
      ['VpcIP', 'vpcips', 'vpcip', 'vip', false],
      ['VpcIPClaim', 'vpcipclaims', 'vpcipclaim', 'vipc', true],
      ['EIPClaim', 'eipclaims', 'eipclaim', 'eipc', true],
      ['SecurityGroupPolicy', 'securitygrouppolicies', 'securitygrouppolicy', 'sgp', true],
    ]);
  });

  it('let nothing of VpcENI.spec change but the groups and the record of their change', () => {
    const guarded = byKind('VpcENI').rules.map(({ message }) => message.split(' ')[0]);
    const fields = Object.keys(byKind('VpcENI').spec.shape).filter(
      (name) => name !== 'securityGroups' && name !== 'groupChange',
    );
    expect(new Set(guarded)).toEqual(new Set(fields));
  });
});
