// What validation of one value found: faults without repetition, and how much of the schema matched.
import type { FieldError } from '../field-error.ts';

/** A fault with its message; messages tell faults apart. */
export interface Finding {
  readonly message: string;
  readonly error: FieldError;
}

/**
 * The outcome of validating one value. `matched` counts the groups of keywords that were looked at: of the alternatives of an `anyOf` or
 * `oneOf` that all fail, the one that got furthest is reported (kube-openapi, validation/validate).
 */
export class Findings {
  readonly list: Finding[] = [];
  matched = 0;

  get clean(): boolean {
    return this.list.length === 0;
  }

  /** Adds a fault unless one with the same message is there. */
  add(message: string, error: FieldError): void {
    if (!this.list.some((finding) => finding.message === message)) this.list.push({ message, error });
  }

  /** Takes over another outcome; an absent one counts for nothing. */
  merge(other: Findings | undefined): void {
    if (other === undefined) return;
    for (const { message, error } of other.list) this.add(message, error);
    this.matched += other.matched;
  }
}
