// Everything that can be wrong with the schema of one version, in the order in which it is reported.
import type { FieldError } from '../field-error.ts';
import { forbiddenField, invalidValue } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { shownJson } from '../schema/go-json.ts';
import type { Schema } from '../schema/schema.ts';
import { defaultFaults } from './schema-defaults.ts';
import { isUnstructurable, keywordFaults } from './schema-keywords.ts';
import { structureFaults } from './schema-structure.ts';
import { ruleDefinitionFaults } from './rule-definitions.ts';

/** What may be said at the root when the status is a subresource: its schema is taken out of `properties`. */
const AT_ROOT: readonly (readonly [string, string])[] = [
  ['Description', 'description'],
  ['Type', 'type'],
  ['Format', 'format'],
  ['Title', 'title'],
  ['Maximum', 'maximum'],
  ['ExclusiveMaximum', 'exclusiveMaximum'],
  ['Minimum', 'minimum'],
  ['ExclusiveMinimum', 'exclusiveMinimum'],
  ['MaxLength', 'maxLength'],
  ['MinLength', 'minLength'],
  ['Pattern', 'pattern'],
  ['MaxItems', 'maxItems'],
  ['MinItems', 'minItems'],
  ['UniqueItems', 'uniqueItems'],
  ['MultipleOf', 'multipleOf'],
  ['Required', 'required'],
  ['Items', 'items'],
  ['Properties', 'properties'],
  ['ExternalDocs', 'externalDocs'],
  ['Example', 'example'],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields'],
  ['XValidations', 'x-kubernetes-validations'],
];

interface SchemaContext {
  /** Has the version a status subresource? */
  readonly hasStatus: boolean;
  readonly objectMeta: Schema;
}

/** Faults of a version's schema at `path`. Defaults are looked at once the structure is right, and rules once everything else is. */
export function schemaFaults(schema: JsonObject, path: string, { hasStatus, objectMeta }: SchemaContext): FieldError[] {
  const rootFaults = [
    ...(hasStatus ? statusRootFaults(schema, path) : []),
    ...(schema['nullable'] === true ? [forbiddenField(`${path}.nullable`, 'nullable cannot be true at the root')] : []),
  ];
  const shape = isUnstructurable(schema) ? [] : shapeFaults(schema, path, objectMeta);
  const faults = [...rootFaults, ...shape, ...keywordFaults(schema, path)];
  return faults.length > 0 ? faults : ruleDefinitionFaults(schema, path);
}

function shapeFaults(schema: JsonObject, path: string, objectMeta: Schema): FieldError[] {
  const structure = structureFaults(schema, path);
  return structure.length > 0 ? structure : defaultFaults(schema, path, objectMeta);
}

function statusRootFaults(schema: JsonObject, path: string): FieldError[] {
  if (schema['type'] !== undefined && schema['type'] !== 'object')
    return [
      invalidValue(
        `${path}.type`,
        schema['type'],
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      ),
    ];
  const allowed = AT_ROOT.map(([, name]) => name);
  const stranger = Object.keys(schema).find((name) => !allowed.includes(name) && schema[name] !== false);
  const names = AT_ROOT.map(([name]) => name).join(' ');
  return stranger === undefined
    ? []
    : [
        invalidValue(
          path,
          shownJson(schema),
          `only [${names}] fields are allowed at the root of the schema if the status subresource is enabled`,
        ),
      ];
}
