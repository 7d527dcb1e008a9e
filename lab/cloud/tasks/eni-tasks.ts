// The tasks of ENIs: made, attached, detached, moved, deleted.
import { z } from 'zod';

import { removeEni } from '../actions/eni-records.ts';
import type { CloudCore } from '../core.ts';
import { attachment } from '../saved/codecs.ts';
import type { EniRecord } from '../state.ts';
import { defineTask } from './task-kind.ts';

const one = z.strictObject({ eniId: z.string() });

/** Changes the record that the id means now, and nothing when there is none. */
function eniOf(core: CloudCore, eniId: string): (change: (eni: EniRecord) => void) => void {
  const eni = core.state.enis.get(eniId);
  return (change) => {
    if (eni !== undefined) change(eni);
  };
}

// Null when the instance ended meanwhile.
const plug = (eni: EniRecord): void => {
  if (eni.attachment !== null) eni.attachment = { ...eni.attachment, plugged: true };
};
const becomeReady = (eni: EniRecord): void => {
  eni.state = 'AVAILABLE';
  eni.groupsReady = true;
};
const becomeAvailable = (eni: EniRecord): void => {
  eni.state = 'AVAILABLE';
};

/** PENDING until the fabric knows the ENI and its groups. */
export const eniCreation = defineTask('eni-creation', one, (core, { eniId }) => {
  const change = eniOf(core, eniId);
  return {
    apply: () =>
      change((eni) => {
        eni.wired = true;
      }),
    finish: () => change(becomeReady),
    undo: () => change((eni) => removeEni(core, eni)),
  };
});

/** As a creation; it has its place on the instance from the beginning. */
export const eniCreationAttached = defineTask('eni-creation-attached', one, (core, { eniId }) => {
  const change = eniOf(core, eniId);
  return {
    apply: () =>
      change((eni) => {
        eni.wired = true;
        plug(eni);
      }),
    finish: () => change(becomeReady),
    undo: () => change((eni) => removeEni(core, eni)),
  };
});

/** ATTACHING until it has its port. */
export const eniAttachment = defineTask('eni-attachment', one, (core, { eniId }) => {
  const change = eniOf(core, eniId);
  return {
    apply: () => change(plug),
    finish: () => change(becomeAvailable),
    undo: () =>
      change((eni) => {
        eni.state = 'AVAILABLE';
        eni.attachment = null;
      }),
  };
});

/** DETACHING until its port is gone; `before` is what it was attached to, and is again unless that instance ended. */
export const eniDetachment = defineTask(
  'eni-detachment',
  z.strictObject({ eniId: z.string(), before: attachment }),
  (core, { before, eniId }) => {
    const change = eniOf(core, eniId);
    return {
      apply: () =>
        change((eni) => {
          eni.attachment = null;
        }),
      finish: () => change(becomeAvailable),
      undo: () =>
        change((eni) => {
          eni.state = 'AVAILABLE';
          eni.attachment = core.state.instances.has(before.instanceId) ? before : null;
        }),
    };
  },
);

/** ATTACHING until it has its port on the destination; back to `before` unless that instance ended. */
export const eniMove = defineTask(
  'eni-move',
  z.strictObject({ eniId: z.string(), before: attachment }),
  (core, { before, eniId }) => {
    const change = eniOf(core, eniId);
    return {
      apply: () => change(plug),
      finish: () => change(becomeAvailable),
      undo: () =>
        change((eni) => {
          eni.state = 'AVAILABLE';
          eni.attachment = core.state.instances.has(before.instanceId) ? before : null;
        }),
    };
  },
);

/** DELETING until it is gone from describe calls and from the fabric. */
export const eniDeletion = defineTask('eni-deletion', one, (core, { eniId }) => {
  const change = eniOf(core, eniId);
  return {
    apply: () =>
      change((eni) => {
        eni.wired = false;
      }),
    // The address is free only when the fabric no longer answers for it.
    finish: () => change((eni) => removeEni(core, eni)),
    undo: () =>
      change((eni) => {
        eni.state = 'AVAILABLE';
        eni.wired = true;
      }),
  };
});

/** Every kind of this file. */
export const eniTasks = [eniCreation, eniCreationAttached, eniAttachment, eniDetachment, eniMove, eniDeletion] as const;
