// The JSONPath of printer columns, scale paths and selectable fields, as client-go reads it.
import { equalJson, isObject } from '../json.ts';

type Step =
  | { readonly kind: 'member'; readonly name: string }
  | {
      readonly kind: 'slice';
      readonly start: number | undefined;
      readonly end: number | undefined;
      readonly step: number;
    }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'recursive' }
  | { readonly kind: 'union'; readonly parts: readonly Step[] }
  | { readonly kind: 'filter'; readonly left: Operand; readonly operator: string; readonly right: Operand };

/** A side of a comparison: a path from the item, or a literal. */
type Operand =
  | { readonly kind: 'path'; readonly steps: readonly Step[] }
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'none' };

/** A path read once and evaluated often. */
export interface JsonPath {
  /** Everything the path leads to; nothing where a member or an index is missing. */
  evaluate(value: unknown): readonly unknown[];
}

/** Reads a path, with or without braces and `$`. `undefined` when it is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps = parseSteps(text.replace(/^\{(.*)\}$/, '$1').replace(/^[$@]/, ''));
  if (steps === undefined) return undefined;
  return { evaluate: (value) => followAll(value, steps) };
}

/** The member names of a path that is nothing but members (`.spec.replicas`); `undefined` for any other. */
export function plainPath(text: string): readonly string[] | undefined {
  const steps = parseSteps(text);
  const names = steps?.map((step) => (step.kind === 'member' ? step.name : undefined));
  return names?.every((name) => name !== undefined) === true ? names : undefined;
}

function parseSteps(text: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const found = rest.startsWith('[') ? bracketStep(rest) : dotStep(rest);
    if (found === undefined) return undefined;
    steps.push(...found.steps);
    rest = rest.slice(found.length);
  }
  return steps;
}

interface Found {
  readonly steps: readonly Step[];
  readonly length: number;
}

function dotStep(rest: string): Found | undefined {
  if (rest === '.') return { steps: [], length: 1 };
  if (rest.startsWith('..')) return { steps: [{ kind: 'recursive' }], length: rest[2] === '[' ? 2 : 1 };
  if (rest.startsWith('.*')) return { steps: [{ kind: 'all' }], length: 2 };
  const [whole, name] = /^\.((?:\\.|[^.[\\\s])+)/.exec(rest) ?? [];
  if (whole === undefined || name === undefined) return rest.startsWith('.[') ? { steps: [], length: 1 } : undefined;
  return { steps: [{ kind: 'member', name: name.replaceAll(/\\(.)/g, '$1') }], length: whole.length };
}

function bracketStep(rest: string): Found | undefined {
  const filter = /^\[\?\(((?:"[^"]*"|'[^']*'|[^"'])*?)\)\]/.exec(rest);
  if (filter !== null) {
    const step = filterStep(filter[1] ?? '');
    return step === undefined ? undefined : { steps: [step], length: filter[0].length };
  }
  const [whole, inside] = /^\[((?:"[^"]*"|'[^']*'|[^\]"'])*)\]/.exec(rest) ?? [];
  if (whole === undefined || inside === undefined) return undefined;
  const parts = inside.match(/(?:"[^"]*"|'[^']*'|[^,])+/g)?.map((part) => elementStep(part.trim())) ?? [];
  const known = parts.filter((part) => part !== undefined);
  if (known.length === 0 || known.length < parts.length) return undefined;
  const [first] = known;
  return {
    steps: known.length === 1 && first !== undefined ? [first] : [{ kind: 'union', parts: known }],
    length: whole.length,
  };
}

function elementStep(text: string): Step | undefined {
  if (text === '*') return { kind: 'all' };
  const quoted = /^(?:"([^"]*)"|'([^']*)')$/.exec(text);
  if (quoted !== null) return { kind: 'member', name: quoted[1] ?? quoted[2] ?? '' };
  if (/^-?\d+$/.test(text)) return { kind: 'index', index: Number(text) };
  const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(text);
  if (slice === null) return undefined;
  const [, start = '', end = '', step = '1'] = slice;
  return {
    kind: 'slice',
    start: start === '' ? undefined : Number(start),
    end: end === '' ? undefined : Number(end),
    step: Math.max(1, Number(step)),
  };
}

function filterStep(text: string): Step | undefined {
  const parts = /^\s*((?:"[^"]*"|'[^']*'|[^=<>!"'])+?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*$/.exec(text);
  const left = operand(parts?.[1] ?? '');
  const operator = parts?.[2] ?? 'exists';
  const right = parts?.[3] === undefined ? ({ kind: 'none' } as const) : operand(parts[3]);
  return left === undefined || right === undefined ? undefined : { kind: 'filter', left, operator, right };
}

function operand(text: string): Operand | undefined {
  const quoted = /^(?:"([^"]*)"|'([^']*)')$/.exec(text);
  if (quoted !== null) return { kind: 'literal', value: quoted[1] ?? quoted[2] ?? '' };
  if (/^-?\d+(\.\d+)?$/.test(text)) return { kind: 'literal', value: Number(text) };
  if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
  if (!text.startsWith('@')) return undefined;
  const steps = parseSteps(text.slice(1));
  return steps === undefined ? undefined : { kind: 'path', steps };
}

const followAll = (value: unknown, steps: readonly Step[]): readonly unknown[] =>
  steps.reduce<readonly unknown[]>((found, step) => found.flatMap((item) => follow(item, step)), [value]);

function follow(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'member':
      return isObject(value) && Object.hasOwn(value, step.name) && value[step.name] !== undefined
        ? [value[step.name]]
        : [];
    case 'index':
      return Array.isArray(value) && step.index >= -value.length && step.index < value.length
        ? [value.at(step.index)]
        : [];
    case 'slice':
      return Array.isArray(value)
        ? value.slice(step.start, step.end).filter((_item, index) => index % step.step === 0)
        : [];
    case 'all':
      return valuesOf(value);
    case 'recursive':
      return [value, ...valuesOf(value).flatMap((item) => follow(item, step))];
    case 'union':
      return step.parts.flatMap((part) => follow(value, part));
    case 'filter':
      return (Array.isArray(value) ? value : []).filter((item) => passes(item, step));
  }
}

/** Members come in the order of their names. */
function valuesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return [];
  return Object.keys(value)
    .sort()
    .map((name) => value[name]);
}

function passes(item: unknown, { left, operator, right }: Step & { readonly kind: 'filter' }): boolean {
  const [one] = sideOf(item, left);
  if (one === undefined) return false;
  if (operator === 'exists') return true;
  const [other] = sideOf(item, right);
  if (other === undefined) return false;
  switch (operator) {
    case '==':
      return equalJson(one, other);
    case '!=':
      return !equalJson(one, other);
    default:
      return isOrdered(one, other, operator);
  }
}

const sideOf = (item: unknown, side: Operand): readonly unknown[] =>
  side.kind === 'path' ? followAll(item, side.steps) : side.kind === 'literal' ? [side.value] : [];

function isOrdered(left: unknown, right: unknown, operator: string): boolean {
  const order =
    typeof left === 'number' && typeof right === 'number'
      ? left - right
      : typeof left === 'string' && typeof right === 'string'
        ? left < right
          ? -1
          : Number(left > right)
        : Number.NaN;
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}
