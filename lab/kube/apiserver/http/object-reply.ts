// Results of operations as answers: the object, its metadata alone, or the Table that kubectl prints.
import type { Core, Scope } from '../core.ts';
import { inVersion, jsonInVersion } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, objectsAt } from '../json.ts';
import type { ListPage } from '../operations/read.ts';
import { shown } from '../operations/read.ts';
import type { Definition } from '../registry/definition.ts';
import type { StoredObject } from '../storage/store.ts';
import { buildTable } from '../table/table.ts';
import { listSlices } from './list-body.ts';
import type { Form } from './negotiation.ts';
import { includeObjectOf, notAcceptable } from './negotiation.ts';
import { partialMetadata, partialMetadataList } from './partial-metadata.ts';
import type { Reply } from './reply.ts';
import { jsonReply } from './reply.ts';

/** What an answer is made for. */
export interface Asked {
  readonly core: Core;
  readonly scope: Scope;
  readonly form: Form;
}

/** The answer with one object. Throws 406 when a list's form was asked for. */
export function objectReply(asked: Asked, stored: StoredObject, code: number): Reply {
  const { definition } = asked.scope;
  if (asked.form.convert === undefined) return { code, json: jsonInVersion(stored, definition) };
  return convertedReply(asked, inVersion(stored, definition), code);
}

/** As `objectReply`, for an object that is no longer stored. */
export function convertedReply(asked: Asked, object: ApiObject, code: number): Reply {
  const { form, scope } = asked;
  switch (form.convert) {
    case undefined:
      return jsonReply(object, code);
    case 'Table':
      return jsonReply(table(asked, [object], { resourceVersion: object.metadata.resourceVersion ?? '' }), code);
    case 'PartialObjectMetadata':
      return jsonReply(partialMetadata(object, form.metaVersion), code);
    case 'PartialObjectMetadataList':
      throw notAcceptable(
        `you requested PartialObjectMetadataList, but the requested object is not a list (${goType(scope.definition, scope.definition.kind)})`,
      );
  }
}

/** The answer with a list. Throws 406 when one object's form was asked for. */
export function listReply(asked: Asked, page: ListPage): Reply {
  const { form, scope } = asked;
  const { definition } = scope;
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.continueToken === undefined ? {} : { continue: page.continueToken }),
    ...(page.continueToken === undefined || page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
  switch (form.convert) {
    case undefined: {
      const slices = (): Iterable<string> => listSlices(scope, page, metadata);
      return {
        code: 200,
        slices,
        get json() {
          return [...slices()].join('').trimEnd();
        },
      };
    }
    case 'Table':
      return jsonReply(table(asked, shown(page, definition), metadata));
    case 'PartialObjectMetadataList':
      return jsonReply(partialMetadataList(shown(page, definition), metadata, form.metaVersion));
    case 'PartialObjectMetadata':
      throw notAcceptable(
        `you requested PartialObjectMetadata, but the requested object is a list (${goType(definition, definition.listKind)})`,
      );
  }
}

function table({ core, scope, form }: Asked, objects: readonly ApiObject[], listMeta: JsonObject): JsonObject {
  const made = buildTable(scope.definition, objects, {
    includeObject: includeObjectOf(scope.query),
    now: core.clock.now(),
    headers: true,
    listMeta,
  });
  return form.metaVersion === 'v1' ? made : inOldVersion(made);
}

/** Rows carry metadata in the version of their Table. */
function inOldVersion(made: JsonObject): JsonObject {
  const apiVersion = 'meta.k8s.io/v1beta1';
  const rows = objectsAt(made, 'rows').map((row) => {
    const object = row['object'];
    if (!isObject(object) || object['kind'] !== 'PartialObjectMetadata') return row;
    return { ...row, object: { ...object, apiVersion } };
  });
  return { ...made, apiVersion, rows };
}

/** The name of a kind's type inside a real server, which its answer quotes. */
function goType({ custom, group }: Definition, kind: string): string {
  if (custom) return `*unstructured.Unstructured${kind.endsWith('List') ? 'List' : ''}`;
  const name = group === '' || group === 'events.k8s.io' ? 'core' : (group.split('.')[0] ?? group);
  return `*${name}.${kind}`;
}
