// Building blocks of printed columns, shared by all kinds.
import type { ApiObject } from '../json.ts';
import { objectAt, objectsAt, stringAt, stringMapAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { formatSelector, selectorFromObject } from '../selection/label-selector.ts';
import { fieldDescriptions } from './descriptions.ts';
import { ageOf } from './duration.ts';

const { objectMeta } = fieldDescriptions;

type Value = (object: ApiObject, now: Date) => unknown;

/** A column of type string, whatever its cells are: several print numbers. */
export const text = (name: string, value: Value, description = ''): Column => ({
  name,
  type: 'string',
  description,
  value,
});
/** A column of type integer. */
export const number = (name: string, value: Value, description = ''): Column => ({
  name,
  type: 'integer',
  description,
  value,
});
/** Shows a column with `-o wide` only. */
export const wide = (column: Column): Column => ({ ...column, priority: 1 });

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: objectMeta.name,
  value: (object) => object.metadata.name,
};
export const ageColumn: Column = text(
  'Age',
  (object, now) => ageOf(object.metadata.creationTimestamp, now),
  objectMeta.creationTimestamp,
);
export const createdColumn: Column = {
  name: 'Created At',
  type: 'date',
  description: objectMeta.creationTimestamp,
  value: (object) => object.metadata.creationTimestamp ?? '',
};

/** The description of `2/3` under Ready. */
export const readyPods = 'Number of the pod with ready state';

/** What kinds without columns of their own print. */
export const defaultColumns: readonly Column[] = [nameColumn, createdColumn];

/** Containers and images of anything with a Pod template. */
export const containerColumns: readonly Column[] = [
  wide(text('Containers', (object) => joined(object, 'name'), 'Names of each container in the template.')),
  wide(text('Images', (object) => joined(object, 'image'), 'Images referenced by each container in the template.')),
];

/** Containers, images and selector of anything with a Pod template. */
export const workloadColumns = (selectorDescription: string): readonly Column[] => [
  ...containerColumns,
  wide(
    text(
      'Selector',
      (object) => formatSelector(selectorFromObject(objectAt(object, 'spec', 'selector'))) || '<none>',
      selectorDescription,
    ),
  ),
];

function joined(object: ApiObject, member: string): string {
  return objectsAt(object, 'spec', 'template', 'spec', 'containers')
    .map((container) => stringAt(container, member) ?? '')
    .join(',');
}

/** `a=b,c=d` in the order of the keys, or `<none>`. */
export function labelsText(object: unknown, ...path: readonly string[]): string {
  const labels = Object.entries(stringMapAt(object, ...path)).sort(([left], [right]) => (left < right ? -1 : 1));
  return labels.length === 0 ? '<none>' : labels.map(([key, value]) => `${key}=${value}`).join(',');
}

/** A string member, or what stands for none. */
export const orElse =
  (fallback: string, ...path: readonly string[]) =>
  (object: ApiObject): string =>
    stringAt(object, ...path) || fallback;
