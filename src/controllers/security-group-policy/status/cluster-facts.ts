// What is asked of the cluster once and holds for all its policies: versions.
import { z } from 'zod';
import type { IpamdDeps } from '../../deps.ts';
import { closedByVersion } from '../../node/security-groups/version.ts';

export interface ClusterFacts {
  get(signal: AbortSignal): Promise<{ readonly clusterVersion: string }>;
  /** Why the add-on's version closes Trunking (spec 002, 3.5.6); absent when it does not. */
  versionProblem(signal: AbortSignal): Promise<string | undefined>;
}

const versionSchema = z.looseObject({ gitVersion: z.string() });

/** A Kubernetes that is upgraded keeps ipamd running, so its version is asked again after a while. */
const FRESH_MS = 600_000;

/** Nothing is asked before the first question. */
export function createClusterFacts({
  client,
  clock,
  version,
}: Pick<IpamdDeps, 'client' | 'clock' | 'version'>): ClusterFacts {
  let known: { readonly clusterVersion: string; readonly atMs: number } | undefined;
  let closed: { readonly problem: string | undefined } | undefined;
  return {
    get: async (signal) => {
      if (known === undefined || clock.monotonicMs() - known.atMs > FRESH_MS) {
        const answer = versionSchema.safeParse(await client.request('GET', '/version', undefined, { signal }));
        known = { clusterVersion: answer.success ? answer.data.gitVersion : '', atMs: clock.monotonicMs() };
      }
      return known;
    },
    versionProblem: async (signal) => {
      // A Deployment with another image starts another process.
      closed ??= { problem: await closedByVersion(client, version, signal, 'trunkingEni') };
      return closed.problem;
    },
  };
}
