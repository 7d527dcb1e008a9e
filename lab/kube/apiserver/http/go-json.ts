// Says what is wrong with a JSON text, in the words of Go's encoding/json, which a real server's answers quote.

/** The first fault of a text that is no JSON; `undefined` when there is none. Looks at bytes, as Go does. */
export function jsonFault(bytes: Uint8Array): string | undefined {
  const scanner = new Scanner(bytes);
  try {
    scanner.value();
    scanner.space();
    if (!scanner.atEnd) scanner.refuse('after top-level value');
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

class Fault extends Error {}

const LITERALS: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' };
/** Go's own limit on nesting. */
const MAX_DEPTH = 10_000;

class Scanner {
  readonly #bytes: Uint8Array;
  #position = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** Never returns: the byte at hand is not what may stand here. */
  refuse(context: string): never {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw new Fault('unexpected end of JSON input');
    throw new Fault(`invalid character ${quoted(byte)} ${context}`);
  }

  space(): void {
    while ([0x20, 0x09, 0x0a, 0x0d].includes(this.#bytes[this.#position] ?? 0)) this.#position += 1;
  }

  value(): void {
    this.space();
    const next = this.#peek();
    if (next === '{') this.#nested(() => this.#object());
    else if (next === '[') this.#nested(() => this.#array());
    else if (next === '"') this.#string();
    else if (next === '-' || isDigit(next)) this.#number();
    else if (LITERALS[next] !== undefined) this.#literal(LITERALS[next]);
    else this.refuse('looking for beginning of value');
  }

  #peek(): string {
    const byte = this.#bytes[this.#position];
    return byte === undefined ? '' : String.fromCharCode(byte);
  }

  #nested(read: () => void): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Fault('exceeded max depth');
    read();
    this.#depth -= 1;
  }

  #object(): void {
    this.#position += 1;
    this.space();
    if (this.#takes('}')) return;
    for (;;) {
      this.space();
      if (this.#peek() !== '"') this.refuse('looking for beginning of object key string');
      this.#string();
      this.space();
      if (!this.#takes(':')) this.refuse('after object key');
      this.value();
      this.space();
      if (this.#takes('}')) return;
      if (!this.#takes(',')) this.refuse('after object key:value pair');
    }
  }

  #array(): void {
    this.#position += 1;
    this.space();
    if (this.#takes(']')) return;
    for (;;) {
      this.value();
      this.space();
      if (this.#takes(']')) return;
      if (!this.#takes(',')) this.refuse('after array element');
    }
  }

  #takes(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#position += 1;
    return true;
  }

  #string(): void {
    this.#position += 1;
    for (;;) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined || byte < 0x20) this.refuse('in string literal');
      this.#position += 1;
      if (byte === 0x22) return;
      if (byte === 0x5c) this.#escape();
    }
  }

  #escape(): void {
    const letter = this.#peek();
    if (letter === '' || !'bfnrt\\/"u'.includes(letter)) this.refuse('in string escape code');
    this.#position += 1;
    if (letter !== 'u') return;
    for (let digit = 0; digit < 4; digit += 1) {
      if (!/^[0-9a-fA-F]$/.test(this.#peek())) this.refuse('in \\u hexadecimal character escape');
      this.#position += 1;
    }
  }

  #number(): void {
    if (this.#takes('-') && !isDigit(this.#peek())) this.refuse('in numeric literal');
    if (!this.#takes('0')) this.#digits();
    if (this.#takes('.')) {
      if (!isDigit(this.#peek())) this.refuse('after decimal point in numeric literal');
      this.#digits();
    }
    if (this.#takes('e') || this.#takes('E')) {
      if (!this.#takes('+')) this.#takes('-');
      if (!isDigit(this.#peek())) this.refuse('in exponent of numeric literal');
      this.#digits();
    }
  }

  #digits(): void {
    while (isDigit(this.#peek())) this.#position += 1;
  }

  #literal(word: string): void {
    for (const letter of word) {
      if (this.#peek() !== letter) this.refuse(`in literal ${word} (expecting '${letter}')`);
      this.#position += 1;
    }
  }
}

const isDigit = (character: string): boolean => character >= '0' && character <= '9' && character.length === 1;

/** A byte as Go quotes a character. */
function quoted(byte: number): string {
  if (byte === 0x27) return "'\\''";
  if (byte === 0x22) return "'\"'";
  const short = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r', 92: '\\' }[byte];
  if (short !== undefined) return `'\\${short}'`;
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`;
  if (byte > 0x7f && (byte < 0xa1 || byte === 0xad)) return `'\\u${byte.toString(16).padStart(4, '0')}'`;
  return `'${String.fromCharCode(byte)}'`;
}
