// Add-on values as the tke actions carry them: base64 of a JSON object (facts tke.md, section 5.2).
import { ApiError } from '../api-error.ts';
import type { AddonValues } from './addon-state.ts';
import { isValues } from './addon-records.ts';

/** Throws InvalidParameter.Param for what is not base64 of a JSON object (GUESS on the code). Absent and empty: no values. */
export function decodeRawValues(raw: string | undefined): AddonValues {
  if (raw === undefined || raw === '') return {};
  const values = /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(raw)
    ? parse(Buffer.from(raw, 'base64').toString('utf8'))
    : undefined;
  if (!isValues(values)) throw new ApiError('InvalidParameter.Param', 'RawValues must be base64 of a JSON object');
  return values;
}

/** The reverse. */
export const encodeRawValues = (values: AddonValues): string => Buffer.from(JSON.stringify(values)).toString('base64');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
