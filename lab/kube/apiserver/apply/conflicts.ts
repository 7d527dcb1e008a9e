// The 409 of an apply that would take fields from other managers.
import { StatusError } from '../status.ts';
import type { FieldSet } from './field-set.ts';
import { printedPaths } from './field-set.ts';
import type { Owner } from './managers.ts';
import { ownerKey } from './managers.ts';

/** An owner, and what the apply would take from it. */
export interface Contested {
  readonly owner: Owner;
  readonly fields: FieldSet;
}

/** Names every field with its manager, managers in the order of their identities (managedfields/internal/conflict.go). */
export function conflictError(contested: readonly Contested[]): StatusError {
  const sorted = [...contested].sort((left, right) => (ownerKey(left.owner) < ownerKey(right.owner) ? -1 : 1));
  const conflicts = sorted.flatMap(({ owner, fields }) =>
    printedPaths(fields).map((field) => ({ who: printedOwner(owner), field })),
  );
  const [first] = conflicts;
  const list =
    conflicts.length === 1
      ? `1 conflict: conflict with ${first?.who}: ${first?.field}`
      : `${conflicts.length} conflicts: ${sorted.map(group).join('\n')}`;
  return new StatusError(409, 'Conflict', `Apply failed with ${list}`, {
    causes: conflicts.map(({ who, field }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${who}`,
      field,
    })),
  });
}

const group = ({ owner, fields }: Contested): string =>
  [`conflicts with ${printedOwner(owner)}:`, ...printedPaths(fields).map((field) => `- ${field}`)].join('\n');

function printedOwner({ manager, operation, apiVersion, subresource }: Owner): string {
  const name = `${JSON.stringify(manager)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
