// The columns of LimitRanges and ResourceQuotas, of which there are never any here.
import type { Column } from '../registry/definition.ts';
import { ageColumn, nameColumn } from './columns.ts';

export const limitRangeColumns: readonly Column[] = [nameColumn, ageColumn];
export const resourceQuotaColumns: readonly Column[] = [nameColumn, ageColumn];
