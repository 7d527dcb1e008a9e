// Why Go's regular expressions refuse a pattern, in its words.

/** For a pattern that is refused: `error parsing regexp: ...`. */
export function patternFault(pattern: string): string {
  return `error parsing regexp: ${faultOf(pattern)}`;
}

function faultOf(pattern: string): string {
  const perl = /\(\?[=!<][=!]?/.exec(pattern);
  if (perl !== null) return `invalid or unsupported Perl syntax: \`${perl[0]}\``;
  const back = /\\([1-9]|k<)/.exec(pattern);
  if (back !== null) return `invalid escape sequence: \`${back[0]}\``;
  let depth = 0;
  let escaped = false;
  let classFrom = -1;
  for (const [at, character] of Array.from(pattern).entries()) {
    if (escaped) escaped = false;
    else if (character === '\\') escaped = true;
    else if (classFrom >= 0) classFrom = character === ']' && at > classFrom + 1 ? -1 : classFrom;
    else if (character === '[') classFrom = at;
    else if (character === '(') depth += 1;
    else if (character === ')') {
      depth -= 1;
      if (depth < 0) return `unexpected ): \`${pattern}\``;
    }
  }
  if (escaped) return 'trailing backslash at end of expression: ``';
  if (classFrom >= 0) return `missing closing ]: \`${pattern.slice(classFrom)}\``;
  if (depth > 0) return `missing closing ): \`${pattern}\``;
  const repeat = /(?:^|[(|])([*+?]|\{\d+(?:,\d*)?\})/.exec(pattern);
  if (repeat !== null) return `missing argument to repetition operator: \`${repeat[1] ?? ''}\``;
  const twice = /[*+?][*+]+/.exec(pattern);
  if (twice !== null) return `invalid nested repetition operator: \`${twice[0]}\``;
  return `invalid character class range: \`${pattern}\``;
}
