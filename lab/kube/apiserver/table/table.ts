// The Table form of objects and lists, which kubectl asks for to print.
import type { ApiObject, JsonObject } from '../json.ts';
import type { Column, Definition } from '../registry/definition.ts';
import { podRowConditions } from './pod-columns.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

interface TableOptions {
  readonly includeObject: IncludeObject;
  readonly now: Date;
  /** Watches send the columns with their first event only. */
  readonly headers: boolean;
  readonly listMeta: JsonObject;
}

const descriptionOf = (column: Column): string => column.description ?? '';

/** A meta.k8s.io/v1 Table of objects. */
export function buildTable(definition: Definition, objects: readonly ApiObject[], options: TableOptions): JsonObject {
  const columns = definition.columns;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.listMeta,
    columnDefinitions: options.headers
      ? columns.map((column) => ({
          name: column.name,
          type: column.type,
          format: column.format ?? '',
          description: descriptionOf(column),
          priority: column.priority ?? 0,
        }))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.value(object, options.now) ?? null),
      ...rowConditions(definition, object),
      ...rowObject(object, options.includeObject),
    })),
  };
}

function rowConditions({ group, kind }: Definition, object: ApiObject): JsonObject {
  const conditions = group === '' && kind === 'Pod' ? podRowConditions(object) : [];
  return conditions.length === 0 ? {} : { conditions };
}

function rowObject(object: ApiObject, include: IncludeObject): JsonObject {
  switch (include) {
    case 'None':
      // Go's omitempty does not leave out a struct.
      return { object: null };
    case 'Object':
      return { object };
    case 'Metadata':
      return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata } };
  }
}
