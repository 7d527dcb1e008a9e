// Query parameters that every write understands.
import type { Scope } from '../core.ts';
import type { FieldError } from '../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required, ShownValue, tooManyBytes } from '../field-error.ts';
import { invalid } from '../status.ts';

/** The options that a write's query spells out, by the name that errors about them carry. */
export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

const MAX_MANAGER_BYTES = 128;
const FIELD_VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'];

/** Throws 422 naming every parameter that is wrong (apimachinery, meta/v1/validation). `apply`: the write is an apply patch. */
export function checkWriteOptions(query: URLSearchParams, kind: OptionsKind, apply = false): void {
  const manager = query.get('fieldManager') ?? '';
  const errors = [
    ...(kind === 'PatchOptions' ? patchFaults(query, manager, apply) : []),
    ...managerFaults(manager),
    ...dryRunFaults(query.getAll('dryRun')),
    ...validationFaults(query.get('fieldValidation') ?? ''),
  ];
  if (errors.length > 0) throw invalid('meta.k8s.io', kind, '', errors);
}

function patchFaults(query: URLSearchParams, manager: string, apply: boolean): FieldError[] {
  if (apply) return manager === '' ? [required('fieldManager', 'is required for apply patch')] : [];
  return query.has('force') ? [forbiddenField('force', 'may not be specified for non-apply patch')] : [];
}

function managerFaults(manager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > MAX_MANAGER_BYTES) errors.push(tooManyBytes('fieldManager', MAX_MANAGER_BYTES));
  let position = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      const shown = new ShownValue(goQuoted(manager));
      errors.push(invalidValue('fieldManager', shown, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(character);
  }
  return errors;
}

const isPrintable = (character: string): boolean => character === ' ' || !/[\p{C}\p{Z}]/u.test(character);

/** Control characters in the short forms of Go's %q. */
function goQuoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };
  const characters = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (Object.hasOwn(escapes, character)) return escapes[character];
    if (isPrintable(character)) return character;
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${characters.join('')}"`;
}

function dryRunFaults(values: readonly string[]): FieldError[] {
  if (values.every((value) => value === 'All')) return [];
  const shown = new ShownValue(`[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`);
  return [notSupported('dryRun', shown, ['All'])];
}

const validationFaults = (value: string): FieldError[] =>
  FIELD_VALIDATIONS.includes(value) ? [] : [notSupported('fieldValidation', value, FIELD_VALIDATIONS)];

/** How nearly all clients are called: nothing in it needs to be left out. */
const PLAIN_MANAGER = /^[!-~]{1,128}$/;

/** The manager recorded for a write: the `fieldManager` parameter, else the client's name without what cannot be printed. */
export function fieldManagerOf(scope: Pick<Scope, 'query' | 'userAgent'>): string {
  const asked = scope.query.get('fieldManager') ?? '';
  if (asked !== '') return asked;
  const client = scope.userAgent.split('/')[0] ?? '';
  if (PLAIN_MANAGER.test(client)) return client;
  let manager = '';
  for (const character of client) {
    if (!isPrintable(character)) continue;
    if (Buffer.byteLength(manager + character) > MAX_MANAGER_BYTES) break;
    manager += character;
  }
  return manager === '' ? 'unknown' : manager;
}

/** Is everything to be done except storing? */
export const isDryRun = (query: URLSearchParams): boolean => query.getAll('dryRun').length > 0;

/** Takes an apply what others own? Anything but `false` and `0` says yes. */
export function isForced(query: URLSearchParams): boolean {
  const asked = query.get('force')?.toLowerCase();
  return asked !== undefined && asked !== 'false' && asked !== '0';
}
