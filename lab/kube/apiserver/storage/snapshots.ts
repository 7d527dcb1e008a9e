// Snapshots behind `continue` tokens: a paged list is one consistent list, or 410 when its snapshot is gone.
import type { StoredObject } from './store.ts';

export interface Snapshot {
  readonly items: readonly StoredObject[];
  readonly revision: number;
}

export interface Snapshots {
  /** Keeps the items of a list for later pages and gives the id for its token. */
  keep(snapshot: Snapshot): string;
  find(id: string): Snapshot | undefined;
}

/** Keeps the newest `limit` snapshots; entries are references to immutable objects, so keeping them is cheap. */
export function createSnapshots(limit: number): Snapshots {
  const kept = new Map<string, Snapshot>();
  let counter = 0;
  return {
    keep(snapshot) {
      counter += 1;
      const id = String(counter);
      kept.set(id, snapshot);
      const [oldest] = kept.keys();
      if (kept.size > limit && oldest !== undefined) kept.delete(oldest);
      return id;
    },
    find: (id) => kept.get(id),
  };
}

/** `{id, offset}` as the opaque text of a token. */
export function encodeContinue(id: string, offset: number): string {
  return Buffer.from(JSON.stringify({ id, offset })).toString('base64url');
}

/** The reverse of `encodeContinue`; `undefined` for anything else. */
export function decodeContinue(token: string): { readonly id: string; readonly offset: number } | undefined {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (typeof decoded !== 'object' || decoded === null || !('id' in decoded) || !('offset' in decoded))
      return undefined;
    const { id, offset } = decoded;
    return typeof id === 'string' && typeof offset === 'number' && offset >= 0 ? { id, offset } : undefined;
  } catch {
    return undefined;
  }
}
