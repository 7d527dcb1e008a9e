// The record of cases that passed on a real server: by id, a digest of what the case does, and the server's release.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ParityCase } from './parity-case.ts';

const file = join(import.meta.dirname, 'verified.json');
/** What verified.json holds. */
export const verifiedSchema = z.record(z.string(), z.object({ digest: z.string(), servers: z.array(z.string()) }));
export type Verified = z.infer<typeof verifiedSchema>;

/** A case that was changed since it was verified is unverified again. Formatting does not count. */
export const digestOf = (parityCase: Pick<ParityCase, 'run'>): string =>
  createHash('sha256')
    .update(parityCase.run.toString().replaceAll(/[\s,]+/g, ''))
    .digest('hex')
    .slice(0, 16);

export async function readVerified(): Promise<Verified> {
  return verifiedSchema.parse(JSON.parse(await readFile(file, 'utf8').catch(() => '{}')));
}

export const isVerified = (verified: Verified, parityCase: Pick<ParityCase, 'id' | 'run'>): boolean =>
  verified[parityCase.id]?.digest === digestOf(parityCase);

/** Adds the release to what `passed`, and drops cases that no longer exist or failed on it. */
export async function recordVerified(
  ran: readonly ParityCase[],
  passed: readonly string[],
  release: string,
): Promise<void> {
  const before = await readVerified();
  const after: Verified = { ...before };
  for (const parityCase of ran) {
    const digest = digestOf(parityCase);
    const known = before[parityCase.id];
    const others = known?.digest === digest ? known.servers.filter((server) => server !== release) : [];
    const servers = passed.includes(parityCase.id) ? [...others, release].sort() : others;
    if (servers.length > 0) after[parityCase.id] = { digest, servers };
    else delete after[parityCase.id];
  }
  const sorted = Object.fromEntries(Object.entries(after).sort(([left], [right]) => (left < right ? -1 : 1)));
  await writeFile(file, `${JSON.stringify(sorted, null, 2)}\n`);
}
