// Command-line flags of the daemons: one zod schema per program, one-line errors, exit code 2, `--help` from the schema.
import { parseArgs } from 'node:util';
import { z } from 'zod';

/** A flag's schema takes the raw string (`true` for a bare boolean flag) and gives the value; `.describe()` is its help line. */
export type FlagSchemas = Record<string, z.ZodType<unknown, string | undefined>>;

export type FlagResult<S extends FlagSchemas> =
  | { readonly kind: 'values'; readonly values: { [K in keyof S]: z.output<S[K]> } }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'error'; readonly line: string };

/** `--name`, `--name=true` and `--name=false`; default as given. */
export const booleanFlag = (fallback: boolean): z.ZodType<boolean, string | undefined> =>
  z
    .enum(['true', 'false'], { error: 'expected true or false' })
    .optional()
    .transform((value) => (value === undefined ? fallback : value === 'true'));

/** Any text; `undefined` when not given. */
export const textFlag = (fallback?: string): z.ZodType<string | undefined, string | undefined> =>
  z
    .string()
    .optional()
    .transform((value) => value ?? fallback);

/** Text that must be given. */
export const requiredFlag = (): z.ZodType<string, string | undefined> =>
  z.string({ error: 'required, but not given' }).min(1, 'must not be empty');

/** A whole number within bounds. */
export const integerFlag = (
  fallback: number,
  bounds: { min: number; max: number },
): z.ZodType<number, string | undefined> =>
  z
    .string()
    .optional()
    .transform((value, context) => {
      if (value === undefined) return fallback;
      const number = Number(value);
      if (/^-?\d+$/.test(value) && number >= bounds.min && number <= bounds.max) return number;
      context.addIssue({ code: 'custom', message: `expected a whole number from ${bounds.min} to ${bounds.max}` });
      return z.NEVER;
    });

/** One word of a list. */
export const choiceFlag = <const T extends readonly [string, ...string[]]>(
  words: T,
  fallback: T[number],
): z.ZodType<T[number], string | undefined> =>
  z
    .string()
    .optional()
    .transform((value, context) => {
      const word = value ?? fallback;
      if ((words as readonly string[]).includes(word)) return word as T[number];
      context.addIssue({ code: 'custom', message: `expected one of ${words.join(', ')}` });
      return z.NEVER;
    });

/** A Go duration such as `1h`, `5m30s`, `300ms`, as milliseconds. */
export const durationFlag = (fallbackMs: number): z.ZodType<number, string | undefined> =>
  z
    .string()
    .optional()
    .transform((value, context) => {
      if (value === undefined) return fallbackMs;
      const ms = goDurationMs(value);
      if (ms !== undefined) return ms;
      context.addIssue({ code: 'custom', message: 'expected a duration such as 30s, 5m or 1h30m' });
      return z.NEVER;
    });

/** Go's duration syntax (h, m, s, ms) in milliseconds; `undefined` when it is not one. */
export function goDurationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  const unit = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
  let total = 0;
  for (const [, amount, name] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
    total += Number(amount) * unit[name as keyof typeof unit];
  return total;
}

/** Decodes `argv` (without node and script). Unknown flags, stray words and bad values give one line: program, flag, value, what is accepted. */
export function decodeFlags<S extends FlagSchemas>(
  program: string,
  schemas: S,
  argv: readonly string[],
): FlagResult<S> {
  if (argv.includes('--help') || argv.includes('-h')) return { kind: 'help', text: helpText(program, schemas) };
  const given = new Map<string, string>();
  for (const token of parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: stringOptions(schemas),
  }).tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional')
      return {
        kind: 'error',
        line: `${program}: unexpected word "${token.value}"; flags look like --name=value (see --help)`,
      };
    if (!Object.hasOwn(schemas, token.name))
      return {
        kind: 'error',
        line: `${program}: unknown flag ${token.rawName}; known flags: ${Object.keys(schemas)
          .map((name) => `--${name}`)
          .join(' ')}`,
      };
    given.set(token.name, unquote(token.value ?? 'true'));
  }
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const result = schema.safeParse(given.get(name));
    if (!result.success) {
      const reason = result.error.issues[0]?.message ?? 'not accepted';
      const shown = given.has(name) ? `=${given.get(name)}` : '';
      return { kind: 'error', line: `${program}: flag --${name}${shown}: ${reason}` };
    }
    values[name] = result.data;
  }
  return { kind: 'values', values: values as { [K in keyof S]: z.output<S[K]> } };
}

/** Decodes or ends the process: `--help` on stdout with code 0, an error line on stderr with code 2. For `main/` only. */
export function flagsOrExit<S extends FlagSchemas>(
  program: string,
  schemas: S,
  argv: readonly string[],
): { [K in keyof S]: z.output<S[K]> } {
  const result = decodeFlags(program, schemas, argv);
  switch (result.kind) {
    case 'values':
      return result.values;
    case 'help':
      process.stdout.write(result.text);
      return process.exit(0);
    case 'error':
      process.stderr.write(`${result.line}\n`);
      return process.exit(2);
  }
}

function stringOptions(schemas: FlagSchemas): Record<string, { type: 'string' | 'boolean' }> {
  // A bare boolean flag must not swallow the next word; every other flag may take its value after a space.
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      { type: schema.safeParse('true').data === true ? ('boolean' as const) : ('string' as const) },
    ]),
  );
}

function unquote(value: string): string {
  const match = /^(["'])(.*)\1$/s.exec(value);
  return match?.[2] ?? value;
}

function helpText(program: string, schemas: FlagSchemas): string {
  const width = Math.max(...Object.keys(schemas).map((name) => name.length)) + 4;
  const rows = Object.entries(schemas).map(
    ([name, schema]) => `  --${name}`.padEnd(width + 2) + (schema.description ?? ''),
  );
  return `Usage: ${program} [flags]\n\n${rows.join('\n')}\n`;
}
