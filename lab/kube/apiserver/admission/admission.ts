// The place of admission webhooks in a write.
import type { Scope } from '../core.ts';
import type { ApiObject } from '../json.ts';

export interface AdmissionRequest {
  readonly scope: Scope;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly old: ApiObject | undefined;
  readonly dryRun: boolean;
}

export interface Admission {
  /** The object after every mutating webhook that applies. Throws StatusError when one refuses or fails. */
  mutate(request: AdmissionRequest, object: ApiObject): Promise<ApiObject>;
  /** Asks every validating webhook that applies. For DELETE there is no object. Throws StatusError when one refuses or fails. */
  validate(request: AdmissionRequest, object: ApiObject | undefined): Promise<void>;
}
