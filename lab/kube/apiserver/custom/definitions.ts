// From a CustomResourceDefinition object to the resources it serves, one for each served version.
import { metadataFields } from '../builtin/selectable-fields.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { objectAt, objectsAt, plainText, stringAt, stringsAt, valueAt } from '../json.ts';
import type { Definition, ScalePaths, Subresource } from '../registry/definition.ts';
import type { Schema } from '../schema/schema.ts';
import type { FieldReaders } from '../selection/field-selector.ts';
import { parseJsonPath, plainPath } from './json-path.ts';
import { compileRules } from './rules-check.ts';
import { printerColumns } from './printer-columns.ts';

/** The served resources of a definition that passed validation. */
export function definitionsOf(crd: ApiObject, objectMeta: Schema): readonly Definition[] {
  return objectsAt(crd, 'spec', 'versions')
    .filter((version) => version['served'] === true)
    .map((version) => definitionOf(crd, version, objectMeta));
}

function definitionOf(crd: ApiObject, version: JsonObject, objectMeta: Schema): Definition {
  const names = objectAt(crd, 'spec', 'names');
  const kind = stringAt(names, 'kind') ?? '';
  const group = stringAt(crd, 'spec', 'group') ?? '';
  const namespaced = stringAt(crd, 'spec', 'scope') === 'Namespaced';
  const subresources: Subresource[] = [];
  if (valueAt(version, 'subresources', 'status') !== undefined) subresources.push('status');
  const scale = scalePaths(objectAt(version, 'subresources', 'scale'));
  if (scale !== undefined) subresources.push('scale');
  const versionName = stringAt(version, 'name') ?? '';
  const schema = withMetadata(valueAt(version, 'schema', 'openAPIV3Schema') as Schema, objectMeta);
  return {
    group,
    version: versionName,
    plural: stringAt(names, 'plural') ?? '',
    singular: stringAt(names, 'singular') ?? kind.toLowerCase(),
    kind,
    listKind: stringAt(names, 'listKind') ?? `${kind}List`,
    namespaced,
    shortNames: stringsAt(names, 'shortNames'),
    categories: stringsAt(names, 'categories'),
    subresources,
    schema,
    validations: compileRules(schema),
    custom: true,
    fields: { ...metadataFields(namespaced), ...selectableFields(version) },
    columns: printerColumns(objectsAt(version, 'additionalPrinterColumns')),
    rules: { tracksGeneration: true },
    ...(scale === undefined ? {} : { scale }),
    ...deprecation(version, `${group}/${versionName} ${kind}`),
  };
}

/** apiVersion, kind and metadata are always known, whatever the schema says of them. */
function withMetadata(schema: Schema, objectMeta: Schema): Schema {
  return {
    ...schema,
    properties: {
      ...schema.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: objectMeta,
    },
  };
}

function scalePaths(scale: JsonObject): ScalePaths | undefined {
  const specReplicas = plainPath(stringAt(scale, 'specReplicasPath') ?? '');
  const statusReplicas = plainPath(stringAt(scale, 'statusReplicasPath') ?? '');
  if (specReplicas === undefined || statusReplicas === undefined || specReplicas.length === 0) return undefined;
  const selector = stringAt(scale, 'labelSelectorPath');
  return { specReplicas, statusReplicas, selector: selector === undefined ? undefined : plainPath(selector) };
}

function selectableFields(version: JsonObject): FieldReaders {
  return Object.fromEntries(
    objectsAt(version, 'selectableFields').map((field) => {
      const path = stringAt(field, 'jsonPath') ?? '';
      const parsed = parseJsonPath(path);
      return [path.replace(/^\./, ''), (object: ApiObject): string => plainText(parsed?.evaluate(object)[0])];
    }),
  );
}

function deprecation(version: JsonObject, what: string): { deprecationWarning?: string } {
  if (version['deprecated'] !== true) return {};
  return { deprecationWarning: stringAt(version, 'deprecationWarning') ?? `${what} is deprecated` };
}
