// CNI errors: the codes of the specification, and the result that the runtime reads.
import { z } from 'zod';
import type { CniVersion } from './version.ts';

/** CNI specification 1.1.0, section 5, Error. Codes from 100 are a plugin's own. */
export const cniCodes = {
  incompatibleVersion: 1,
  unknownContainer: 3,
  invalidEnvironment: 4,
  ioFailure: 5,
  undecodable: 6,
  invalidConfiguration: 7,
  tryAgainLater: 11,
  notAvailable: 50,
  /** Ours: what was asked is not in this version, or not allowed for this Pod; trying again does not help. */
  refused: 100,
  /** Ours: the kernel refused a link, a route or a rule. */
  kernel: 101,
} as const;

export type CniCode = (typeof cniCodes)[keyof typeof cniCodes];

/** An error that is answered to the runtime as it is: `message` says what and where, `details` what would help. */
export class CniError extends Error {
  readonly code: CniCode;
  readonly details: string;
  constructor(code: CniCode, message: string, details = '', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CniError';
    this.code = code;
    this.details = details;
  }
}

export const cniErrorResultSchema = z.object({
  cniVersion: z.string(),
  code: z.int(),
  msg: z.string(),
  details: z.string().optional(),
});
export type CniErrorResult = z.infer<typeof cniErrorResultSchema>;

/** The error as the runtime reads it on stdout. */
export function errorResult(error: CniError, cniVersion: CniVersion): CniErrorResult {
  return {
    cniVersion,
    code: error.code,
    msg: error.message,
    ...(error.details === '' ? {} : { details: error.details }),
  };
}
