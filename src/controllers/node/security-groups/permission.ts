// Which actions the role lacks: learnt from a refusal, tried again by one node at a time, and told to all when one is granted.
import type { Clock } from '../../../base/clock.ts';

export interface GroupPermission {
  /**
   * Whether the action may be called now. While the cloud refuses it, one caller per interval is let through to try; the others wait, so that a
   * thousand nodes are one call and not a storm.
   */
  mayTry(action: string): boolean;
  refused(action: string): void;
  granted(action: string): void;
  /** Told when an action that was refused is granted. */
  onGranted(listener: () => void): () => void;
}

/** Every action may be called until a refusal is told. */
export function createGroupPermission(clock: Clock, tryAgainMs: number): GroupPermission {
  const refusals = new Map<string, { triedAtMs: number }>();
  const listeners = new Set<() => void>();
  return {
    mayTry: (action) => {
      const refusal = refusals.get(action);
      if (refusal === undefined) return true;
      const nowMs = clock.monotonicMs();
      if (nowMs - refusal.triedAtMs < tryAgainMs) return false;
      refusal.triedAtMs = nowMs;
      return true;
    },
    refused: (action) => void refusals.set(action, { triedAtMs: clock.monotonicMs() }),
    granted: (action) => {
      if (!refusals.delete(action)) return;
      for (const listener of listeners) listener();
    },
    onGranted: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Actions of the sync, as the cloud names them. */
export const groupActions = {
  associate: 'AssociateNetworkInterfaceSecurityGroups',
  disassociate: 'DisassociateNetworkInterfaceSecurityGroups',
  replace: 'ModifyNetworkInterfaceAttribute',
} as const;

/** What is missing and where it is to be granted, for the Event and the conditions (spec 000, steps 1 to 8). */
export function missingPermission(action: string): string {
  if (action === groupActions.replace)
    return `not allowed to call vpc:${action}, which --replace-security-groups-in-place needs beyond spec 000: allow it in a CAM policy of role IPAMDofTKE_QCSRole, or take the flag away; no group is changed meanwhile`;
  return `not allowed to call cvm:${action}: associate CAM policy SecurityGroupsAccessForIPAMD (spec 000) with role IPAMDofTKE_QCSRole`;
}
