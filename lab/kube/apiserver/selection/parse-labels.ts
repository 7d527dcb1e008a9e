// Label selectors as text (`a=b,c in (d,e),!f`), read and refused as apimachinery's labels.Parse does.
import { fieldErrorText, invalidValue } from '../field-error.ts';
import { labelValueFaultOf, qualifiedNameFaults } from '../names.ts';
import { badRequest } from '../status.ts';
import type { Requirement, Selector } from './label-selector.ts';

/** The `labelSelector` query parameter. Throws 400 with what was found and what was expected instead. */
export function parseLabelSelector(text: string): Selector {
  const tokens = new Tokens(text);
  const requirements: Requirement[] = [];
  for (;;) {
    const next = tokens.peek();
    if (next.type === 'end') return requirements;
    if (next.type !== 'word' && next.type !== '!')
      throw badRequest(`found '${next.text}', expected: !, identifier, or 'end of string'`);
    requirements.push(parseRequirement(tokens));
    const after = tokens.take();
    if (after.type === 'end') return requirements;
    if (after.type !== ',') throw badRequest(`found '${after.text}', expected: ',' or 'end of string'`);
    const following = tokens.peek();
    if (following.type !== 'word' && following.type !== '!')
      throw badRequest(`found '${following.text}', expected: identifier after ','`);
  }
}

const OPERATORS = { in: 'In', notin: 'NotIn', '=': 'In', '==': 'In', '!=': 'NotIn', '>': 'Gt', '<': 'Lt' } as const;
const EXPECTED_OPERATORS = 'in, notin, =, ==, !=, gt, lt';

const refused = (why: string): Error => badRequest(`unable to parse requirement: ${why}`);

function parseRequirement(tokens: Tokens): Requirement {
  const negated = tokens.peek().type === '!';
  if (negated) tokens.take();
  const key = tokens.take();
  if (key.type !== 'word') throw refused(`found '${key.text}', expected: identifier`);
  const keyFaults = qualifiedNameFaults(key.text);
  if (keyFaults.length > 0) throw refused(fieldErrorText(invalidValue('key', key.text, keyFaults.join('; '))));
  if (negated) return { key: key.text, operator: 'DoesNotExist', values: [] };
  const next = tokens.peek();
  if (next.type === 'end' || next.type === ',') return { key: key.text, operator: 'Exists', values: [] };
  const sign = tokens.take();
  if (!Object.hasOwn(OPERATORS, sign.text)) throw refused(`found '${sign.text}', expected: ${EXPECTED_OPERATORS}`);
  const operator = OPERATORS[sign.text as keyof typeof OPERATORS];
  const values = sign.text === 'in' || sign.text === 'notin' ? parseValues(tokens) : [parseValue(tokens)];
  checkValues(key.text, operator, values);
  return { key: key.text, operator, values };
}

function checkValues(key: string, operator: Requirement['operator'], values: readonly string[]): void {
  const faults = values.flatMap((value, index) => {
    const fault = labelValueFaultOf(value);
    const isNumber = /^[+-]?\d+$/.test(value);
    return [
      ...((operator === 'Gt' || operator === 'Lt') && !isNumber
        ? [invalidValue(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer")]
        : []),
      ...(fault === undefined ? [] : [invalidValue(`values[${index}][${key}]`, value, fault)]),
    ];
  });
  const texts = faults.map(fieldErrorText);
  if (texts.length > 0) throw refused(texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`);
}

/** After `=`: a word, or nothing for the empty value. */
function parseValue(tokens: Tokens): string {
  const next = tokens.peek();
  if (next.type === 'end' || next.type === ',') return '';
  tokens.take();
  if (next.type !== 'word') throw refused(`found '${next.text}', expected: identifier`);
  return next.text;
}

/** `(a,b)`, sorted and without repetitions; a comma beside nothing stands for the empty value, and so does `()`. */
function parseValues(tokens: Tokens): readonly string[] {
  const open = tokens.take();
  if (open.type !== '(') throw refused(`found '${open.text}' expected: '('`);
  const first = tokens.peek();
  if (first.type === ')') {
    tokens.take();
    return [''];
  }
  if (first.type !== 'word' && first.type !== ',')
    throw refused(`found '${first.text}', expected: ',', ')' or identifier`);
  const values = new Set<string>();
  let afterComma = true;
  for (;;) {
    const token = tokens.take();
    if (token.type === 'word') {
      values.add(token.text);
      afterComma = false;
      const next = tokens.peek();
      if (next.type !== ',' && next.type !== ')') throw refused(`found '${next.text}', expected: ',' or ')'`);
    } else if (token.type === ',') {
      if (afterComma) values.add('');
      afterComma = true;
    } else if (token.type === ')') {
      if (afterComma) values.add('');
      return [...values].sort();
    } else throw refused(`found '${token.text}', expected: ',', or identifier`);
  }
}

interface Token {
  readonly type: 'word' | 'sign' | '!' | ',' | '(' | ')' | 'end';
  readonly text: string;
}

const SPECIAL = '=!(),><';
const SIGNS = [')', ',', '!', '=', '==', '>', '<', '!=', '('];
const SPACE = /[ \t\r\n]/;

/** Words, and the longest signs there are; `in` and `notin` are words that only their place makes operators. */
class Tokens {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  peek(): Token {
    const before = this.#position;
    const token = this.take();
    this.#position = before;
    return token;
  }

  take(): Token {
    const text = this.#text;
    while (SPACE.test(text[this.#position] ?? '')) this.#position += 1;
    const first = text[this.#position];
    if (first === undefined) return { type: 'end', text: '' };
    const start = this.#position;
    if (SPECIAL.includes(first)) {
      const two = text.slice(start, start + 2);
      const sign = SIGNS.includes(two) ? two : first;
      this.#position += sign.length;
      const type = sign === '!' || sign === ',' || sign === '(' || sign === ')' ? sign : 'sign';
      return { type, text: sign };
    }
    while (
      this.#position < text.length &&
      !SPECIAL.includes(text[this.#position] ?? '') &&
      !SPACE.test(text[this.#position] ?? '')
    )
      this.#position += 1;
    return { type: 'word', text: text.slice(start, this.#position) };
  }
}
