// Add-on values as the cloud keeps them, a tree, turned into the flat keys that ConfigMap `tke-eni-ipamd` has (ADR 0008).

/** `{a: {b: true}}` becomes `{'a.b': 'true'}`; a list becomes a comma list. What is null or an empty object has no key. */
export function flatValues(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(leaves('', values));
}

function leaves(path: string, value: unknown): (readonly [string, string])[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return [[path, value.map(textOf).join(',')]];
  if (typeof value !== 'object') return [[path, textOf(value)]];
  return Object.entries(value).flatMap(([key, below]) => leaves(path === '' ? key : `${path}.${key}`, below));
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
