// The simple JSONPath of printer columns and scale paths: members, indexes, `[*]` and filters such as `[?(@.type=="Ready")]`.
import { isObject } from '../json.ts';

type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: readonly string[]; readonly equal: boolean; readonly value: string };

/** A path read once and evaluated often. */
export interface JsonPath {
  evaluate(value: unknown): readonly unknown[];
}

/** Reads a path. `undefined` when it uses what is not supported. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps = parseSteps(text.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, ''));
  if (steps === undefined) return undefined;
  return {
    evaluate: (value) =>
      steps.reduce<readonly unknown[]>((found, step) => found.flatMap((item) => follow(item, step)), [value]),
  };
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
    const match = /^\.([A-Za-z_][\w-]*(?:\\\.[\w-]+)*(?:\/[\w-]+)?)/.exec(rest) ?? /^\[["']([^"']+)["']\]/.exec(rest);
    if (match !== null) {
      steps.push({ kind: 'member', name: (match[1] ?? '').replaceAll('\\.', '.') });
      rest = rest.slice(match[0].length);
      continue;
    }
    const bracket = /^\[(?:(\*)|(\d+)|\?\(\s*@((?:\.\w+)+)\s*(==|!=)\s*["']([^"']*)["']\s*\))\]/.exec(rest);
    if (bracket === null) return undefined;
    const [whole, star, index, path, operator, value] = bracket;
    if (star !== undefined) steps.push({ kind: 'all' });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else
      steps.push({
        kind: 'filter',
        path: (path ?? '').split('.').slice(1),
        equal: operator === '==',
        value: value ?? '',
      });
    rest = rest.slice(whole.length);
  }
  return steps;
}

function follow(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'member':
      return isObject(value) && value[step.name] !== undefined ? [value[step.name]] : [];
    case 'index':
      return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
    case 'all':
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
    case 'filter':
      return (Array.isArray(value) ? value : []).filter((item) => {
        const found = step.path.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), item);
        return (String(found) === step.value) === step.equal;
      });
  }
}
