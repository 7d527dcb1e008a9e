// The schemas of every built-in kind, read from the notation once.
import type { TypeTable } from '../schema/notation.ts';
import { readTypes } from '../schema/notation.ts';
import type { Schema } from '../schema/schema.ts';
import { accessTypes } from './types/access.ts';
import { admissionPolicyTypes } from './types/admission-policies.ts';
import { appsTypes } from './types/apps.ts';
import { coreTypes } from './types/core.ts';
import { discoveryAndEventTypes } from './types/discovery-events.ts';
import { metaTypes } from './types/meta.ts';
import { networkingTypes } from './types/networking.ts';
import { podVolumeAndStatusTypes } from './types/pod-volumes-status.ts';
import { podTypes } from './types/pod.ts';

/** All types of the built-in kinds. */
export function builtInTypes(): TypeTable {
  return readTypes([
    metaTypes,
    podTypes,
    podVolumeAndStatusTypes,
    coreTypes,
    appsTypes,
    accessTypes,
    admissionPolicyTypes,
    discoveryAndEventTypes,
    networkingTypes,
  ]);
}

/** The schema of a type. Throws when there is none: the caller's mistake. */
export function typeOf(types: TypeTable, name: string): Schema {
  const schema = types.get(name);
  if (schema === undefined) throw new Error(`no built-in type ${name}`);
  return schema;
}
