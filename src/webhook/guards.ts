// Questions about the form of JSON, for what is looked at on the way of every Pod without being taken apart.

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isText = (value: unknown): value is string => typeof value === 'string';
export const isNone = (value: unknown): value is null | undefined => value === null || value === undefined;
export const isTextOrNone = (value: unknown): boolean => isNone(value) || isText(value);
