// From the text of an expression to its tree: the grammar of @marcbachmann/cel-js, its nodes given cel-go's places and names.
import type { ASTNode } from '@marcbachmann/cel-js';
import { Environment, ParseError } from '@marcbachmann/cel-js';
import type { Expression } from './expression.ts';
import type { Issue } from './issues.ts';
import { ExpressionFault } from './issues.ts';
import { macroOf } from './macros.ts';
import { Places } from './places.ts';
import { syntaxIssue } from './syntax-issue.ts';
import { Uint } from './values.ts';

export type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly issues: readonly Issue[] };

const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

/** Deeper and longer than any expression that the API accepts; the API's own limits are checked elsewhere. */
const limits = {
  maxAstNodes: 200_000,
  maxDepth: 250,
  maxListElements: 100_000,
  maxMapEntries: 100_000,
  maxCallArguments: 1_000,
};

/** Reads a whole expression. */
export function parseExpression(text: string): Parsed {
  try {
    const environment = new Environment({ enableOptionalTypes: true, unlistedVariablesAreDyn: true, limits });
    return { ok: true, expression: converted(environment.parse(text).ast, new Places(text)) };
  } catch (error) {
    if (error instanceof ExpressionFault) return { ok: false, issues: [error.issue] };
    if (error instanceof ParseError) return { ok: false, issues: [syntaxIssue(text, error)] };
    throw error;
  }
}

const RELATIONS = ['<', '<=', '>', '>=', 'in'];

function converted(node: ASTNode, places: Places): Expression {
  const convert = (child: ASTNode): Expression => converted(child, places);
  const call = (name: string, at: number, ...args: Expression[]): Expression => ({
    kind: 'call',
    name,
    target: undefined,
    args,
    at,
  });
  switch (node.op) {
    case 'value':
      return literal(node.args, node.start, false);
    case 'id':
      return { kind: 'ident', name: node.args, at: node.start };
    case '.':
    case '.?': {
      const [operand, field] = node.args;
      const at = places.after(operand.end, '.');
      return { kind: 'select', operand: convert(operand), field, optional: node.op === '.?', testOnly: false, at };
    }
    case '[]':
    case '[?]': {
      const [operand, index] = node.args;
      const name = node.op === '[]' ? '_[_]' : '_[?_]';
      return call(name, places.after(operand.end, '['), convert(operand), convert(index));
    }
    case 'call': {
      const [name, args] = node.args;
      const at = places.after(node.start + name.length, '(');
      const given = args.map(convert);
      return macroOf(name, undefined, given, at) ?? call(name, at, ...given);
    }
    case 'rcall': {
      const [name, receiver, args] = node.args;
      const dot = places.after(receiver.end, '.');
      const at = places.after(places.after(dot, name) + name.length, '(');
      const [target, given] = [convert(receiver), args.map(convert)];
      return macroOf(name, target, given, at) ?? { kind: 'call', name, target, args: given, at };
    }
    case 'list':
      return { kind: 'list', items: node.args.map(convert), at: node.start };
    case 'map':
      return {
        kind: 'map',
        entries: node.args.map(([key, value]) => [convert(key), convert(value)] as const),
        at: node.start,
      };
    case '?:': {
      const [condition, yes, no] = node.args;
      return call('_?_:_', places.after(condition.end, '?'), convert(condition), convert(yes), convert(no));
    }
    case '!_':
      return call('!_', node.start, convert(node.args));
    case '-_':
      // A sign belongs to the number after it, so that the least int can be written.
      if (node.args.op === 'value' && isNumber(node.args.args) && places.isBlank(node.start + 1, node.args.start))
        return literal(node.args.args, node.start, true);
      return call('-_', node.start, convert(node.args));
    case '||':
    case '&&':
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case 'in':
      return binary(node.op, node.args[0], node.args[1], places);
  }
}

const isNumber = (value: unknown): boolean =>
  typeof value === 'bigint' || typeof value === 'number' || (typeof value === 'object' && value !== null);

function binary(operator: string, left: ASTNode, right: ASTNode, places: Places): Expression {
  const at = places.after(left.end, operator);
  const name = operator === 'in' ? '@in' : `_${operator}_`;
  const make = (fn: string, place: number, one: Expression, two: Expression): Expression => ({
    kind: 'call',
    name: fn,
    target: undefined,
    args: [one, two],
    at: place,
  });
  // Kubernetes' grammar has one level for equality and order, read from the left; the library's has two.
  if ((operator === '==' || operator === '!=') && RELATIONS.includes(right.op) && Array.isArray(right.args)) {
    const [inner, last] = right.args as [ASTNode, ASTNode];
    const place = places.after(inner.end, right.op);
    if (!places.isEnclosed(at + operator.length, right.start, inner.end, place))
      return make(
        right.op === 'in' ? '@in' : `_${right.op}_`,
        place,
        binary(operator, left, inner, places),
        converted(last, places),
      );
  }
  return make(name, at, converted(left, places), converted(right, places));
}

function literal(value: unknown, at: number, negative: boolean): Expression {
  if (typeof value === 'bigint') {
    const signed = negative ? -value : value;
    if (signed > MAX_INT || signed < -MAX_INT - 1n) throw new ExpressionFault({ at, message: 'invalid int literal' });
    return { kind: 'literal', value: signed, at };
  }
  if (typeof value === 'number') return { kind: 'literal', value: negative ? -value : value, at };
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || value instanceof Uint8Array)
    return { kind: 'literal', value, at };
  // The library's own class for unsigned numbers has no other face than its value.
  const unsigned = BigInt(String((value as { valueOf(): unknown }).valueOf()));
  if (negative || unsigned > MAX_UINT) throw new ExpressionFault({ at, message: 'invalid uint literal' });
  return { kind: 'literal', value: new Uint(unsigned), at };
}
