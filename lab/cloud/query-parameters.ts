// Turns the flattened query of a GET (`Filters.0.Values.0=x`) into the object that a POST would carry.
import { ApiError } from './api-error.ts';

interface Branch {
  text?: string;
  readonly parts: Map<string, Branch>;
}

const NAME = /^[A-Za-z]\w*(\.\w+)*$/;
const MAX_DEPTH = 10;

/** Every leaf is a text; actions take digits for numbers (facts, sections 3.1 and 20.3). Throws InvalidParameter for a name that makes no tree. */
export function queryParameters(query: string): Record<string, unknown> {
  const root: Branch = { parts: new Map() };
  for (const [name, value] of new URLSearchParams(query)) {
    const path = name.split('.');
    if (!NAME.test(name) || path.length > MAX_DEPTH)
      throw new ApiError('InvalidParameter', `\`${name.slice(0, 80)}\` is not the name of a parameter`);
    const leaf = path.reduce((branch, part) => {
      const next = branch.parts.get(part) ?? { parts: new Map<string, Branch>() };
      branch.parts.set(part, next);
      return next;
    }, root);
    if (leaf.text !== undefined) throw new ApiError('InvalidParameter', `\`${name}\` is given twice`);
    leaf.text = value;
  }
  return Object.fromEntries([...root.parts].map(([part, branch]) => [part, valueOf(part, branch)]));
}

function valueOf(name: string, branch: Branch): unknown {
  if (branch.parts.size === 0) return branch.text ?? '';
  if (branch.text !== undefined)
    throw new ApiError('InvalidParameter', `\`${name}\` is both a value and a group of values`);
  const keys = [...branch.parts.keys()];
  if (!keys.every((key) => /^\d+$/.test(key)))
    return Object.fromEntries([...branch.parts].map(([part, below]) => [part, valueOf(`${name}.${part}`, below)]));
  return keys.map((_key, index) => {
    const below = branch.parts.get(String(index));
    if (below === undefined)
      throw new ApiError('InvalidParameter', `\`${name}\` lacks index ${index}; lists start at 0 without gaps`);
    return valueOf(`${name}.${index}`, below);
  });
}
