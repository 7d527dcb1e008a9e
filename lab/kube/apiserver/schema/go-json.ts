// JSON values in Go's notation, as messages about custom resources show lists and objects (`map[string]interface {}{"name":"a"}`).
import { ShownValue } from '../field-error.ts';
import { isObject } from '../json.ts';

/** A number as Go's `%v` prints it. */
export function goNumber(value: number): string {
  const text = String(value);
  const [, digits, sign, exponent] = /^(-?[\d.]+)e([+-])(\d+)$/.exec(text) ?? [];
  if (digits !== undefined && exponent !== undefined) return `${digits}e${sign}${exponent.padStart(2, '0')}`;
  // Go turns to exponents below 1e-4, JavaScript below 1e-6.
  if (value === 0 || Math.abs(value) >= 1e-4) return text;
  const [mantissa = '', small = ''] = value.toExponential().split('e-');
  return `${mantissa}e-${small.padStart(2, '0')}`;
}

/** Strings, numbers and booleans as they are; lists and objects in the notation that field errors show. */
export function shownJson(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? new ShownValue(goJson(value)) : value;
}

function goJson(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goJson).join(', ')}}`;
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${goJson(value[name])}`);
    return `map[string]interface {}{${members.join(', ')}}`;
  }
  return typeof value === 'number' ? goNumber(value) : JSON.stringify(value);
}
