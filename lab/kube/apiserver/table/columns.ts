// Building blocks of printed columns, shared by all kinds.
import type { ApiObject } from '../json.ts';
import { objectAt, objectsAt, stringAt, stringMapAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { formatSelector, selectorFromObject } from '../selection/label-selector.ts';
import { ageOf } from './duration.ts';

/** A column of text. `wide` shows it with `-o wide` only. */
export const text = (name: string, value: (object: ApiObject, now: Date) => unknown): Column => ({
  name,
  type: 'string',
  value,
});
export const number = (name: string, value: (object: ApiObject) => unknown): Column => ({
  name,
  type: 'integer',
  value,
});
export const wide = (column: Column): Column => ({ ...column, priority: 1 });

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  value: (object) => object.metadata.name,
};
export const ageColumn: Column = text('Age', (object, now) => ageOf(object.metadata.creationTimestamp, now));
export const createdColumn: Column = {
  name: 'Created At',
  type: 'date',
  value: (object) => object.metadata.creationTimestamp ?? '',
};

/** Containers, images and selector of anything with a Pod template. */
export const workloadColumns: readonly Column[] = [
  wide(text('Containers', (object) => joined(object, 'name'))),
  wide(text('Images', (object) => joined(object, 'image'))),
  wide(
    text('Selector', (object) => formatSelector(selectorFromObject(objectAt(object, 'spec', 'selector'))) || '<none>'),
  ),
];

function joined(object: ApiObject, member: string): string {
  return objectsAt(object, 'spec', 'template', 'spec', 'containers')
    .map((container) => stringAt(container, member) ?? '')
    .join(',');
}

/** `a=b,c=d`, or `<none>`. */
export function labelsText(object: unknown, ...path: readonly string[]): string {
  const labels = Object.entries(stringMapAt(object, ...path));
  return labels.length === 0 ? '<none>' : labels.map(([key, value]) => `${key}=${value}`).join(',');
}

/** A string member, or what stands for none. */
export const orElse =
  (fallback: string, ...path: readonly string[]) =>
  (object: ApiObject): string =>
    stringAt(object, ...path) || fallback;
