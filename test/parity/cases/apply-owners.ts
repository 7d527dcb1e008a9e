// Reading managedFields in cases.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly time?: string;
  readonly fieldsType: string;
  readonly fieldsV1: object;
  readonly subresource?: string;
}

/** The entries of an object's managedFields. */
export const entriesOf = (body: Answer['body']): readonly Entry[] => body['metadata'].managedFields ?? [];

/** The one entry of a manager, or `undefined`. Throws when there are several. */
export function ownerOf(body: Answer['body'], manager: string): Entry | undefined {
  const entries = entriesOf(body).filter((entry) => entry.manager === manager);
  assert.ok(entries.length < 2, `${manager} has ${entries.length} entries`);
  return entries[0];
}

/** What a manager owns, as FieldsV1. */
export const owned = (body: Answer['body'], manager: string): unknown => ownerOf(body, manager)?.fieldsV1;

/** FieldsV1 of a manager as text: the order counts. */
export const ownedText = (body: Answer['body'], manager: string): string => JSON.stringify(owned(body, manager));
