// Questions to the server's authorizer, asked within an expression.
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import type { Value } from '../values.ts';
import { CelError, OpaqueValue } from '../values.ts';

/** One question: `path` for a path, otherwise a resource with '' for what was not said. */
export interface AuthorizerQuestion {
  /** `undefined` asks for the user of the request. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | undefined;
  readonly path: string | undefined;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly verb: string;
}

export type AskAuthorizer = (question: AuthorizerQuestion) => { readonly allowed: boolean; readonly reason: string };

const empty: AuthorizerQuestion = {
  serviceAccount: undefined,
  path: undefined,
  group: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  verb: '',
};

/** A question under construction; its type says what may be added. */
class Draft extends OpaqueValue {
  readonly typeName: string;
  readonly ask: AskAuthorizer;
  readonly question: AuthorizerQuestion;
  constructor(kind: string, ask: AskAuthorizer, question: AuthorizerQuestion) {
    super();
    this.typeName = `kubernetes.authorization.${kind}`;
    this.ask = ask;
    this.question = question;
  }
  equals(other: OpaqueValue): boolean {
    return other === this;
  }
}

class Decision extends OpaqueValue {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly allowed: boolean;
  readonly reason: string;
  constructor(allowed: boolean, reason: string) {
    super();
    this.allowed = allowed;
    this.reason = reason;
  }
  equals(other: OpaqueValue): boolean {
    return other === this;
  }
}

/** The value of `authorizer`. */
export const authorizerValue = (ask: AskAuthorizer): Value => new Draft('Authorizer', ask, empty);

/** The value of `authorizer.requestResource`. */
export const requestResourceValue = (
  ask: AskAuthorizer,
  about: Pick<AuthorizerQuestion, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>,
): Value => new Draft('ResourceCheck', ask, { ...empty, ...about });

const with_ = (kind: string, draft: Value, more: Partial<AuthorizerQuestion>): Draft => {
  const { ask, question } = draft as Draft;
  return new Draft(kind, ask, { ...question, ...more });
};

function check(draft: Value, verb: Value): Decision {
  const { ask, question } = draft as Draft;
  const { allowed, reason } = ask({ ...question, verb: verb as string });
  return new Decision(allowed, reason);
}

const text = (value: Value): string => value as string;
const one = (): number => 1;
/** Leaves room for two checks in one expression. */
const checkCost = (): number => 350_000;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

function nonEmpty(value: Value, what: string): string {
  if (value === '') throw new CelError(`${what} must not be empty`);
  return text(value);
}

function serviceAccount(draft: Value, namespace: Value, name: Value): Value {
  if (!NAME.test(text(name))) throw new CelError('Invalid service account name');
  if (!LABEL.test(text(namespace))) throw new CelError('Invalid service account namespace');
  return with_('Authorizer', draft, { serviceAccount: { namespace: text(namespace), name: text(name) } });
}

export const authorizer: readonly Overload[] = [
  declare(
    'Authorizer.path(string) PathCheck',
    (draft, path) => with_('PathCheck', draft, { path: nonEmpty(path, 'path') }),
    one,
  ),
  declare(
    'Authorizer.group(string) GroupCheck',
    (draft, group) => with_('GroupCheck', draft, { group: text(group) }),
    one,
  ),
  declare('Authorizer.serviceAccount(string, string) Authorizer', serviceAccount, one),
  declare(
    'GroupCheck.resource(string) ResourceCheck',
    (draft, resource) => with_('ResourceCheck', draft, { resource: nonEmpty(resource, 'resource') }),
    one,
  ),
  declare(
    'ResourceCheck.subresource(string) ResourceCheck',
    (draft, subresource) => with_('ResourceCheck', draft, { subresource: text(subresource) }),
    one,
  ),
  declare(
    'ResourceCheck.namespace(string) ResourceCheck',
    (draft, namespace) => with_('ResourceCheck', draft, { namespace: text(namespace) }),
    one,
  ),
  declare(
    'ResourceCheck.name(string) ResourceCheck',
    (draft, name) => with_('ResourceCheck', draft, { name: text(name) }),
    one,
  ),
  declare('PathCheck.check(string) Decision', check, checkCost),
  declare('ResourceCheck.check(string) Decision', check, checkCost),
  declare('Decision.errored() bool', () => false, one),
  declare('Decision.error() string', () => '', one),
  declare('Decision.allowed() bool', (decision) => (decision as Decision).allowed, one),
  declare('Decision.reason() string', (decision) => (decision as Decision).reason, one),
];
