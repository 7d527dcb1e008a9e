// What a line of tccli asks for, read as tccli reads it: for people who have no tccli, and for tests. Pure.

/** A call as its words mean it. */
export interface TccliCall {
  readonly service: string;
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Path of `--filter`: members and numbers, the part of JMESPath that documents use. */
  readonly filter: string | undefined;
}

type Tree = { [key: string]: unknown };

/** Of the service's members these are lists, though a single word follows them; tccli knows it from the service's model. */
const LISTS = /(?:Ids|Values|Addresses|Types|Set)$/;
/** These are text, though it looks like JSON. */
const TEXTS = /Document$/;
/** What is about the call and not in its body; the lab's own endpoint, region and keys are taken. */
const SETTINGS = new Set(['endpoint', 'region', 'secretId', 'secretKey', 'profile', 'timeout', 'output']);

/** The words after `tccli`. Throws an Error that says what is wrong and what would be right. */
export function readTccliWords([service = '', action = '', ...words]: readonly string[]): TccliCall {
  if (service === '' || action === '' || action.startsWith('--'))
    throw new Error('expected SERVICE ACTION and options, e.g. vpc DescribeSecurityGroups --filter TotalCount');
  const body: Tree = {};
  let filter: string | undefined;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('--') || word === '--')
      throw new Error(`unexpected word "${word}"; expected --Member VALUE, or --Member.0.Member VALUE`);
    const name = word.slice(2);
    if (name === 'cli-unfold-argument') continue;
    const values: string[] = [];
    for (let value = words[index + 1]; value !== undefined && !value.startsWith('--'); value = words[index + 1]) {
      values.push(value);
      index += 1;
    }
    if (values.length === 0) throw new Error(`${word} has no value`);
    if (name === 'filter') filter = values[0];
    else if (!SETTINGS.has(name)) put(body, name.split('.'), valueOf(name, values));
  }
  return { service, action, body: listed(body) as Readonly<Record<string, unknown>>, filter };
}

/** JSON where it is some, else text: the service reads numbers and booleans from text. */
function valueOf(name: string, values: readonly string[]): unknown {
  const [only = ''] = values;
  if (values.length === 1 && /^[[{]/.test(only) && !TEXTS.test(name)) {
    try {
      return JSON.parse(only) as unknown;
    } catch (error) {
      throw new Error(`--${name}: ${only} is not JSON: ${error instanceof Error ? error.message : ''}`);
    }
  }
  return values.length > 1 || LISTS.test(name) ? values : only;
}

function put(root: Tree, steps: readonly string[], value: unknown): void {
  let at = root;
  for (const step of steps.slice(0, -1)) {
    const next = at[step];
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) at = next as Tree;
    else at = (at[step] = {}) as Tree;
  }
  at[steps.at(-1) ?? ''] = value;
}

/** Members that are named 0, 1, 2 are a list. */
function listed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, listed(inner)] as const);
  return entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key))
    ? entries.map(([, inner]) => inner)
    : Object.fromEntries(entries);
}

/** What a path of `--filter` finds in an answer; null where there is nothing. */
export function pick(answer: unknown, path: string): unknown {
  const found = path
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .reduce<unknown>(
      (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
      answer,
    );
  return found ?? null;
}
