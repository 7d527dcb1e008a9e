// From a CustomResourceDefinition object to the resources it serves, one for each served version.
import { metadataFields } from '../builtin/selectable-fields.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { objectAt, objectsAt, plainText, stringAt, stringsAt, valueAt } from '../json.ts';
import type { Definition, RuleContext, Rules, ScalePaths, Subresource } from '../registry/definition.ts';
import type { Schema } from '../schema/schema.ts';
import type { CustomVersions } from './custom-object.ts';
import { customObjects } from './custom-object.ts';
import type { FieldReaders } from '../selection/field-selector.ts';
import { byVersionPriority } from '../registry/version-priority.ts';
import { StatusError } from '../status.ts';
import { isTrue } from './definition-conditions.ts';
import { parseJsonPath, plainPath } from './json-path.ts';
import { compileRules } from './rules-check.ts';
import { printerColumns } from './printer-columns.ts';

/** The served resources of a definition that passed validation and whose names are accepted. */
export function definitionsOf(crd: ApiObject, objectMeta: Schema): readonly Definition[] {
  const versions = customVersions(crd, objectMeta);
  return objectsAt(crd, 'spec', 'versions')
    .filter((version) => version['served'] === true)
    .map((version) => definitionOf(crd, version, versions));
}

function customVersions(crd: ApiObject, objectMeta: Schema): CustomVersions {
  const versions = objectsAt(crd, 'spec', 'versions');
  const storage = versions.find((version) => version['storage'] === true);
  return {
    group: stringAt(crd, 'spec', 'group') ?? '',
    storage: stringAt(storage, 'name') ?? '',
    schemas: new Map(
      versions.map((version) => [
        stringAt(version, 'name') ?? '',
        objectAt(version, 'schema', 'openAPIV3Schema') as Schema,
      ]),
    ),
    objectMeta,
  };
}

function definitionOf(crd: ApiObject, version: JsonObject, versions: CustomVersions): Definition {
  // Only names that no other definition holds are served.
  const names = objectAt(crd, 'status', 'acceptedNames');
  const kind = stringAt(names, 'kind') ?? '';
  const group = stringAt(crd, 'spec', 'group') ?? '';
  const namespaced = stringAt(crd, 'spec', 'scope') === 'Namespaced';
  const subresources: Subresource[] = [];
  if (valueAt(version, 'subresources', 'status') !== undefined) subresources.push('status');
  const scale = scalePaths(objectAt(version, 'subresources', 'scale'));
  if (scale !== undefined) subresources.push('scale');
  const versionName = stringAt(version, 'name') ?? '';
  const objects = customObjects(versionName, versions);
  const schema = withMetadata(objects.schema, versions.objectMeta);
  const plural = stringAt(names, 'plural') ?? '';
  return {
    group,
    version: versionName,
    plural,
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
    objects,
    view: { stored: { group, plural }, toStored: objects.store, fromStored: objects.show },
    fields: { ...metadataFields(namespaced), ...selectableFields(version) },
    columns: printerColumns(objectsAt(version, 'additionalPrinterColumns')),
    rules: rulesOf(crd),
    ...(scale === undefined ? {} : { scale }),
    ...deprecation(version, crd, kind),
  };
}

function rulesOf(crd: ApiObject): Rules {
  return {
    tracksGeneration: true,
    prepareCreate(object, context) {
      // Looked up each time: what is served does not change while its definition goes.
      const current = context.find('apiextensions.k8s.io', 'customresourcedefinitions', undefined, crd.metadata.name);
      if (current !== undefined && isTrue(current, 'Terminating'))
        throw new StatusError(
          405,
          'MethodNotAllowed',
          'create not allowed while custom resource definition is terminating',
        );
      warnOfFinalizers(object.metadata.finalizers ?? [], context);
    },
    prepareUpdate(object, old, context) {
      const before = old.metadata.finalizers ?? [];
      warnOfFinalizers(
        (object.metadata.finalizers ?? []).filter((finalizer) => !before.includes(finalizer)),
        context,
      );
    },
  };
}

const STANDARD_FINALIZERS = ['orphan', 'foregroundDeletion', 'kubernetes'];

function warnOfFinalizers(added: readonly string[], { warn }: RuleContext): void {
  for (const finalizer of [...added].sort())
    if (!finalizer.includes('/') && !STANDARD_FINALIZERS.includes(finalizer))
      warn(
        `metadata.finalizers: ${JSON.stringify(finalizer)}: prefer a domain-qualified finalizer name to avoid accidental conflicts ` +
          'with other finalizer writers',
      );
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

/** Without words of its own the warning names the best version that is not deprecated, if that is a better one. */
function deprecation(version: JsonObject, crd: ApiObject, kind: string): { deprecationWarning?: string } {
  if (version['deprecated'] !== true) return {};
  const own = stringAt(version, 'deprecationWarning');
  if (own !== undefined) return { deprecationWarning: own };
  const group = stringAt(crd, 'spec', 'group') ?? '';
  const name = stringAt(version, 'name') ?? '';
  const [better] = objectsAt(crd, 'spec', 'versions')
    .filter((other) => other['served'] === true && other['deprecated'] !== true)
    .map((other) => stringAt(other, 'name') ?? '')
    .filter((other) => byVersionPriority(other, name) < 0)
    .sort(byVersionPriority);
  const use = better === undefined ? '' : `; use ${group}/${better} ${kind}`;
  return { deprecationWarning: `${group}/${name} ${kind} is deprecated${use}` };
}
