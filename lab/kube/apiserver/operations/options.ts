// Query parameters that every write understands.
import type { Scope } from '../core.ts';
import { badRequest } from '../status.ts';

/** The manager recorded for a write: the `fieldManager` parameter, else the client's name. */
export function fieldManagerOf(scope: Pick<Scope, 'query' | 'userAgent'>): string {
  const asked = scope.query.get('fieldManager') ?? '';
  if (asked.length > 128) throw badRequest('fieldManager: Too long: may not be longer than 128');
  if (asked !== '') return asked;
  const client = scope.userAgent.split('/')[0] ?? '';
  return client === '' ? 'unknown' : client.slice(0, 128);
}

/** Is everything to be done except storing? Throws 400 for a value that is not known. */
export function isDryRun(query: URLSearchParams): boolean {
  const asked = query.getAll('dryRun').filter((value) => value !== '');
  const unknown = asked.find((value) => value !== 'All');
  if (unknown !== undefined) throw badRequest(`invalid dryRun ${JSON.stringify(unknown)}: supported values: "All"`);
  return asked.length > 0;
}
