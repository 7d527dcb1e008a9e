// DescribeAddressQuota, and DescribeTaskResult for the numbered tasks of EIP calls.
import { z } from 'zod';
import { type Action, defineAction, integer, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import { todaysBook } from '../eips/quotas.ts';

const describeAddressQuota = defineAction({
  name: 'DescribeAddressQuota',
  services: ['vpc'],
  parameters: z.object({}),
  handle: (_parameters, { core }) => {
    const { settings, state } = core;
    const { bought, reallocated } = todaysBook(core);
    const quota = (QuotaId: string, QuotaCurrent: number, QuotaLimit: number): object => ({
      QuotaId,
      QuotaCurrent,
      QuotaLimit,
      QuotaGroup: '',
    });
    return {
      QuotaSet: [
        quota('TOTAL_EIP_QUOTA', state.eipBook.eips.size, settings.eipTotalQuota),
        quota('DAILY_EIP_APPLY', bought, settings.eipDailyApply),
        quota('DAILY_PUBLIC_IP_ASSIGN', reallocated, settings.publicIpDailyAssign),
      ],
    };
  },
});

/** GUESS: the code for a number that no call gave. */
const describeTaskResult = defineAction({
  name: 'DescribeTaskResult',
  services: ['vpc'],
  parameters: z.object({ TaskId: integer.optional(), DealName: text.optional() }),
  handle: ({ TaskId, DealName }, { core }) => {
    if (TaskId === undefined)
      throw DealName === undefined
        ? new ApiError('MissingParameter', 'TaskId or DealName is required')
        : new ApiError('InvalidParameter', 'deals are not simulated; give TaskId');
    const Result = core.taskStatus(String(TaskId));
    if (Result === undefined) throw new ApiError('InvalidParameter', `there is no task ${TaskId}`);
    return { TaskId, Result };
  },
});

/** What the vpc service says of EIP quotas and tasks. */
export const eipQuotaActions: readonly Action[] = [describeAddressQuota, describeTaskResult];
