// The rules of security groups, read one group at a time behind the callers' backs and believed for a while.
import type { Clock } from '../../../base/clock.ts';
import { errorText } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { CloudError, cloudErrors, isCloudError } from '../../../cloud/errors.ts';
import type { VpcCloud } from '../../../cloud/vpc-cloud.ts';
import { parseSecurityGroup } from '../../../securitygroup/parse.ts';
import type { SecurityGroup } from '../../../securitygroup/rule.ts';

export type KnownRules =
  | { readonly kind: 'rules'; readonly group: SecurityGroup }
  | { readonly kind: 'unreadable'; readonly why: string };

export interface RulesLookup {
  /**
   * What is known now. For an id that is absent, or not known freshly, a read is begun; `asker` is told by `onAnswer` when it has ended with
   * something new.
   */
  get(ids: readonly string[], asker: string): ReadonlyMap<string, KnownRules>;
  onAnswer(listener: (asker: string) => void): () => void;
}

interface Entry {
  known: KnownRules | undefined;
  atMs: number;
  underWay: boolean;
  readonly askers: Set<string>;
}

/** A group that cannot be read is asked for again with the others: somebody may grant the call. */
export function createRulesLookup(
  deps: {
    readonly cloud: Pick<VpcCloud, 'describeSecurityGroupPolicies'>;
    readonly clock: Clock;
    readonly logger: Logger;
  },
  freshMs: number,
): RulesLookup {
  const { cloud, clock, logger } = deps;
  const entries = new Map<string, Entry>();
  const listeners = new Set<(asker: string) => void>();

  const read = async (id: string, entry: Entry): Promise<void> => {
    entry.underWay = true;
    const before = JSON.stringify(entry.known, bigintText);
    try {
      entry.known = await readRules(cloud, id);
      entry.atMs = clock.monotonicMs();
    } catch (error) {
      // What was known stays; the next question asks again.
      logger.warn({ group: id, error: errorText(error) }, 'the rules of a security group cannot be read');
    }
    entry.underWay = false;
    const askers = [...entry.askers];
    entry.askers.clear();
    if (JSON.stringify(entry.known, bigintText) === before) return;
    for (const listener of listeners) for (const asker of askers) listener(asker);
  };
  return {
    get: (ids, asker) => {
      const found = new Map<string, KnownRules>();
      for (const id of new Set(ids)) {
        const entry = entries.get(id) ?? { known: undefined, atMs: -Infinity, underWay: false, askers: new Set() };
        entries.set(id, entry);
        if (entry.known !== undefined) found.set(id, entry.known);
        if (clock.monotonicMs() - entry.atMs < freshMs) continue;
        entry.askers.add(asker);
        if (!entry.underWay) void read(id, entry);
      }
      return found;
    },
    onAnswer: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const bigintText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** Throws what passes by itself. */
async function readRules(cloud: Pick<VpcCloud, 'describeSecurityGroupPolicies'>, id: string): Promise<KnownRules> {
  try {
    const parsed = parseSecurityGroup(id, await cloud.describeSecurityGroupPolicies(id, { priority: 'collect' }));
    if (parsed.ok) return { kind: 'rules', group: parsed.value };
    const [problem] = parsed.problems;
    return { kind: 'unreadable', why: `rules of ${id}: ${problem?.path ?? ''}: ${problem?.message ?? 'not accepted'}` };
  } catch (error) {
    if (isCloudError(error, cloudErrors.unauthorized))
      return { kind: 'unreadable', why: 'role IPAMDofTKE_QCSRole may not call vpc:DescribeSecurityGroupPolicies' };
    if (error instanceof CloudError && error.retry === 'not-found')
      return { kind: 'unreadable', why: `${id} does not exist` };
    throw error;
  }
}
