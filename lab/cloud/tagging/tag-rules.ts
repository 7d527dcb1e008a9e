// What a tag may look like: characters, lengths, reserved keys; shared by the products' own `Tags` and by the tag service.
import { ApiError } from '../api-error.ts';
import type { TagRecord } from '../state.ts';

/** GUESS: the usual figures of the tag service. */
const LONGEST_KEY = 127;
const LONGEST_VALUE = 255;
/** Tags that one resource may carry (GUESS). */
export const MOST_TAGS_PER_RESOURCE = 50;

/** Keys that belong to the system (facts, section 15: GUESS on the exact prefixes). */
export const isReservedKey = (key: string): boolean => /^(qcs:|tencent)/i.test(key);

export type TagFault =
  | 'reserved'
  | 'duplicate'
  | 'key-empty'
  | 'key-long'
  | 'key-characters'
  | 'value-long'
  | 'value-characters';

/** The first thing wrong with the tags; undefined when nothing is. */
export function tagFault(
  tags: readonly TagRecord[],
): { readonly fault: TagFault; readonly tag: TagRecord } | undefined {
  const seen = new Set<string>();
  for (const tag of tags) {
    const fault = faultOf(tag) ?? (seen.has(tag.Key) ? 'duplicate' : undefined);
    if (fault !== undefined) return { fault, tag };
    seen.add(tag.Key);
  }
  return undefined;
}

function faultOf({ Key, Value }: TagRecord): TagFault | undefined {
  if (Key === '') return 'key-empty';
  if (Key.length > LONGEST_KEY) return 'key-long';
  if (isReservedKey(Key)) return 'reserved';
  if (!isPlain(Key)) return 'key-characters';
  if (Value.length > LONGEST_VALUE) return 'value-long';
  return isPlain(Value) ? undefined : 'value-characters';
}

/** Letters and digits of any script, blanks and `+ - = . _ : / @ ( )` with their full-width kin (GUESS). */
const isPlain = (text: string): boolean => /^[\p{L}\p{N} +\-=._:/@()（）【】：＋－＝。，,[\]]*$/u.test(text);

/** GUESS: which of the documented `+Tag*` codes stands for which fault (facts, section 7). */
const PRODUCT_CODES: Readonly<Record<TagFault, string>> = {
  reserved: 'UnsupportedOperation.TagSystemReservedTagKey',
  duplicate: 'InvalidParameterValue.TagDuplicateKey',
  'key-empty': 'InvalidParameterValue.TagInvalidKey',
  'key-long': 'InvalidParameterValue.TagInvalidKeyLen',
  'key-characters': 'InvalidParameterValue.TagInvalidKey',
  'value-long': 'InvalidParameterValue.TagInvalidValLen',
  'value-characters': 'InvalidParameterValue.TagInvalidVal',
};

/** Tags given to a creating call of a product. Throws the product's `Tag` codes. */
export function checkProductTags(tags: readonly TagRecord[]): void {
  const wrong = tagFault(tags);
  if (wrong !== undefined)
    throw new ApiError(PRODUCT_CODES[wrong.fault], `the tag \`${wrong.tag.Key}\` is refused: ${wrong.fault}`);
  if (tags.length > MOST_TAGS_PER_RESOURCE)
    throw new ApiError('LimitExceeded.TagNumExceed', `${tags.length} tags; at most ${MOST_TAGS_PER_RESOURCE}`);
}
