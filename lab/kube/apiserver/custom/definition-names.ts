// The names of a CustomResourceDefinition: their form, and which of them no other definition of the group holds yet.
import type { FieldError } from '../field-error.ts';
import { invalidValue, required } from '../field-error.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { equalJson, objectAt, stringAt, stringsAt } from '../json.ts';
import { dns1035NameFault } from '../names.ts';
import type { Condition } from './definition-conditions.ts';

/** Faults of the form of `names`; what is empty has none. */
export function nameFaults(names: JsonObject, path: string): FieldError[] {
  const plain = (field: string, value: string): FieldError[] => {
    const fault = value === '' ? undefined : dns1035NameFault(value);
    return fault === undefined ? [] : [invalidValue(`${path}.${field}`, value, fault)];
  };
  const mixed = (field: string): FieldError[] => {
    const value = stringAt(names, field) ?? '';
    const fault = value === '' ? undefined : dns1035NameFault(value.toLowerCase());
    return fault === undefined
      ? []
      : [invalidValue(`${path}.${field}`, value, `may have mixed case, but should otherwise match: ${fault}`)];
  };
  const kind = stringAt(names, 'kind') ?? '';
  return [
    ...plain('plural', stringAt(names, 'plural') ?? ''),
    ...plain('singular', stringAt(names, 'singular') ?? ''),
    ...mixed('kind'),
    ...mixed('listKind'),
    ...stringsAt(names, 'shortNames').flatMap((name, index) => listed('shortNames', name, index)),
    ...(kind !== '' && kind === names['listKind']
      ? [invalidValue(`${path}.listKind`, kind, 'kind and listKind may not be the same')]
      : []),
    ...stringsAt(names, 'categories').flatMap((name, index) => listed('categories', name, index)),
  ];

  function listed(field: string, value: string, index: number): FieldError[] {
    const fault = dns1035NameFault(value);
    return fault === undefined ? [] : [invalidValue(`${path}.${field}[${index}]`, value, fault)];
  }
}

/** Names that a definition cannot be without. */
export const missingNameFaults = (names: JsonObject, path: string): FieldError[] =>
  ['plural', 'singular', 'kind', 'listKind'].flatMap((field) =>
    (stringAt(names, field) ?? '') === '' ? [required(`${path}.${field}`)] : [],
  );

interface NameDecision {
  readonly acceptedNames: JsonObject;
  readonly condition: Condition;
}

/** Which names of `crd` are accepted beside the other definitions of its group. What was accepted before stays so. */
export function decideNames(crd: ApiObject, others: readonly ApiObject[]): NameDecision {
  const accepted = others.map((other) => objectAt(other, 'status', 'acceptedNames'));
  const resources = new Set(
    accepted.flatMap((names) => [
      stringAt(names, 'plural') ?? '',
      stringAt(names, 'singular') ?? '',
      ...stringsAt(names, 'shortNames'),
    ]),
  );
  const kinds = new Set(
    accepted.flatMap((names) => [stringAt(names, 'kind') ?? '', stringAt(names, 'listKind') ?? '']),
  );
  const asked = objectAt(crd, 'spec', 'names');
  const before = objectAt(crd, 'status', 'acceptedNames');
  const next: JsonObject = { ...before };
  let conflict: Pick<Condition, 'reason' | 'message'> | undefined;

  const decide = (field: string, reason: string, taken: ReadonlySet<string>): void => {
    const name = stringAt(asked, field) ?? '';
    if (name !== (stringAt(before, field) ?? '') && taken.has(name)) conflict = { reason, message: inUse(name) };
    else if (name !== '') next[field] = name;
  };
  const decideShortNames = (): void => {
    const own = stringsAt(before, 'shortNames');
    const names = stringsAt(asked, 'shortNames');
    if (equalJson(own, names)) return;
    const taken = names.filter((name) => !own.includes(name) && resources.has(name)).map(inUse);
    if (taken.length > 0)
      conflict = { reason: 'ShortNamesConflict', message: taken.length === 1 ? taken.join() : `[${taken.join(', ')}]` };
    else if (names.length > 0) next['shortNames'] = names;
    else delete next['shortNames'];
  };

  decide('plural', 'PluralConflict', resources);
  decide('singular', 'SingularConflict', resources);
  decideShortNames();
  decide('kind', 'KindConflict', kinds);
  decide('listKind', 'ListKindConflict', kinds);
  if (asked['categories'] === undefined) delete next['categories'];
  else next['categories'] = asked['categories'];
  return {
    acceptedNames: next,
    condition: {
      type: 'NamesAccepted',
      ...(conflict === undefined
        ? { status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
        : { status: 'False', ...conflict }),
    },
  };
}

const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`;
