// Which form of an object a client asks for: the object itself, or the Table that kubectl prints.
import { badRequest } from '../status.ts';
import type { IncludeObject } from '../table/table.ts';

/** True when the first form that the server can give is a Table. */
export function wantsTable(accept: string): boolean {
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part
      .trim()
      .split(';')
      .map((piece) => piece.trim());
    if (type !== 'application/json' && type !== '*/*' && type !== '') continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='));
    if (as === undefined) return false;
    if (as === 'as=Table' && parameters.includes('g=meta.k8s.io')) return true;
  }
  return false;
}

/** True when the client takes no JSON at all. */
export function refusesJson(accept: string): boolean {
  if (accept.trim() === '') return false;
  return !accept.split(',').some((part) => {
    const type = part.trim().split(';')[0]?.trim() ?? '';
    return (
      type === 'application/json' ||
      type === '*/*' ||
      type === 'application/*' ||
      type === 'application/yaml' ||
      type === 'text/plain'
    );
  });
}

/** The `includeObject` parameter of Tables. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const asked = query.get('includeObject') ?? '';
  if (asked === '' || asked === 'Metadata') return 'Metadata';
  if (asked === 'None' || asked === 'Object') return asked;
  throw badRequest(`invalid includeObject ${JSON.stringify(asked)}: must be one of None, Metadata, Object`);
}
