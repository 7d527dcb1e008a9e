// Events have two faces: core/v1 and events.k8s.io/v1 show the same objects under different names of fields.
import type { ApiObject, JsonObject } from '../json.ts';
import type { View } from '../registry/definition.ts';

const STORED = 'v1';
const SHOWN = 'events.k8s.io/v1';

/** Names of core/v1 and of events.k8s.io/v1; everything else is called alike. */
const NAMES: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function renamed(object: ApiObject, apiVersion: string, names: ReadonlyMap<string, string>): ApiObject {
  const made: JsonObject = {};
  for (const [name, value] of Object.entries(object)) made[names.get(name) ?? name] = value;
  return { ...made, apiVersion, kind: object.kind, metadata: object.metadata };
}

const toShown = new Map(NAMES);
const toStored = new Map(NAMES.map(([stored, shown]) => [shown, stored]));

/** What core/v1 always writes, and the other group never when it is empty. */
const ALWAYS_STORED = ['reportingComponent', 'reportingInstance'];

/** Both directions leave an object alone that has the wanted form already. */
export const eventView: View = {
  stored: { group: '', plural: 'events' },
  toStored(object) {
    if (object.apiVersion === STORED) return object;
    const stored = renamed(object, STORED, toStored);
    for (const name of ALWAYS_STORED) stored[name] ??= '';
    return stored;
  },
  fromStored(object) {
    if (object.apiVersion === SHOWN) return object;
    const shown = renamed(object, SHOWN, toShown);
    for (const name of ALWAYS_STORED.map((stored) => toShown.get(stored) ?? stored))
      if (shown[name] === '') delete shown[name];
    return shown;
  },
};
