// Policy syntax 2.0 of CAM: reads the text of a policy or of a role's trust, and refuses with CAM's own codes what it cannot mean.
import { z } from 'zod';
import { ApiError } from '../api-error.ts';

export interface PolicyStatement {
  readonly effect: 'allow' | 'deny';
  /** `service:Action`, each side with `*`; lower-case. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

export interface TrustStatement {
  readonly effect: 'allow' | 'deny';
  readonly actions: readonly string[];
  readonly principal: {
    readonly qcs: readonly string[];
    readonly service: readonly string[];
    readonly federated: readonly string[];
  };
  /** `oidc:iss`, `oidc:aud`, `oidc:sub` to the texts that each may equal. */
  readonly equals: Readonly<Record<string, readonly string[]>>;
}

/** GUESS: the length at which CreatePolicy refuses. */
const MAX_LENGTH = 6144;
const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1)]);
const document = z.looseObject({ version: z.unknown(), statement: z.unknown() });
const TRUST_KEYS: ReadonlySet<string> = new Set(['oidc:iss', 'oidc:aud', 'oidc:sub']);

/** The statements of a policy. Throws `InvalidParameter.*` (codes of the Go SDK's cam table; GUESS which one for which mistake). */
export function parsePolicyDocument(text: string): readonly PolicyStatement[] {
  return statementsOf(text, ['effect', 'action', 'resource', 'condition']).map((statement) => {
    const condition = statement['condition'];
    if (condition !== undefined && !isEmptyObject(condition))
      throw new ApiError('InvalidParameter.ConditionError', 'condition is not simulated; leave it out or empty');
    return {
      effect: effectOf(statement),
      actions: actionsOf(statement),
      resources: resourcesOf(statement['resource']),
    };
  });
}

/** The statements of a role's trust policy. Throws as parsePolicyDocument does. */
export function parseTrustDocument(text: string): readonly TrustStatement[] {
  return statementsOf(text, ['effect', 'action', 'principal', 'condition']).map((statement) => {
    const shape = z.strictObject({
      qcs: oneOrMore.default([]),
      service: oneOrMore.default([]),
      federated: oneOrMore.default([]),
    });
    const principal = shape.safeParse(statement['principal']);
    if (!principal.success)
      throw new ApiError('InvalidParameter.PrincipalError', 'principal must name qcs, service or federated');
    return {
      effect: effectOf(statement),
      actions: actionsOf(statement),
      principal: principal.data,
      equals: trustConditions(statement['condition']),
    };
  });
}

function statementsOf(text: string, known: readonly string[]): readonly Record<string, unknown>[] {
  if (text.length > MAX_LENGTH)
    throw new ApiError(
      'InvalidParameter.PolicyDocumentLengthOverLimit',
      `the document has ${text.length} characters; at most ${MAX_LENGTH} are allowed`,
    );
  const parsed = document.safeParse(parseJson(text));
  if (!parsed.success) throw new ApiError('InvalidParameter.PolicyDocumentError', 'the document must be a JSON object');
  const { version, statement, ...rest } = parsed.data;
  refuseUnknown(rest, []);
  if (version !== '2.0') throw new ApiError('InvalidParameter.VersionError', 'version must be "2.0"');
  const list = z.array(z.record(z.string(), z.unknown())).min(1).safeParse(statement);
  if (!list.success) throw new ApiError('InvalidParameter.StatementError', 'statement must be a list of objects');
  for (const one of list.data) refuseUnknown(one, known);
  return list.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError('InvalidParameter.PolicyDocumentError', 'the document is not JSON');
  }
}

function refuseUnknown(object: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new ApiError('InvalidParameter.PolicyDocumentError', `\`${unknown}\` is not a key of policy syntax 2.0`);
}

function effectOf(statement: Readonly<Record<string, unknown>>): 'allow' | 'deny' {
  const effect = statement['effect'];
  if (effect !== 'allow' && effect !== 'deny')
    throw new ApiError('InvalidParameter.EffectError', 'effect must be allow or deny');
  return effect;
}

/** `name/` in front of an action is an older spelling of the same. */
function actionsOf(statement: Readonly<Record<string, unknown>>): readonly string[] {
  const list = oneOrMore.safeParse(statement['action']);
  if (!list.success) throw new ApiError('InvalidParameter.ActionMiss', 'action must be a text or a list of texts');
  return list.data.map((written) => {
    const action = written.replace(/^name\//, '').toLowerCase();
    if (action === '*') return '*:*';
    if (!/^[a-z0-9*]+:[a-z0-9*]+$/.test(action))
      throw new ApiError(
        'InvalidParameter.ActionError',
        `\`${written}\` is not an action; it looks like vpc:DescribeVpcs`,
      );
    return action;
  });
}

function resourcesOf(value: unknown): readonly string[] {
  const list = oneOrMore.safeParse(value);
  if (!list.success) throw new ApiError('InvalidParameter.ResourceError', 'resource must be a text or a list of texts');
  for (const resource of list.data)
    if (resource !== '*' && (!resource.startsWith('qcs:') || resource.split(':').length < 6))
      throw new ApiError(
        'InvalidParameter.ResourceContentError',
        `\`${resource}\` must be * or qcs:PROJECT:SERVICE:REGION:ACCOUNT:RESOURCE`,
      );
  return list.data;
}

function trustConditions(value: unknown): Readonly<Record<string, readonly string[]>> {
  if (value === undefined || isEmptyObject(value)) return {};
  const shape = z.strictObject({ string_equal: z.record(z.string(), oneOrMore) }).safeParse(value);
  if (!shape.success)
    throw new ApiError('InvalidParameter.ConditionTypeError', 'only string_equal is understood in a trust policy');
  const unknown = Object.keys(shape.data.string_equal).find((key) => !TRUST_KEYS.has(key));
  if (unknown !== undefined)
    throw new ApiError(
      'InvalidParameter.ConditionContentError',
      `\`${unknown}\` is none of ${[...TRUST_KEYS].join(', ')}`,
    );
  return shape.data.string_equal;
}

function isEmptyObject(value: unknown): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0;
}
