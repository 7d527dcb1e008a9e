// A claim without a Pod: its EIP is unbound and kept, or, once the claim is deleted, given back.
import type { EipClaim } from '../../api/eip-claim.ts';
import { planEip } from '../../planning/eip-plan.ts';
import { WITHOUT_EIP } from './designate.ts';
import { letEipClaimGo } from './object.ts';
import { type Acquired, findBought, mayHaveBought } from './purchase.ts';
import { type EipOutcome, type EipRun, forgetClaim, lookAt, observedOf } from './run.ts';
import { send } from './send.ts';
import { recordedPlace } from './serve.ts';
import { eipBound, writeEipStatus } from './status.ts';

const UNPLACED = ['eniID', 'privateIP', 'boundPodUID'] as const;

/** Unbound as soon as its Pod is gone: the private address may be another Pod's next, and must not come with this EIP. */
export async function unbindKept(run: EipRun, claim: EipClaim, signal: AbortSignal): Promise<EipOutcome> {
  const { deps } = run;
  const found = await adoptBought(run, claim, signal);
  if (found.kind === 'waits') return found.outcome;
  const held = found.claim;
  const { eipID, phase } = held.status ?? {};
  if (eipID === undefined || (phase === 'Unbound' && recordedPlace(held) === undefined && found.claim === claim))
    return {};
  const sight = await lookAt(run, held, eipID, false);
  if (sight.kind === 'look-again') return { result: { requeueAfterMs: sight.afterMs } };
  const step = planEip({
    wanted: 'keep',
    created: held.status?.created === true,
    observed: sight.kind === 'gone' ? undefined : observedOf(sight.eip),
    target: undefined,
    recorded: recordedPlace(held),
    recordedForPod: false,
  });
  switch (step.kind) {
    case 'look-again':
      return { result: { requeueAfterMs: deps.timings.eipLookMs } };
    case 'disassociate':
      return send(run, held, undefined, { doing: 'disassociate', action: 'disassociateEip', kind: 'create' }, signal);
    case 'missing':
      await writeEipStatus(deps, held, { phase: 'Unbound', clear: WITHOUT_EIP });
      return { told: { lost: eipID } };
    case 'rest':
    case 'foreign':
    case 'given-up':
    case 'release':
    case 'associate':
    case 'wait-for-address': {
      const ip = sight.kind === 'there' ? sight.eip.ip : '';
      await writeEipStatus(deps, held, {
        phase: 'Unbound',
        ...(ip === '' ? {} : { publicIP: ip }),
        clear: UNPLACED,
      });
      return {};
    }
  }
}

/** Unbound, then released when it was bought for the claim; the claim goes when nothing of it is left. */
export async function releaseEip(run: EipRun, claim: EipClaim, signal: AbortSignal): Promise<EipOutcome> {
  const { deps } = run;
  const found = await adoptBought(run, claim, signal);
  if (found.kind === 'waits') return found.outcome;
  const held = found.claim;
  const { eipID, created } = held.status ?? {};
  if (eipID === undefined) return letGo(run, held);
  const sight = await lookAt(run, held, eipID, true);
  if (sight.kind === 'look-again') return { result: { requeueAfterMs: sight.afterMs } };
  const step = planEip({
    wanted: 'release',
    created: created === true,
    observed: sight.kind === 'gone' ? undefined : observedOf(sight.eip),
    target: undefined,
    recorded: recordedPlace(held),
    recordedForPod: false,
  });
  switch (step.kind) {
    case 'look-again':
      return { result: { requeueAfterMs: deps.timings.eipLookMs } };
    case 'disassociate': {
      const leaving = await tellLeaving(run, held, `${eipID} is being unbound`);
      return send(
        run,
        leaving,
        undefined,
        { doing: 'disassociate', action: 'disassociateEip', kind: 'delete' },
        signal,
      );
    }
    case 'release': {
      const leaving = await tellLeaving(run, held, `${eipID} is being released`);
      return send(run, leaving, undefined, { doing: 'release', action: 'releaseEip', kind: 'delete' }, signal);
    }
    case 'given-up':
    case 'rest':
    case 'foreign':
    case 'missing':
    case 'associate':
    case 'wait-for-address':
      return letGo(run, held);
  }
}

async function letGo(run: EipRun, claim: EipClaim): Promise<EipOutcome> {
  await letEipClaimGo(run.deps, claim);
  forgetClaim(run, claim);
  const { eipID, created } = claim.status ?? {};
  return { told: created === true ? { released: eipID } : { unbound: eipID ?? 'nothing' } };
}

/** After a failure its reason stays to be read until something else is known. */
function tellLeaving({ deps }: EipRun, claim: EipClaim, message: string): Promise<EipClaim> {
  if (claim.status?.phase === 'Failed') return Promise.resolve(claim);
  const conditions = eipBound(claim, 'False', { reason: 'Releasing', message }, deps.clock.now());
  return writeEipStatus(deps, claim, { phase: 'Releasing', conditions });
}

/** A purchase whose outcome nobody knows is found first: what it bought would be nobody's otherwise. */
async function adoptBought(run: EipRun, claim: EipClaim, signal: AbortSignal): Promise<Acquired> {
  if (!mayHaveBought(run, claim)) return { kind: 'has', claim };
  const bought = await findBought(run, claim, signal);
  if (bought.kind === 'look-again') return { kind: 'waits', outcome: { result: { requeueAfterMs: bought.afterMs } } };
  const uid = claim.metadata.uid ?? '';
  run.progress.setStanding(uid, claim.status?.operation?.attempt ?? 0, 'refused');
  if (bought.kind === 'absent') return { kind: 'has', claim };
  run.progress.setAbsentSince(uid, undefined);
  return {
    kind: 'has',
    claim: await writeEipStatus(run.deps, claim, { eipID: bought.eip.eipId, created: true }),
  };
}
