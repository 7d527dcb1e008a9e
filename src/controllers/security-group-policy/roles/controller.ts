// Asks CAM now and then whether both roles of document 002 have policy SubENIForIPAMD; what it finds is told by the status of the policies.
import { errorText } from '../../../base/errors.ts';
import { cloudErrors, isCloudError } from '../../../cloud/errors.ts';
import { createController, watchOf } from '../../../kube/controller.ts';
import type { Controller, ReconcileResult } from '../../../kube/types.ts';
import { type PolicyStanding, SUB_ENI_POLICY, type SubEniRole, subEniRoles } from '../../../planning/gates.ts';
import type { IpamdDeps } from '../../deps.ts';
import { nextLookMs, type RoleStandings, unseenRoles } from './standings.ts';

/** Both roles are one piece of work. */
const KEY = 'roles';

type RolesDeps = Pick<IpamdDeps, 'cloud' | 'logger' | 'denials'>;

/**
 * Two reads when Trunking is on and a first policy is there, then every `policyResyncMs`, and every `lookAgainMs` while a role lacks the policy or is
 * refused a call; apart from everything else, so that a CAM that does not answer delays nobody.
 */
export function createSubEniRoles(deps: IpamdDeps, standings: RoleStandings): Controller {
  const { informers, settings, denials, clock, logger, timings } = deps;
  const isWanted = (): boolean =>
    settings.current()['vpcCni.trunkingEni.enableSubEni'] && informers.policies.list().length > 0;
  const isClosed = (): boolean =>
    denials.actions().length > 0 || subEniRoles.some((role) => standings.current()[role] === 'missing');
  const state: { lookedAtMs: number | undefined } = { lookedAtMs: undefined };
  const waitMs = (): number => {
    return nextLookMs({ lookedAtMs: state.lookedAtMs, nowMs: clock.monotonicMs(), isClosed: isClosed() }, timings);
  };
  return createController({
    name: 'security-group-policy.roles',
    clock,
    logger,
    watches: [watchOf(informers.policies, () => [KEY])],
    sources: [
      (enqueue, signal) => {
        const stops = [settings, denials].map((each) => each.onChange(() => enqueue(KEY)));
        signal.addEventListener('abort', () => stops.forEach((each) => each()), { once: true });
      },
    ],
    reconcile: async (_key, { signal }): Promise<ReconcileResult | undefined> => {
      if (!isWanted()) {
        // What was seen grows old from here on.
        state.lookedAtMs = undefined;
        standings.saw(unseenRoles);
        return undefined;
      }
      if (waitMs() <= 0) {
        const [own, other] = subEniRoles;
        const [ofOwn, ofOther] = await Promise.all([standingOf(deps, own, signal), standingOf(deps, other, signal)]);
        state.lookedAtMs = clock.monotonicMs();
        standings.saw({ [own]: ofOwn, [other]: ofOther });
      }
      return { requeueAfterMs: Math.max(1, waitMs()) };
    },
  });
}

/** Whatever keeps CAM from telling is `unseen`: not allowed, not reached, no such role. */
async function standingOf(
  { cloud, logger }: RolesDeps,
  role: SubEniRole,
  signal: AbortSignal,
): Promise<PolicyStanding> {
  try {
    const names = await cloud.listRolePolicies(role, { signal, priority: 'collect' });
    return names.includes(SUB_ENI_POLICY) ? 'attached' : 'missing';
  } catch (error) {
    // Documented roles may not ask; that is nothing to write about every few minutes.
    const level = isCloudError(error, cloudErrors.unauthorized) ? 'debug' : 'info';
    logger[level]({ role, error: errorText(error) }, 'the policies of a role cannot be seen');
    return 'unseen';
  }
}
