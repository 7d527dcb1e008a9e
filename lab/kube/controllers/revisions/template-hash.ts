// What tells versions of a Pod template apart.
import { createHash } from 'node:crypto';

/** Labels that controllers put on templates and that do not make another template of it. */
const HASH_LABEL = 'pod-template-hash';

/** The template as text, whatever the order of its keys; nothing and `null` are the same, as is the label that holds the hash. */
export function canonicalTemplate(template: unknown): string {
  return JSON.stringify(template, (key, value: unknown) => {
    if (value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return value;
    if (key === 'metadata' && Object.keys(value).length === 0) return undefined;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name, entry]) => name !== HASH_LABEL && entry !== null && entry !== undefined)
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  });
}

/** The label value that tells the template's versions apart; the same template gives the same value. `collisions` counts names already taken. */
export function templateHash(template: unknown, collisions = 0): string {
  // The alphabet that Kubernetes uses for generated names: no vowels, so no words.
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const text = canonicalTemplate(template) + (collisions === 0 ? '' : String(collisions));
  return [...createHash('sha256').update(text).digest().subarray(0, 10)]
    .map((byte) => alphabet[byte % alphabet.length])
    .join('');
}
