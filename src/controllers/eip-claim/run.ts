// What one reconcile of an EIPClaim is given, and what this process remembers between two of them.
import type { EipClaim } from '../../api/eip-claim.ts';
import type { Eip } from '../../cloud/eip-calls.ts';
import { keyOf } from '../../kube/object-key.ts';
import type { ReconcileResult } from '../../kube/types.ts';
import type { ObservedEip } from '../../planning/eip-plan.ts';
import { planLookUp } from '../../planning/create-step.ts';
import type { IpamdDeps } from '../deps.ts';
import { createProgress, type Progress } from '../vpc-eni/lifecycle/progress.ts';
import { createEipReader, type EipReader } from './reader.ts';

export interface EipRun {
  readonly deps: IpamdDeps;
  readonly reader: EipReader;
  /** By uid of the claim: how sure the recorded purchase is, and since when its EIP is not to be seen. */
  readonly progress: Progress;
  /** EIP id to the key of the claim that is about to record it, so that two claims of one moment do not choose the same. */
  readonly reserved: Map<string, string>;
  /** Keys of claims for which one is being bought just now, so that two Pods of one moment do not take the last place of a node. */
  readonly buying: Set<string>;
  /** Uids of claims whose EIP this process has seen in the cloud. */
  readonly seen: Set<string>;
}

export interface EipOutcome {
  readonly result?: ReconcileResult | undefined;
  /** For the log. */
  readonly told?: object;
}

export const createEipRun = (deps: IpamdDeps): EipRun => ({
  deps,
  reader: createEipReader(deps.cloud, deps.clock),
  progress: createProgress(),
  reserved: new Map(),
  buying: new Set(),
  seen: new Set(),
});

/** The cloud's word, in the planner's. */
export function observedOf(eip: Eip): ObservedEip {
  switch (eip.status) {
    case 'UNBIND':
      return { state: 'free' };
    case 'BIND':
    case 'BIND_ENI': {
      const { eniId, privateIp } = eip.binding ?? {};
      return {
        state: 'bound',
        place: eniId === undefined || privateIp === undefined ? undefined : { eniId, privateIp },
      };
    }
    case 'CREATING':
    case 'BINDING':
    case 'UNBINDING':
    case 'OFFLINING':
    case 'BUSY':
      return { state: 'busy' };
  }
}

export type Sight = { readonly kind: 'there'; readonly eip: Eip } | { readonly kind: 'gone' } | LookAgain;
export interface LookAgain {
  readonly kind: 'look-again';
  readonly afterMs: number;
}

/**
 * The claim's EIP as the cloud shows it now. Gone only when this process saw it before and `seenCounts`, or after two looks one consistency
 * window apart: a describe may miss what was just bought.
 */
export async function lookAt(run: EipRun, claim: EipClaim, eipId: string, seenCounts: boolean): Promise<Sight> {
  const { progress, seen } = run;
  const uid = claim.metadata.uid ?? '';
  const eip = await run.reader.read(eipId);
  if (eip !== undefined) {
    seen.add(uid);
    progress.setAbsentSince(uid, undefined);
    return { kind: 'there', eip };
  }
  if (seenCounts && seen.has(uid)) return { kind: 'gone' };
  return lookAgain(run, uid) ?? { kind: 'gone' };
}

/** Of a claim whose EIP was not to be seen just now; undefined: nor was it one consistency window ago. */
export function lookAgain({ deps, progress }: EipRun, uid: string): LookAgain | undefined {
  const step = planLookUp({
    found: false,
    absentSinceMs: progress.absentSince(uid),
    nowMs: deps.clock.monotonicMs(),
    windowMs: deps.timings.consistencyWindowMs,
  });
  if (step.kind !== 'look-again') return undefined;
  progress.setAbsentSince(uid, step.absentSinceMs);
  return { kind: 'look-again', afterMs: step.afterMs };
}

/** Newest versions of all claims that record this EIP. */
export function holdersOf({ deps }: Pick<EipRun, 'deps'>, eipId: string): readonly EipClaim[] {
  const cached = deps.informers.eipClaims.byIndex('eip', eipId).map(keyOf);
  const unseen = deps.eipClaims.unseen().map(keyOf);
  return [...new Set([...cached, ...unseen])].flatMap((key) => {
    const claim = deps.eipClaims.latest(key);
    return claim?.status?.eipID === eipId ? [claim] : [];
  });
}

/** What this process knows of a claim is the past. */
export function forgetClaim({ progress, seen, reserved }: EipRun, claim: EipClaim): void {
  const uid = claim.metadata.uid ?? '';
  progress.forget(uid);
  seen.delete(uid);
  for (const [eipId, key] of reserved) if (key === keyOf(claim)) reserved.delete(eipId);
}
