// How far the parity suite has been judged by real servers, by group; for the docs and for people.
import { groupOf, groups } from './parity-case.ts';
import type { Group, ParityCase } from './parity-case.ts';
import { isVerified } from './verified.ts';
import type { Verified } from './verified.ts';

export interface GroupSummary {
  readonly group: Group;
  readonly cases: number;
  /** Number of cases that passed on each real server, by its release. */
  readonly byServer: ReadonlyMap<string, number>;
  /** Cases that no real server has judged as they are now. */
  readonly unverified: number;
}

/** One entry per group that has cases, in the order of `groups`. */
export function summarize(cases: readonly ParityCase[], verified: Verified): GroupSummary[] {
  return groups
    .map((group) => cases.filter((parityCase) => groupOf(parityCase) === group))
    .filter((members) => members.length > 0)
    .map((members) => {
      const judged = members.filter((parityCase) => isVerified(verified, parityCase));
      const byServer = new Map<string, number>();
      for (const { id } of judged)
        for (const server of verified[id]?.servers ?? []) byServer.set(server, (byServer.get(server) ?? 0) + 1);
      const [first] = members;
      if (first === undefined) throw new Error('a group without members');
      return { group: groupOf(first), cases: members.length, byServer, unverified: members.length - judged.length };
    });
}

/** A Markdown table with a last line of sums. */
export function summaryTable(summaries: readonly GroupSummary[]): string {
  const servers = [...new Set(summaries.flatMap(({ byServer }) => [...byServer.keys()]))].sort((left, right) =>
    left < right ? -1 : 1,
  );
  const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const total = (pick: (summary: GroupSummary) => number): number =>
    summaries.reduce((sum, summary) => sum + pick(summary), 0);
  return [
    row(['group', 'cases', ...servers.map((server) => `passed on ${server}`), 'unverified']),
    row(['---', '---', ...servers.map(() => '---'), '---']),
    ...summaries.map(({ group, cases, byServer, unverified }) =>
      row([group, cases, ...servers.map((server) => byServer.get(server) ?? 0), unverified]),
    ),
    row([
      'all',
      total(({ cases }) => cases),
      ...servers.map((server) => total(({ byServer }) => byServer.get(server) ?? 0)),
      total(({ unverified }) => unverified),
    ]),
  ].join('\n');
}
