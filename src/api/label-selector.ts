// Kubernetes label selectors: compiled once into a predicate, with every mistake named by its field path.
export type Labels = Readonly<Record<string, string>>;

export interface SelectorProblem {
  /** Below the selector, e.g. `matchExpressions[0].values`. */
  readonly path: string;
  readonly message: string;
}

export type CompiledSelector =
  | {
      readonly ok: true;
      readonly matches: (labels: Labels) => boolean;
      /** A label without one of these values is never matched, so that many selectors can be kept by it. Absent: no label must be there. */
      readonly anchor?: Anchor;
    }
  | { readonly ok: false; readonly problems: readonly SelectorProblem[] };

/** A label that must be there, with one of these values. */
export interface Anchor {
  readonly key: string;
  readonly values: readonly string[];
}

interface Expression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[] | undefined;
}

/** A metav1.LabelSelector, also as a decoder gives it, with absent members as undefined. */
export interface SelectorInput {
  readonly matchLabels?: Labels | undefined;
  readonly matchExpressions?: readonly Expression[] | undefined;
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** matchLabels and matchExpressions together, all of them must hold; `{}` matches everything (Kubernetes' meaning). */
export function compileSelector(selector: SelectorInput): CompiledSelector {
  const wanted = Object.entries(selector.matchLabels ?? {});
  const expressions = selector.matchExpressions ?? [];
  const problems = [
    ...wanted.flatMap(([key, value]) => [
      ...keyProblems(`matchLabels`, key),
      ...valueProblems(`matchLabels[${key}]`, value),
    ]),
    ...expressions.flatMap((expression, index) => expressionProblems(expression, `matchExpressions[${index}]`)),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const tests = expressions.map(expressionTest);
  const anchor = anchorOf(wanted, expressions);
  return {
    ok: true,
    ...(anchor === undefined ? {} : { anchor }),
    matches: (labels) => wanted.every(([key, value]) => labels[key] === value) && tests.every((test) => test(labels)),
  };
}

function anchorOf(
  [first]: readonly (readonly [string, string])[],
  expressions: readonly Expression[],
): Anchor | undefined {
  if (first !== undefined) return { key: first[0], values: [first[1]] };
  const listed = expressions.find(({ operator }) => operator === 'In');
  return listed === undefined ? undefined : { key: listed.key, values: listed.values ?? [] };
}

function expressionTest({ key, operator, values }: Expression): (labels: Labels) => boolean {
  const set = new Set(values ?? []);
  switch (operator) {
    case 'In':
      return (labels) => isIn(labels, key, set);
    case 'NotIn':
      return (labels) => !isIn(labels, key, set);
    case 'Exists':
      return (labels) => Object.hasOwn(labels, key);
    case 'DoesNotExist':
      return (labels) => !Object.hasOwn(labels, key);
  }
}

function isIn(labels: Labels, key: string, set: ReadonlySet<string>): boolean {
  const value = labels[key];
  return value !== undefined && set.has(value);
}

function expressionProblems({ key, operator, values }: Expression, path: string): readonly SelectorProblem[] {
  const problems = [...keyProblems(`${path}.key`, key)];
  const count = values?.length ?? 0;
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (count === 0)
        problems.push({ path: `${path}.values`, message: `operator ${operator} needs at least one value` });
      problems.push(...(values ?? []).flatMap((value, index) => valueProblems(`${path}.values[${index}]`, value)));
      return problems;
    case 'Exists':
    case 'DoesNotExist':
      if (count > 0)
        problems.push({ path: `${path}.values`, message: `operator ${operator} takes no values; leave them out` });
      return problems;
    default:
      problems.push({
        path: `${path}.operator`,
        message: `"${String(operator)}" is no operator; expected In, NotIn, Exists or DoesNotExist`,
      });
      return problems;
  }
}

function keyProblems(path: string, key: string): readonly SelectorProblem[] {
  const slash = key.indexOf('/');
  const valid = NAME.test(key.slice(slash + 1)) && (slash === -1 || PREFIX.test(key.slice(0, slash)));
  return valid
    ? []
    : [
        {
          path,
          message: `"${key}" is no label key; expected a name of at most 63 characters, with an optional DNS prefix and a slash`,
        },
      ];
}

function valueProblems(path: string, value: string): readonly SelectorProblem[] {
  return value === '' || NAME.test(value)
    ? []
    : [
        {
          path,
          message: `"${value}" is no label value; expected at most 63 letters, digits, "-", "_" or ".", beginning and ending with a letter or digit`,
        },
      ];
}
