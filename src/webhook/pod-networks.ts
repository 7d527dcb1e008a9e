// The networks annotation: which CNI networks a Pod asks for, in the three forms that are documented.
import { z } from 'zod';

const listSchema = z.array(z.union([z.string(), z.looseObject({ name: z.string() })]));

/** Names out of `a,b`, `a@eth1` or a JSON list of names or of objects with a name; empty when absent or blank. */
export function networkNames(annotation: string | undefined): readonly string[] {
  const text = annotation?.trim() ?? '';
  if (!text.startsWith('['))
    return text
      .split(',')
      .map(bareName)
      .filter((name) => name !== '');
  const list = listSchema.safeParse(jsonOrUndefined(text));
  return list.success ? list.data.map((item) => bareName(typeof item === 'string' ? item : item.name)) : [];
}

function bareName(item: string): string {
  const withoutInterface = item.split('@', 1)[0] ?? '';
  return withoutInterface.slice(withoutInterface.lastIndexOf('/') + 1).trim();
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
