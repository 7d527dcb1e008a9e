// How templates and their groups are listed, of either kind.
import { z } from 'zod';
import { bool, filterList, integer, text } from '../action.ts';
import { applyFilters, pageOf } from '../paging.ts';
import type { TemplateGroupRecord, TemplateRecord } from '../policy-templates.ts';

/** `NeedMemberInfo` is taken; members are always told (GUESS). */
export const describeParameters = z.object({
  Filters: filterList.optional(),
  Offset: integer.optional(),
  Limit: integer.optional(),
  NeedMemberInfo: bool.optional(),
  OrderField: text.optional(),
  OrderDirection: text.optional(),
});

/** In the order of creation. */
export function chosen<T extends TemplateRecord | TemplateGroupRecord>(
  parameters: z.output<typeof describeParameters>,
  records: readonly T[],
  tests: Parameters<typeof applyFilters<T>>[2],
): ReturnType<typeof pageOf<T>> {
  return pageOf(applyFilters(records, parameters.Filters ?? [], tests), parameters.Offset, parameters.Limit);
}
