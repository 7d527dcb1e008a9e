// Errors about one field of an object, with Kubernetes' wording and cause reasons.

export type FieldErrorType =
  | 'Required'
  | 'Invalid'
  | 'NotSupported'
  | 'Duplicate'
  | 'Forbidden'
  | 'NotFound'
  | 'TooLong'
  | 'TooMany'
  | 'TypeInvalid';

/** A value whose text in messages is written out, such as a struct in Go's notation (see `goValue`). */
export class ShownValue {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** One fault at `field` (`spec.containers[0].image`). `value` is the offending value where the wording shows it. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  readonly detail: string;
  readonly value?: unknown;
}

export const required = (field: string, detail = ''): FieldError => ({ type: 'Required', field, detail });
export const invalidValue = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'Invalid',
  field,
  value,
  detail,
});
export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'TypeInvalid',
  field,
  value,
  detail,
});
export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'Duplicate',
  field,
  value,
  detail: '',
});
export const forbiddenField = (field: string, detail: string): FieldError => ({ type: 'Forbidden', field, detail });
export const notFoundValue = (field: string, value: unknown): FieldError => ({
  type: 'NotFound',
  field,
  value,
  detail: '',
});
export const tooLong = (field: string, max: number): FieldError => ({
  type: 'TooLong',
  field,
  detail: `may not be longer than ${max}`,
});
/** Of values whose size counts in bytes, for example all annotations of an object. */
export const tooManyBytes = (field: string, max: number): FieldError => ({
  type: 'TooLong',
  field,
  detail: `must have at most ${max} bytes`,
});
export const tooMany = (field: string, count: number, max: number): FieldError => ({
  type: 'TooMany',
  field,
  value: count,
  detail: `must have at most ${max} items`,
});
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'NotSupported',
  field,
  value,
  detail: supported.length === 0 ? '' : `supported values: ${supported.map((word) => JSON.stringify(word)).join(', ')}`,
});

const words: Record<FieldErrorType, string> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  NotSupported: 'Unsupported value',
  Duplicate: 'Duplicate value',
  Forbidden: 'Forbidden',
  NotFound: 'Not found',
  TooLong: 'Too long',
  TooMany: 'Too many',
  TypeInvalid: 'Invalid value',
};

const reasons: Record<FieldErrorType, string> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  NotSupported: 'FieldValueNotSupported',
  Duplicate: 'FieldValueDuplicate',
  Forbidden: 'FieldValueForbidden',
  NotFound: 'FieldValueNotFound',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  TypeInvalid: 'FieldValueTypeInvalid',
};

/** The text after the field's name, e.g. `Invalid value: "X": must be lower case`. */
export function errorBody(error: FieldError): string {
  const head = words[error.type];
  const shown = Object.hasOwn(error, 'value') ? `${head}: ${shownValue(error.value)}` : head;
  return error.detail === '' ? shown : `${shown}: ${error.detail}`;
}

/** `spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field === '' ? '<nil>' : error.field}: ${errorBody(error)}`;
}

/** The entry of `details.causes` for an error. */
export function causeOf(error: FieldError): { reason: string; message: string; field: string } {
  return { reason: reasons[error.type], message: errorBody(error), field: error.field === '' ? '<nil>' : error.field };
}

function shownValue(value: unknown): string {
  // In quotes: a real server shows the word.
  if (value === undefined || value === null) return '"null"';
  if (value instanceof ShownValue) return value.text;
  return JSON.stringify(value);
}
