// The keywords of strings and numbers.
import { invalidValue, tooLong, typeInvalid } from '../field-error.ts';
import { Findings } from './findings.ts';
import { effectiveFormat, hasFormat } from './formats.ts';
import { goNumber } from './go-json.ts';
import { compilePattern } from './patterns.ts';
import type { Schema } from './schema.ts';

/** Length and pattern (the first that fails), then the format. Lengths count characters. */
export function stringFindings(value: string, schema: Schema, path: string): Findings {
  const result = new Findings();
  addTextFault(result, value, schema, path);
  const format = effectiveFormat(schema);
  if (format !== undefined && !hasFormat(format, value)) {
    const message = `${path} in body must be of type ${format}: ${JSON.stringify(value)}`;
    result.add(message, typeInvalid(path, value, message));
  }
  return result;
}

function addTextFault(result: Findings, value: string, schema: Schema, path: string): void {
  const length = Array.from(value).length;
  const { minLength, maxLength, pattern = '' } = schema;
  if (maxLength !== undefined && length > maxLength) {
    result.add(`${path} in body should be at most ${maxLength} chars long`, tooLong(path, maxLength));
    return;
  }
  const say = (detail: string): void => result.add(detail, invalidValue(path, value, detail));
  if (minLength !== undefined && length < minLength) say(`${path} in body should be at least ${minLength} chars long`);
  else if (pattern !== '' && compilePattern(pattern)?.test(value) !== true)
    say(`${path} in body should match '${pattern}'`);
}

/** multipleOf, minimum and maximum. Bounds of a whole number are cut to whole numbers. */
export function numberFindings(value: number, schema: Schema, path: string): Findings {
  const result = new Findings();
  const whole = Number.isInteger(value);
  const bound = (limit: number): number => (whole ? Math.trunc(limit) : limit);
  const say = (detail: string): void => {
    const message = `${path} in body should be ${detail}`;
    result.add(message, invalidValue(path, value, message));
  };
  const { minimum, maximum, multipleOf } = schema;
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) say(`a multiple of ${goNumber(multipleOf)}`);
  if (minimum !== undefined) {
    const limit = bound(minimum);
    if (schema.exclusiveMinimum === true ? value <= limit : value < limit)
      say(`greater than ${schema.exclusiveMinimum === true ? '' : 'or equal to '}${goNumber(limit)}`);
  }
  if (maximum !== undefined) {
    const limit = bound(maximum);
    if (schema.exclusiveMaximum === true ? value >= limit : value > limit)
      say(`less than ${schema.exclusiveMaximum === true ? '' : 'or equal to '}${goNumber(limit)}`);
  }
  result.matched += 1;
  return result;
}

function isMultiple(value: number, factor: number): boolean {
  if (factor <= 0) return false;
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  // Whole within the precision of a double, as Go's swag.IsFloat64AJSONInteger counts.
  const nearest = Math.round(quotient);
  return Math.abs(quotient - nearest) <= 1e-9 * Math.max(1, Math.abs(quotient));
}
