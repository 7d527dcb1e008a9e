// Finds operators, dots and parentheses in the gaps between the parts of an expression, where only blanks and comments are.

export class Places {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  /** Where `word` is first found from `from` on, comments passed over; `from` when it is nowhere. */
  after(from: number, word: string): number {
    for (let at = from; at < this.#text.length; at += 1) {
      if (this.#text.startsWith('//', at) && word !== '/') {
        const end = this.#text.indexOf('\n', at);
        if (end < 0) return from;
        at = end;
      } else if (this.#text.startsWith(word, at)) return at;
    }
    return from;
  }

  /** Is there nothing but blanks between two places? */
  isBlank(from: number, to: number): boolean {
    return this.#text.slice(from, to).trim() === '';
  }

  /** Do more parentheses open in the first gap than close in the second: is the whole of what follows in parentheses? */
  isEnclosed(openFrom: number, openTo: number, closeFrom: number, closeTo: number): boolean {
    const count = (from: number, to: number, character: string): number =>
      this.#text.slice(from, to).split(character).length - 1;
    return count(openFrom, openTo, '(') > count(closeFrom, closeTo, ')');
  }
}
