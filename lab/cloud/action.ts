// One action of the API: its name, its parameters as a schema, and what it does.
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { CloudCore } from './core.ts';
import type { Caller } from './identity/caller.ts';
import type { Directory, SimulatedAccount } from './identity/directory.ts';
import { guessParameter } from './parameter-guess.ts';

export type Service = 'vpc' | 'cvm' | 'tke' | 'tag' | 'cam' | 'sts';

/** The caller of one request. */
export interface ActionCall {
  readonly core: CloudCore;
  /** Also the task id of an asynchronous call. */
  readonly requestId: string;
  readonly caller: Caller;
  /** The caller's account; of an unsigned call the first. */
  readonly account: SimulatedAccount;
  readonly directory: Directory;
}

export interface Action {
  readonly name: string;
  readonly services: readonly Service[];
  /** Whether a `ClientToken` makes it idempotent (facts, section 7). */
  readonly takesToken: boolean;
  /** Only for accounts that are allowed; others get InvalidAction. */
  readonly allowed: (core: CloudCore) => boolean;
  /** Decodes, then acts. Throws ApiError. */
  run(body: unknown, call: ActionCall): Promise<object>;
}

/** Makes an action of a strict schema; parameters the schema does not name are refused. */
export function defineAction<S extends z.ZodObject>(definition: {
  readonly name: string;
  readonly services: readonly Service[];
  readonly parameters: S;
  readonly takesToken?: boolean;
  readonly allowed?: (core: CloudCore) => boolean;
  readonly handle: (parameters: z.output<S>, call: ActionCall) => object | Promise<object>;
}): Action {
  const schema = z.strictObject(definition.parameters.shape);
  const isVpc = definition.services.includes('vpc');
  return {
    name: definition.name,
    services: definition.services,
    takesToken: definition.takesToken ?? false,
    allowed: definition.allowed ?? (() => true),
    run: async (body, call) => definition.handle(decodeParameters<z.output<S>>(schema, isVpc, body), call),
  };
}

/** GUESS on the exact code per check (facts, section 3.5); the vpc service has codes of its own for filters (section 7). */
function decodeParameters<T>(schema: z.ZodObject, isVpc: boolean, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data as T;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    const name = [path, ...issue.keys.slice(0, 1)].filter((part) => part !== '').join('.');
    const guess = isVpc && path === '' ? guessParameter(name, Object.keys(schema.shape)) : undefined;
    const text = `the parameter \`${name}\` is not one of this action`;
    if (guess === undefined) throw new ApiError('UnknownParameter', text);
    throw new ApiError('UnknownParameter.WithGuess', `${text}; did you mean \`${guess}\`?`);
  }
  if (isVpc && issue !== undefined) refuseFilters(issue.path, valueAt(body, issue.path));
  if (issue !== undefined && valueAt(body, issue.path) === undefined)
    throw new ApiError('MissingParameter', `the parameter \`${path}\` is required`);
  throw new ApiError('InvalidParameter', `the parameter \`${path}\` is wrong: ${issue?.message ?? 'not accepted'}`);
}

/** Filters is a list of objects whose Values are lists. */
function refuseFilters(path: readonly PropertyKey[], value: unknown): void {
  const [parameter, , member] = path;
  if (parameter !== 'Filters' || value === undefined) return;
  if (member === 'Values' && !Array.isArray(value))
    throw new ApiError('InvalidParameter.FilterValuesNotList', `\`${path.join('.')}\` must be a list of strings`);
  if (path.length <= 2)
    throw new ApiError('InvalidParameter.FilterNotDict', `\`${path.join('.')}\` must be a list of {Name, Values}`);
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      value !== null && typeof value === 'object' ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    body,
  );
}

/** A text; numbers are taken as text (facts, section 20.3). */
export const text = z.union([z.string(), z.number().transform(String)], { error: 'expected a string' });
/** A whole number; digits in a string are taken too. */
export const integer = z.union(
  [
    z.number().int(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number),
  ],
  { error: 'expected an integer' },
);
/** A boolean; a query can only spell it. */
export const bool = z.union([z.boolean(), z.enum(['true', 'false']).transform((spelt) => spelt === 'true')], {
  error: 'expected a boolean',
});
export const textList = z.array(text);
export const tagList = z.array(z.strictObject({ Key: text, Value: text }));
export const filterList = z.array(z.strictObject({ Name: text, Values: textList }));
