// A scenario file: what an account has from the start, its settings, and what goes wrong when; YAML, checked before anything starts.
import { readFile } from 'node:fs/promises';

import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';

import { errorText } from '../../../src/base/errors.ts';
import { documentedRateLimits } from '../rate-limits.ts';
import { defaultSettings } from '../settings.ts';
import { faultCommand, ruleList as rules, servedAction, UNSERVED } from './fault-command.ts';

const perAction = z.record(z.string(), z.number().nonnegative()).superRefine((byAction, context) => {
  for (const name of Object.keys(byAction))
    if (!servedAction.safeParse(name).success) context.addIssue({ code: 'custom', path: [name], message: UNSERVED });
});

// A switch takes what its default is.
const settings = z
  .strictObject(
    Object.fromEntries(
      Object.entries(defaultSettings).map(([name, value]) => [name, settingSchema(name, value).optional()]),
    ),
  )
  .default({});

function settingSchema(name: string, value: unknown): z.ZodType {
  if (name === 'rateLimits')
    return z.preprocess((given) => (given === 'documented' ? documentedRateLimits : given), perAction);
  if (Array.isArray(value)) return z.array(z.string());
  if (typeof value === 'boolean') return z.boolean();
  if (typeof value === 'number') return z.number().nonnegative();
  return typeof value === 'string' ? z.string() : perAction;
}

const account = z
  .strictObject({
    vpcs: z.array(z.strictObject({ vpcId: z.string(), cidr: z.string(), name: z.string().default('') })).default([]),
    subnets: z
      .array(
        z.strictObject({
          subnetId: z.string(),
          vpcId: z.string(),
          cidr: z.string(),
          zone: z.string(),
          name: z.string().default(''),
        }),
      )
      .default([]),
    securityGroups: z
      .array(
        z.strictObject({
          securityGroupId: z.string(),
          name: z.string(),
          description: z.string().default(''),
          ingress: rules.default([]),
          egress: rules.default([]),
        }),
      )
      .default([]),
    instances: z
      .array(
        z.strictObject({
          instanceId: z.string(),
          instanceType: z.string(),
          zone: z.string(),
          subnetId: z.string(),
          securityGroupIds: z.array(z.string()).default([]),
        }),
      )
      .default([]),
    clusters: z
      .array(
        z.strictObject({
          clusterId: z.string(),
          vpcId: z.string(),
          name: z.string(),
          subnetIds: z.array(z.string()).default([]),
          /** Values by add-on, written over its defaults. */
          addons: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
        }),
      )
      .default([]),
  })
  .prefault({});

const step = z
  .strictObject({
    /** Milliseconds after the start. */
    at: z.number().nonnegative().optional(),
    after: z.strictObject({ action: servedAction, calls: z.int().positive() }).optional(),
    do: faultCommand.optional(),
    /** Moves a manual clock. */
    advanceSeconds: z.number().nonnegative().optional(),
  })
  .refine(
    (value) => (value.do === undefined) !== (value.advanceSeconds === undefined),
    'expected `do`, or `advanceSeconds` of a manual clock',
  )
  .refine((value) => value.at === undefined || value.after === undefined, 'expected `at` or `after`, not both');

const shape = z.strictObject({
  /** `lab`: the lab's network with two nodes; `empty`: nothing but what `account` says. */
  layout: z.enum(['lab', 'empty']).default('lab'),
  seed: z.int().nonnegative().optional(),
  /** `manual`: time moves only by steps with `advanceSeconds` and by the admin endpoint. */
  clock: z.enum(['real', 'manual']).default('real'),
  settings,
  account,
  steps: z.array(step).default([]),
});
const scenario = shape.superRefine(({ clock, steps }, context) => {
  const index = steps.findIndex(({ advanceSeconds }) => advanceSeconds !== undefined);
  if (clock === 'real' && index >= 0)
    context.addIssue({
      code: 'custom',
      path: ['steps', index, 'advanceSeconds'],
      message: 'expected `clock: manual` at the top; a real clock moves by itself',
    });
});
export type Scenario = z.output<typeof scenario>;

/** Throws Error that names file, line and key, and says what is right. */
export async function readScenario(file: string): Promise<Scenario> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`scenario ${file}: cannot be read: ${errorText(error)}`, { cause: error });
  });
  return parseScenario(text, file);
}

/** As `readScenario`, of a text; `file` is for messages. */
export function parseScenario(text: string, file: string): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined)
    throw new Error(`${file}:${lines.linePos(broken.pos[0]).line}: not YAML: ${broken.message.split('\n')[0]}`);
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new Error(`${file}:1: not YAML: ${errorText(error)}`, { cause: error });
  }
  const result = scenario.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [...(issue?.path ?? []), ...(issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])];
  const key = path.map(String).join('.') || 'the file';
  throw new Error(
    `${file}:${lineOf(document, lines, path)}: ${key}: ${issue?.message ?? 'not accepted'}${known(issue)}`,
  );
}

/** What may stand where an unknown key stands. */
function known(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code !== 'unrecognized_keys') return '';
  const [at] = issue.path;
  if (issue.path.length === 0) return `; known: ${Object.keys(shape.shape).join(', ')}`;
  return at === 'settings' ? `; known: ${Object.keys(defaultSettings).join(', ')}` : '';
}

/** Of the key, or of what should hold it. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const name = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(name))
      : undefined;
    const node: unknown = pair?.key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
