// What only this process knows of a VpcENI while it lives: how sure it is of the recorded attempt, and which calls it has sent.
import type { Standing } from '../../../planning/create-step.ts';

/** Keyed by the object's uid. Lost with the process, which then is in doubt about everything; never a source of truth. */
export interface Progress {
  standing(uid: string, attempt: number): Standing;
  setStanding(uid: string, attempt: number, standing: Standing): void;
  absentSince(uid: string): number | undefined;
  setAbsentSince(uid: string, ms: number | undefined): void;
  /** Monotonic time at which a call was answered with success, by action. */
  sentAt(uid: string, action: string): number | undefined;
  sent(uid: string, action: string, ms: number): void;
  /** What the call with this token was to bring about was seen: whatever comes later is another call. */
  sawEffect(uid: string, action: string, token: string): void;
  /** Whether the effect of the call with this token was seen. */
  isOver(uid: string, token: string): boolean;
  /** One attach at a time per instance: false while another ENI's is under way there. Ends by itself at `untilMs`. */
  beginAttach(instanceId: string, uid: string, nowMs: number, untilMs: number): boolean;
  endAttach(uid: string): void;
  /** The finalizer is off; what a cache still shows of it is the past. */
  release(uid: string): void;
  released(uid: string): boolean;
  forget(uid: string): void;
}

interface Entry {
  attempt: number;
  standing: Standing;
  absentSince: number | undefined;
  released: boolean;
  over: string | undefined;
  readonly sent: Map<string, number>;
}

/** Empty. */
export function createProgress(): Progress {
  const entries = new Map<string, Entry>();
  const attaching = new Map<string, { readonly uid: string; readonly untilMs: number }>();
  const endAttach = (uid: string): void => {
    for (const [instanceId, holder] of attaching) if (holder.uid === uid) attaching.delete(instanceId);
  };
  const entry = (uid: string): Entry => {
    const known = entries.get(uid);
    if (known !== undefined) return known;
    const made: Entry = {
      attempt: 0,
      standing: 'doubtful',
      absentSince: undefined,
      released: false,
      over: undefined,
      sent: new Map(),
    };
    entries.set(uid, made);
    return made;
  };
  return {
    standing: (uid, attempt) => {
      const known = entries.get(uid);
      return known?.attempt === attempt ? known.standing : 'doubtful';
    },
    setStanding: (uid, attempt, standing) => void Object.assign(entry(uid), { attempt, standing }),
    absentSince: (uid) => entries.get(uid)?.absentSince,
    setAbsentSince: (uid, ms) => {
      entry(uid).absentSince = ms;
    },
    sentAt: (uid, action) => entries.get(uid)?.sent.get(action),
    sent: (uid, action, ms) => void entry(uid).sent.set(action, ms),
    sawEffect: (uid, action, token) => {
      entry(uid).over = token;
      entry(uid).sent.delete(action);
    },
    isOver: (uid, token) => entries.get(uid)?.over === token,
    beginAttach: (instanceId, uid, nowMs, untilMs) => {
      const holder = attaching.get(instanceId);
      if (holder !== undefined && holder.uid !== uid && nowMs < holder.untilMs) return false;
      attaching.set(instanceId, { uid, untilMs });
      return true;
    },
    endAttach,
    release: (uid) => {
      entry(uid).released = true;
    },
    released: (uid) => entries.get(uid)?.released === true,
    forget: (uid) => {
      endAttach(uid);
      entries.delete(uid);
    },
  };
}
