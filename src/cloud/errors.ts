// The catalogue of cloud errors, and the error that carries a row of it together with what the service said.
import { type CatalogueEntry, TrunklineError } from '../base/errors.ts';

/** Rows by name. `code`s are stable; the docs page and `trunkline explain` are made from this table. */
export const cloudErrors = {
  throttled: {
    code: 'CLOUD-THROTTLED',
    title: 'The cloud refused a call because of its rate',
    cause: 'More calls per second than the account may make.',
    cure: 'Nothing to do: the call is repeated more slowly. If it lasts, ask for a higher limit or find who else calls with this account',
    retry: 'retry-after',
    eventReason: 'CloudThrottled',
  },
  quota: {
    code: 'CLOUD-QUOTA',
    title: 'A quota of the account is used up',
    cause: 'The account, the VPC or the instance has as many of these as it may have.',
    cure: 'Delete what is not needed or ask for a higher quota',
    retry: 'retry-after',
    eventReason: 'CloudQuotaExceeded',
  },
  subnetDry: {
    code: 'CLOUD-SUBNET-DRY',
    title: 'The subnet has no free address',
    cause: 'Every address of the subnet is in use.',
    cure: 'Add a container subnet of the same zone or free addresses; other subnets are used meanwhile',
    retry: 'retry-after',
    eventReason: 'SubnetExhausted',
  },
  notFound: {
    code: 'CLOUD-NOT-FOUND',
    title: 'The cloud does not know an id',
    cause: 'It was deleted, belongs to another account or region, or was mistyped.',
    cure: 'Correct the id, e.g. the security group of the policy',
    retry: 'not-found',
    eventReason: 'CloudResourceNotFound',
  },
  inUse: {
    code: 'CLOUD-IN-USE',
    title: 'The resource is still used by another one',
    cause: 'Something is bound to it, or an address is taken.',
    cure: 'Nothing to do if it is about to end; else unbind what the message names',
    retry: 'conflict',
    eventReason: 'CloudResourceInUse',
  },
  invalidState: {
    code: 'CLOUD-INVALID-STATE',
    title: 'Another operation works on the resource',
    cause: 'An earlier call has not ended, or the resource is in a state that does not allow this one.',
    cure: 'Nothing to do: the call is repeated',
    retry: 'retry',
    eventReason: 'CloudResourceBusy',
  },
  unauthorized: {
    code: 'CLOUD-UNAUTHORIZED',
    title: 'The credentials may not do this',
    cause: 'A CAM policy is missing.',
    cure: 'Grant the CAM action that the message names to the role of ipamd (spec 002: policy SubENIForIPAMD on IPAMDofTKE_QCSRole and TKE_QCSRole)',
    retry: 'terminal',
    eventReason: 'CloudUnauthorized',
  },
  credentials: {
    code: 'CLOUD-CREDENTIALS',
    title: 'The credentials are not accepted or cannot be had',
    cause: 'Wrong or deleted keys, an expired token, or their source did not answer.',
    cure: 'Correct the Secret or the role; it is read again without a restart',
    retry: 'retry-after',
    eventReason: 'CloudCredentials',
  },
  clockSkew: {
    code: 'CLOUD-CLOCK-SKEW',
    title: 'This machine and the cloud disagree about the time',
    cause: 'Signed requests are valid for five minutes; the clock here is further off.',
    cure: 'Set the clock of the node (NTP)',
    retry: 'retry-after',
    eventReason: 'CloudClockSkew',
  },
  unknownAction: {
    code: 'CLOUD-UNKNOWN-ACTION',
    title: 'The cloud does not know the action for this account',
    cause: 'The sub-ENI calls are only there for accounts that were allowed.',
    cure: 'Ask for Trunking ENI and the client-token feature by ticket (spec 002, Usage)',
    retry: 'terminal',
    eventReason: 'CloudUnknownAction',
  },
  tokenMismatch: {
    code: 'CLOUD-TOKEN-MISMATCH',
    title: 'A client token was used before with another request',
    cause: 'The recorded request was changed after it had been sent.',
    cure: 'Nothing to do: the next attempt has another token; what the first one made is found by its tags',
    retry: 'terminal',
    eventReason: 'CloudTokenMismatch',
  },
  tokenProcessing: {
    code: 'CLOUD-TOKEN-PROCESSING',
    title: 'The first call with this client token still runs',
    cause: 'A repeated call met its predecessor.',
    cure: 'Nothing to do: the call is repeated',
    retry: 'retry',
    eventReason: 'CloudTokenProcessing',
  },
  invalidRequest: {
    code: 'CLOUD-INVALID-REQUEST',
    title: 'The cloud does not accept the request',
    cause: 'A parameter is malformed, missing or out of range.',
    cure: 'Correct what the message names; if it is none of yours, report a defect of this project',
    retry: 'terminal',
    eventReason: 'CloudInvalidRequest',
  },
  unsupported: {
    code: 'CLOUD-UNSUPPORTED',
    title: 'The cloud does not do this with these resources',
    cause: 'The model, zone or VPC does not fit, or the kind of ENI does not allow it.',
    cure: 'Use a supported model (spec 002, Limitations) and subnets of the zone and VPC of the node',
    retry: 'terminal',
    eventReason: 'CloudUnsupported',
  },
  service: {
    code: 'CLOUD-SERVICE',
    title: 'The cloud had an error of its own',
    cause: 'An internal error or an outage of the service.',
    cure: 'Nothing to do: the call is repeated',
    retry: 'retry',
    eventReason: 'CloudServiceError',
  },
  refused: {
    code: 'CLOUD-REFUSED',
    title: 'The cloud refused for a reason this project does not know',
    cause: 'An error code that is not in the table.',
    cure: 'See the code in the message; please report it',
    retry: 'retry-after',
    eventReason: 'CloudRefused',
  },
  network: {
    code: 'CLOUD-NETWORK',
    title: 'No answer came from the cloud',
    cause: 'Connection refused, cut or timed out. The request may have taken effect.',
    cure: 'Nothing to do: the same request is sent again with the same token. If it lasts, check the route to the API',
    retry: 'retry',
    eventReason: 'CloudUnreachable',
  },
  badAnswer: {
    code: 'CLOUD-BAD-ANSWER',
    title: 'The answer of the cloud was not understood',
    cause: 'A field is missing or of another type than known.',
    cure: 'Report it with the request id; the call may have taken effect',
    retry: 'retry-after',
    eventReason: 'CloudBadAnswer',
  },
  listingUnstable: {
    code: 'CLOUD-LISTING-UNSTABLE',
    title: 'A listing changed while its pages were read',
    cause: 'Objects came or went between two pages, so that some may have been missed.',
    cure: 'Nothing to do: it is listed again later; nothing is decided on an incomplete listing',
    retry: 'retry',
    eventReason: 'CloudListingUnstable',
  },
  fenced: {
    code: 'CLOUD-FENCED',
    title: 'A call was held back because this process may no longer lead',
    cause: 'The lease was lost or would end before the call could.',
    cure: 'Nothing to do: the leader does it',
    retry: 'retry',
    eventReason: 'CloudFenced',
  },
  aborted: {
    code: 'CLOUD-ABORTED',
    title: 'A call was given up by its caller',
    cause: 'The program stops or the operation is no longer wanted.',
    cure: 'Nothing to do',
    retry: 'retry',
    eventReason: 'CloudAborted',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type CloudErrorRow = (typeof cloudErrors)[keyof typeof cloudErrors];

export interface CloudErrorDetails {
  readonly action: string;
  /** The service's code; absent when none arrived. */
  readonly apiCode?: string;
  readonly requestId?: string;
  readonly traceId?: string;
  /** True when the request may have taken effect although no good answer arrived. */
  readonly outcomeUnknown?: boolean;
  readonly cause?: unknown;
}

/** What every method of VpcCloud throws. */
export class CloudError extends TrunklineError {
  readonly action: string;
  readonly apiCode: string | undefined;
  readonly requestId: string | undefined;
  readonly outcomeUnknown: boolean;
  constructor(entry: CatalogueEntry, message: string, details: CloudErrorDetails) {
    const { action, apiCode, requestId, traceId, outcomeUnknown = false, cause } = details;
    super(entry, message, { cause, facts: { action, apiCode, requestId, traceId, outcomeUnknown } });
    this.name = 'CloudError';
    this.action = action;
    this.apiCode = apiCode;
    this.requestId = requestId;
    this.outcomeUnknown = outcomeUnknown;
  }
}

/** True for a CloudError of exactly this row. */
export function isCloudError(error: unknown, entry: CatalogueEntry): error is CloudError {
  return error instanceof CloudError && error.code === entry.code;
}
