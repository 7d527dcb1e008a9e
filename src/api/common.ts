// Schema pieces shared by the kinds.
import { z } from 'zod';

/** `sg-` and 8 lower-case letters or digits, as the cloud gives them (facts: ids). */
export const SECURITY_GROUP_ID = /^sg-[a-z0-9]{8}$/;

export const securityGroupIdSchema = z
  .string()
  .regex(SECURITY_GROUP_ID, 'a security group id is sg- and 8 lower-case letters or digits, e.g. sg-12ab34cd');

export const conditionSchema = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: z.string(),
  observedGeneration: z.int().min(0).max(9_007_199_254_740_991).optional(),
});
