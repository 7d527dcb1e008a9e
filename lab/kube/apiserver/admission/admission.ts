// The place of webhooks and policies in a write.
import type { Scope } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';

export interface AdmissionRequest {
  readonly scope: Scope;
  /** CONNECT: the object is the options of a request for streams. */
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly old: ApiObject | undefined;
  readonly dryRun: boolean;
  /** The options of a DELETE as they were sent; those of other writes are read off the query. */
  readonly options?: JsonObject;
}

export interface Admission {
  /** The object after every mutating webhook that applies. Throws StatusError when one refuses or fails. */
  mutate(request: AdmissionRequest, object: ApiObject): Promise<ApiObject>;
  /** Asks every policy and validating webhook that applies. For DELETE there is no object. Throws StatusError when one refuses or fails. */
  validate(request: AdmissionRequest, object: ApiObject | undefined): Promise<void>;
}
