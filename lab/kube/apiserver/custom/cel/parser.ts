// From the text of a CEL expression to its tree, by precedence.
import type { Token } from './tokens.ts';
import { CelSyntaxError, tokenize } from './tokens.ts';

export type Expression =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'select'; readonly of: Expression; readonly member: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly at: Expression }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: '!' | '-'; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'choice'; readonly condition: Expression; readonly yes: Expression; readonly no: Expression }
  | {
      readonly kind: 'call';
      readonly target: Expression | undefined;
      readonly name: string;
      readonly args: readonly Expression[];
    };

/** Weakest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!=', '<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];
const CONSTANTS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

/** Reads a whole expression. Throws CelSyntaxError. */
export function parseExpression(text: string): Expression {
  const tokens = tokenize(text);
  let position = 0;

  const peek = (): Token | undefined => tokens[position];
  const isWord = (value: string): boolean => {
    const token = peek();
    return token !== undefined && (token.kind === 'symbol' || token.kind === 'name') && token.value === value;
  };
  const take = (value: string): boolean => {
    if (!isWord(value)) return false;
    position += 1;
    return true;
  };
  const expect = (value: string): void => {
    if (!take(value)) throw new CelSyntaxError(`expected ${JSON.stringify(value)} before ${describe(peek())}`);
  };
  const next = (): Token => {
    const token = peek();
    if (token === undefined) throw new CelSyntaxError('unexpected end');
    position += 1;
    return token;
  };

  const choice = (): Expression => {
    const condition = binary(0);
    if (!take('?')) return condition;
    const yes = binary(0);
    expect(':');
    return { kind: 'choice', condition, yes, no: choice() };
  };
  const binary = (level: number): Expression => {
    const operators = LEVELS[level];
    if (operators === undefined) return unary();
    let left = binary(level + 1);
    for (let operator = operators.find(isWord); operator !== undefined; operator = operators.find(isWord)) {
      position += 1;
      left = { kind: 'binary', operator, left, right: binary(level + 1) };
    }
    return left;
  };
  const unary = (): Expression => {
    if (take('!')) return { kind: 'unary', operator: '!', operand: unary() };
    if (take('-')) return { kind: 'unary', operator: '-', operand: unary() };
    return postfix(primary());
  };
  const postfix = (start: Expression): Expression => {
    let expression = start;
    for (;;) {
      if (take('.')) {
        const member = next();
        if (member.kind !== 'name') throw new CelSyntaxError(`expected a name after "." and not ${describe(member)}`);
        expression = take('(')
          ? { kind: 'call', target: expression, name: member.value, args: list(')') }
          : { kind: 'select', of: expression, member: unescapeName(member.value) };
      } else if (take('[')) {
        const at = choice();
        expect(']');
        expression = { kind: 'index', of: expression, at };
      } else return expression;
    }
  };
  const list = (end: string): Expression[] => {
    const items: Expression[] = [];
    if (take(end)) return items;
    do items.push(choice());
    while (take(','));
    expect(end);
    return items;
  };
  const primary = (): Expression => {
    const token = next();
    if (token.kind === 'number' || token.kind === 'string') return { kind: 'literal', value: token.value };
    if (token.kind === 'name') {
      if (Object.hasOwn(CONSTANTS, token.value)) return { kind: 'literal', value: CONSTANTS[token.value] };
      if (take('(')) return { kind: 'call', target: undefined, name: token.value, args: list(')') };
      return { kind: 'name', name: token.value };
    }
    if (token.value === '(') {
      const inner = choice();
      expect(')');
      return inner;
    }
    if (token.value === '[') return { kind: 'list', items: list(']') };
    throw new CelSyntaxError(`unexpected ${describe(token)}`);
  };

  const whole = choice();
  if (position < tokens.length) throw new CelSyntaxError(`unexpected ${describe(peek())}`);
  return whole;
}

const describe = (token: Token | undefined): string => (token === undefined ? 'the end' : JSON.stringify(token.value));

/** Kubernetes' escapes for members that are no CEL names. */
function unescapeName(name: string): string {
  return name
    .replaceAll('__dot__', '.')
    .replaceAll('__dash__', '-')
    .replaceAll('__slash__', '/')
    .replaceAll('__underscores__', '__')
    .replace(
      /^__(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)__$/,
      '$1',
    );
}
