// What a built-in admission plugin is: the server's own step of a write, before and after the webhooks.
import type { AdmissionRequest } from '../admission/admission.ts';
import type { ApiObject } from '../json.ts';
import { collectionId, objectKey } from '../registry/definition.ts';
import type { StatusError } from '../status.ts';
import { forbidden } from '../status.ts';
import type { Store } from '../storage/store.ts';

export interface AdmissionPlugin {
  /** Changes the draft before any webhook sees it. Throws StatusError to refuse. */
  readonly admit?: (request: AdmissionRequest, draft: ApiObject) => void;
  /** Looks at what would be stored; for a DELETE there is no object. Throws StatusError to refuse. */
  readonly validate?: (request: AdmissionRequest, object: ApiObject | undefined) => void;
}

/** Looks objects up by resource and name; `namespace` is absent for what lies in none. */
export interface Lookup {
  readonly find: (group: string, plural: string, namespace: string | undefined, name: string) => ApiObject | undefined;
  readonly all: (group: string, plural: string) => readonly ApiObject[];
}

export const lookupIn = (store: Store): Lookup => ({
  find: (group, plural, namespace, name) =>
    store.collection(collectionId({ group, plural })).get(objectKey(namespace, name))?.object,
  all: (group, plural) =>
    store
      .collection(collectionId({ group, plural }))
      .list()
      .map((entry) => entry.object),
});

/** Is the request about this resource of a group, and about `subresource` ('' for the object itself)? */
export function isAbout({ scope }: AdmissionRequest, group: string, plural: string, subresource = ''): boolean {
  const { definition } = scope;
  return definition.group === group && definition.plural === plural && (scope.subresource ?? '') === subresource;
}

/** The 403 of a plugin, which names the object as far as it has a name. */
export function refused({ scope, old }: AdmissionRequest, object: ApiObject | undefined, why: string): StatusError {
  const { name, generateName } = (object ?? old)?.metadata ?? {};
  return forbidden(scope.definition, scope.name || name || generateName || 'Unknown', why);
}
