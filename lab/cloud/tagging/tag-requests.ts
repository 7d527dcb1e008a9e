// What the calls of the tag service have in common: their limits, their codes, and answers that tell of each resource that failed.
import { ApiError } from '../api-error.ts';
import type { ActionCall } from '../action.ts';
import type { TagRecord } from '../state.ts';
import { MOST_TAGS_PER_RESOURCE, isReservedKey, type TagFault, tagFault } from './tag-rules.ts';
import { findTaggable, isTaggableKind, parseResource, type Taggable } from './taggable.ts';

/** Resources per call. The facts say `0..9 items` (section 15); GUESS: ten, as the highest index is nine. */
export const MOST_RESOURCES = 10;
const MOST_TAGS = 10;

const SERVICE_CODES: Readonly<Record<TagFault, string>> = {
  reserved: 'InvalidParameter.ReservedTagKey',
  duplicate: 'InvalidParameterValue.TagKeyDuplicate',
  'key-empty': 'InvalidParameterValue.TagKeyEmpty',
  'key-long': 'InvalidParameterValue.TagKeyLengthExceeded',
  'key-characters': 'InvalidParameterValue.TagKeyCharacterIllegal',
  'value-long': 'InvalidParameterValue.TagValueLengthExceeded',
  'value-characters': 'InvalidParameterValue.TagValueCharacterIllegal',
};

/** Tags to bind. Throws the tag service's codes; at most ten per call (GUESS). */
export function checkServiceTags(tags: readonly TagRecord[]): void {
  const wrong = tagFault(tags);
  if (wrong !== undefined)
    throw new ApiError(SERVICE_CODES[wrong.fault], `the tag \`${wrong.tag.Key}\` is refused: ${wrong.fault}`);
  if (tags.length === 0) throw new ApiError('InvalidParameter.Tag', 'Tags is empty');
  if (tags.length > MOST_TAGS)
    throw new ApiError('LimitExceeded.TagNumPerRequest', `${tags.length} tags; at most ${MOST_TAGS} per call`);
}

/** Keys to take away. Throws as `checkServiceTags` does. */
export const checkServiceKeys = (keys: readonly string[]): void =>
  checkServiceTags(keys.map((Key) => ({ Key, Value: '' })));

/** The resources of these names, or why one is none. Throws ResourceDescriptionError for a text that is no name, whatever the others are. */
export function namedResources(
  { account, core }: ActionCall,
  names: readonly string[],
): { readonly found: readonly Taggable[]; readonly failed: readonly FailedResource[] } {
  if (names.length === 0 || names.length > MOST_RESOURCES)
    throw new ApiError(
      'LimitExceeded.ResourceNumPerRequest',
      `ResourceList has ${names.length} entries; 1 to ${MOST_RESOURCES} are allowed`,
    );
  const found: Taggable[] = [];
  const failed: FailedResource[] = [];
  for (const text of new Set(names)) {
    const name = parseResource(text);
    if (name === undefined)
      throw new ApiError(
        'InvalidParameterValue.ResourceDescriptionError',
        `\`${text}\` is not of the form qcs::SERVICE:REGION:uin/UIN:PREFIX/ID`,
      );
    const resource = findTaggable(core, account.uin, name);
    if (resource !== undefined) found.push(resource);
    else failed.push(noSuchResource(text, isTaggableKind(name.service, name.prefix)));
  }
  return { found, failed };
}

export interface FailedResource {
  readonly Resource: string;
  readonly Code: string;
  readonly Message: string;
}

/** GUESS: the codes inside FailedResources. */
const noSuchResource = (Resource: string, known: boolean): FailedResource =>
  known
    ? { Resource, Code: 'ResourceNotFound', Message: 'the resource does not exist' }
    : { Resource, Code: 'InvalidParameter.UnsupportedService', Message: 'resources of this kind take no tags' };

/** `more` over `tags`: the same key gets the new value. */
export function withTags(tags: readonly TagRecord[], more: readonly TagRecord[]): TagRecord[] {
  const keys = new Set(more.map((tag) => tag.Key));
  return [...tags.filter((tag) => !keys.has(tag.Key)), ...more];
}

/** Binds the tags where there is room for them, and tells of the resources that are full. */
export function bindTags(resources: readonly Taggable[], tags: readonly TagRecord[]): FailedResource[] {
  return resources.flatMap((resource): FailedResource[] => {
    const after = withTags(resource.tags, tags);
    if (after.length > MOST_TAGS_PER_RESOURCE)
      return [{ Resource: resource.resource, Code: 'LimitExceeded.ResourceAttachedTags', Message: 'too many tags' }];
    resource.setTags(after);
    return [];
  });
}

/** Takes the keys away; one that is not there is no error (GUESS). Reserved keys are refused before. */
export function unbindTags(resources: readonly Taggable[], keys: readonly string[]): void {
  for (const resource of resources) resource.setTags(resource.tags.filter((tag) => !keys.includes(tag.Key)));
}

/** How a tag looks in the tag service's answers. */
export const serviceTag = ({ Key, Value }: TagRecord): object => ({
  TagKey: Key,
  TagValue: Value,
  Category: isReservedKey(Key) ? 'System' : 'Custom',
});
