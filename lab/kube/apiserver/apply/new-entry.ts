// The entry of managedFields for the creator of an object, kept for those who create its likes at the same time.
import type { JsonObject } from '../json.ts';
import type { Writer } from './managers.ts';
import { entryOf } from './managers.ts';

/** What the creator of an object owns. */
export interface NewFields {
  /** In the form of `fieldsV1`. Shared: not to be changed. */
  readonly fields: JsonObject;
  /** The creator's entry with its JSON text. Frozen, since everything that a writer creates within a second shares it. */
  entryOf(writer: Writer): NewEntry;
}

export interface NewEntry {
  readonly entry: JsonObject;
  readonly text: string;
}

/** Fields with the entries that were made of them. */
export function createNewEntries(fields: JsonObject): NewFields {
  const fieldsText = JSON.stringify(fields);
  let last: (NewEntry & { readonly writer: Writer }) | undefined;
  return {
    fields,
    entryOf(writer) {
      if (last !== undefined && isSameWriter(last.writer, writer)) return last;
      const entry = Object.freeze(entryOf(writer, 'Update', fields));
      const others = JSON.stringify({ ...entry, fieldsV1: undefined });
      last = { writer, entry, text: `${others.slice(0, -1)},"fieldsV1":${fieldsText}}` };
      return last;
    },
  };
}

const isSameWriter = (one: Writer, other: Writer): boolean =>
  one.time === other.time &&
  one.manager === other.manager &&
  one.apiVersion === other.apiVersion &&
  one.subresource === other.subresource;
