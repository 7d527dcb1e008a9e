// What CAM showed last of the policy that document 002 asks for on two roles.
import { type PolicyStanding, type SubEniRole, subEniRoles } from '../../../planning/gates.ts';
import type { Timings } from '../../deps.ts';

export interface RoleStandings {
  current(): Readonly<Record<SubEniRole, PolicyStanding>>;
  /** Listeners are told when something differs. */
  saw(standings: Readonly<Record<SubEniRole, PolicyStanding>>): void;
  onChange(listener: () => void): () => void;
}

export const unseenRoles: Readonly<Record<SubEniRole, PolicyStanding>> = {
  IPAMDofTKE_QCSRole: 'unseen',
  TKE_QCSRole: 'unseen',
};

/** Milliseconds until CAM is asked again; 0 or less: now. `isClosed`: a role lacks the policy, or is refused a call. */
export function nextLookMs(
  last: { readonly lookedAtMs: number | undefined; readonly nowMs: number; readonly isClosed: boolean },
  { lookAgainMs, policyResyncMs }: Pick<Timings, 'lookAgainMs' | 'policyResyncMs'>,
): number {
  if (last.lookedAtMs === undefined) return 0;
  const everyMs = last.isClosed ? Math.min(lookAgainMs, policyResyncMs) : policyResyncMs;
  return last.lookedAtMs + everyMs - last.nowMs;
}

/** Both `unseen`. */
export function createRoleStandings(): RoleStandings {
  let known = unseenRoles;
  const listeners = new Set<() => void>();
  return {
    current: () => known,
    saw: (standings) => {
      if (subEniRoles.every((role) => known[role] === standings[role])) return;
      known = standings;
      for (const listener of listeners) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
