// The one name that a field selector asks for, if it asks for one.

/** The value of `metadata.name` when `selector` requires it to be equal to something; `undefined` otherwise. */
export function exactName(selector: string | null): string | undefined {
  for (const term of (selector ?? '').split(/(?<!\\),/)) {
    const found = /^metadata\.name==?([^=!]+)$/.exec(term.trim());
    if (found?.[1] !== undefined && !/[/%]/.test(found[1])) return found[1];
  }
  return undefined;
}
