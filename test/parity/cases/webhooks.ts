// Parity cases: admission webhooks.
import type { ParityCase } from '../parity-case.ts';
import { webhookAnswerCases } from './webhook-answers.ts';
import { webhookMatchingCases } from './webhook-matching.ts';
import { webhookOrderCases } from './webhook-order.ts';
import { webhookReviewCases } from './webhook-reviews.ts';

export const webhooksCases: readonly ParityCase[] = [
  ...webhookReviewCases,
  ...webhookMatchingCases,
  ...webhookOrderCases,
  ...webhookAnswerCases,
];
