// Faults of grammar in the words that cel-go's parser has for them.
import type { ParseError } from '@marcbachmann/cel-js';
import type { Issue } from './issues.ts';

/** What may begin an expression, as the generated parser lists it. */
const BEGINNINGS =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

export function syntaxIssue(text: string, error: ParseError): Issue {
  const at = error.range?.start ?? 0;
  const found = text.slice(at, Math.max(error.range?.end ?? at, at + 1));
  const token = at >= text.length ? '<EOF>' : found;
  switch (error.code) {
    case 'reserved_identifier':
      return { at, message: `reserved identifier: ${found}` };
    case 'invalid_integer':
    case 'invalid_hex_integer':
      return { at, message: 'invalid int literal' };
    case 'invalid_number':
      return { at, message: 'invalid double literal' };
    case 'invalid_macro_argument':
      return { at, message: macroMessage(error.summary) };
    case 'limit_exceeded':
      return { at, message: 'expression recursion limit exceeded: 250' };
    case 'unexpected_token':
      return { at, message: `Syntax error: mismatched input '${token}' expecting ${BEGINNINGS}` };
    case 'expected_token':
      return { at, message: `Syntax error: mismatched input '${token}' expecting ${expectedToken(error.summary)}` };
    case 'unterminated_string':
    case 'unterminated_triple_quoted_string':
      return { at, message: `Syntax error: token recognition error at: '${text.slice(at)}'` };
    case 'unexpected_character':
      // One token too many is passed over by a parser that recovers; more are not.
      return /^[\w"'([{.!-]/.test(found)
        ? {
            at,
            message: `Syntax error: ${text.slice(at + found.length).trim() === '' ? 'extraneous' : 'mismatched'} input '${token}' expecting <EOF>`,
          }
        : { at, message: `Syntax error: token recognition error at: '${found}'` };
    default:
      return { at, message: `Syntax error: ${error.summary}` };
  }
}

function macroMessage(summary: string): string {
  if (summary.startsWith('has')) return 'invalid argument to has() macro';
  return summary.startsWith('map') || summary.startsWith('filter')
    ? 'argument is not an identifier'
    : 'argument must be a simple name';
}

const TOKENS: Readonly<Record<string, string>> = {
  RPAREN: "')'",
  RBRACKET: "']'",
  RBRACE: "'}'",
  COLON: "':'",
  IDENTIFIER: 'IDENTIFIER',
};

function expectedToken(summary: string): string {
  const name = /^Expected (\w+)/.exec(summary)?.[1] ?? '';
  return TOKENS[name] ?? name;
}
