// The tag service: TagResources, UnTagResources, GetResources, DescribeResourcesByTags, AttachResourcesTag and ModifyResourceTags.
import { z } from 'zod';
import { type Action, type ActionCall, defineAction, integer, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { TagRecord } from '../state.ts';
import {
  bindTags,
  checkServiceKeys,
  checkServiceTags,
  namedResources,
  serviceTag,
  unbindTags,
  withTags,
} from '../tagging/tag-requests.ts';
import { MOST_TAGS_PER_RESOURCE } from '../tagging/tag-rules.ts';
import { allTagged, findTaggable, isTaggableKind, type Taggable } from '../tagging/taggable.ts';

const tag = z.strictObject({ TagKey: text, TagValue: text }).transform(toRecord);

function toRecord({ TagKey, TagValue }: { readonly TagKey: string; readonly TagValue: string }): TagRecord {
  return { Key: TagKey, Value: TagValue };
}

const tagResources = defineAction({
  name: 'TagResources',
  services: ['tag'],
  parameters: z.object({ ResourceList: textList, Tags: z.array(tag) }),
  handle: ({ ResourceList, Tags }, call) => {
    checkServiceTags(Tags);
    const { failed, found } = namedResources(call, ResourceList);
    return { FailedResources: [...failed, ...bindTags(found, Tags)] };
  },
});

const unTagResources = defineAction({
  name: 'UnTagResources',
  services: ['tag'],
  parameters: z.object({ ResourceList: textList, TagKeys: textList }),
  handle: ({ ResourceList, TagKeys }, call) => {
    checkServiceKeys(TagKeys);
    const { failed, found } = namedResources(call, ResourceList);
    unbindTags(found, TagKeys);
    return { FailedResources: failed };
  },
});

const tagFilters = z.array(z.strictObject({ TagKey: text, TagValue: textList.optional() }));
type TagFilters = z.output<typeof tagFilters>;
const MOST_FILTERS = 6;
const MOST_VALUES = 10;

function checkFilters(filters: TagFilters): void {
  if (filters.length > MOST_FILTERS)
    throw new ApiError('LimitExceeded.TagNumPerRequest', `${filters.length} TagFilters; at most ${MOST_FILTERS}`);
  const long = filters.find(({ TagValue }) => (TagValue ?? []).length > MOST_VALUES);
  if (long !== undefined)
    throw new ApiError('LimitExceeded.TagValue', `TagFilters ${long.TagKey} has more than ${MOST_VALUES} values`);
  if (filters.some(({ TagKey }) => TagKey === ''))
    throw new ApiError('InvalidParameterValue.TagKeyEmpty', 'a TagKey of TagFilters is empty');
}

/** AND between keys, OR between values; no values: every value. */
const matches = (resource: Taggable, filters: TagFilters): boolean =>
  filters.every(({ TagKey, TagValue = [] }) =>
    resource.tags.some(({ Key, Value }) => Key === TagKey && (TagValue.length === 0 || TagValue.includes(Value))),
  );

const getResources = defineAction({
  name: 'GetResources',
  services: ['tag'],
  parameters: z.object({
    ResourceList: textList.optional(),
    TagFilters: tagFilters.optional(),
    PaginationToken: text.optional(),
    MaxResults: integer.optional(),
  }),
  handle: ({ ResourceList = [], TagFilters = [], PaginationToken = '', MaxResults = 50 }, call) => {
    checkFilters(TagFilters);
    if (MaxResults < 1 || MaxResults > 200)
      throw new ApiError('InvalidParameter', `MaxResults is ${MaxResults}; it must be from 1 to 200`);
    const chosen =
      ResourceList.length > 0 ? namedResources(call, ResourceList).found : allTagged(call.core, call.account.uin);
    const start = startOf(PaginationToken);
    const matching = chosen.filter((resource) => matches(resource, TagFilters));
    const end = start + MaxResults;
    return {
      PaginationToken: end < matching.length ? Buffer.from(`from:${end}`).toString('base64') : '',
      ResourceTagMappingList: matching
        .slice(start, end)
        .map(({ resource, tags }) => ({ Resource: resource, Tags: tags.map(serviceTag) })),
    };
  },
});

function startOf(token: string): number {
  if (token === '') return 0;
  const match = /^from:(\d+)$/.exec(Buffer.from(token, 'base64').toString('utf8'));
  if (match === null)
    throw new ApiError('InvalidParameter.PaginationTokenInvalid', 'PaginationToken is none that an answer gave');
  return Number(match[1]);
}

const describeResourcesByTags = defineAction({
  name: 'DescribeResourcesByTags',
  services: ['tag'],
  parameters: z.object({
    TagFilters: tagFilters,
    ServiceType: text.optional(),
    ResourcePrefix: text.optional(),
    ResourceRegion: text.optional(),
    ResourceId: text.optional(),
    CreateUin: integer.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
  }),
  handle: ({ TagFilters, Offset = 0, Limit = 15, ...wanted }, { account, core }) => {
    checkFilters(TagFilters);
    if (Offset < 0 || Limit < 1 || Limit > 200)
      throw new ApiError('InvalidParameter', 'Offset must not be negative and Limit be from 1 to 200');
    const rows = allTagged(core, account.uin).filter(
      (resource) =>
        matches(resource, TagFilters) &&
        (wanted.ServiceType ?? resource.service) === resource.service &&
        (wanted.ResourcePrefix ?? resource.prefix) === resource.prefix &&
        (wanted.ResourceId ?? resource.id) === resource.id &&
        (wanted.ResourceRegion ?? core.region) === core.region,
    );
    return {
      TotalCount: rows.length,
      Offset,
      Limit,
      Rows: rows.slice(Offset, Offset + Limit).map((resource) => ({
        ResourceRegion: core.region,
        ServiceType: resource.service,
        ResourcePrefix: resource.prefix,
        ResourceId: resource.id,
        Tags: resource.tags.map(serviceTag),
      })),
    };
  },
});

const attachResourcesTag = defineAction({
  name: 'AttachResourcesTag',
  services: ['tag'],
  parameters: z.object({
    ServiceType: text,
    ResourceIds: textList,
    TagKey: text,
    TagValue: text,
    ResourceRegion: text.optional(),
    ResourcePrefix: text.optional(),
  }),
  handle: ({ ServiceType, ResourceIds, ResourcePrefix, ResourceRegion = '', ...wanted }, call) => {
    const tags = [toRecord(wanted)];
    checkServiceTags(tags);
    if (ResourceIds.length === 0 || ResourceIds.length > 50)
      throw new ApiError(
        'LimitExceeded.ResourceNumPerRequest',
        `${ResourceIds.length} ResourceIds; 1 to 50 are allowed`,
      );
    if (!isTaggableKind(ServiceType, ResourcePrefix))
      throw new ApiError('InvalidParameter.UnsupportedService', `${ServiceType}/${ResourcePrefix ?? ''} takes no tags`);
    const resources = ResourceIds.map((id) =>
      byId(call, id, { service: ServiceType, prefix: ResourcePrefix, region: ResourceRegion }),
    );
    const full = resources.find((resource) => withTags(resource.tags, tags).length > MOST_TAGS_PER_RESOURCE);
    if (full !== undefined)
      throw new ApiError('LimitExceeded.ResourceAttachedTags', `${full.resource} has too many tags`);
    bindTags(resources, tags);
    return {};
  },
});

/** Without a prefix the id's own beginning tells it (GUESS). */
function byId(
  { account, core }: ActionCall,
  id: string,
  where: { readonly service: string; readonly prefix: string | undefined; readonly region: string },
): Taggable {
  const spelt = id.split('-')[0] ?? '';
  const own = { ins: 'instance', cls: 'cluster' }[spelt] ?? spelt;
  const name = { service: where.service, prefix: where.prefix ?? own, region: where.region, uin: account.uin, id };
  const resource = findTaggable(core, account.uin, name);
  if (resource === undefined) throw new ApiError('FailedOperation', `\`${id}\` does not exist`);
  return resource;
}

const modifyResourceTags = defineAction({
  name: 'ModifyResourceTags',
  services: ['tag'],
  parameters: z.object({
    Resource: text,
    ReplaceTags: z.array(tag).optional(),
    DeleteTags: z.array(z.strictObject({ TagKey: text })).optional(),
  }),
  handle: ({ Resource, ReplaceTags = [], DeleteTags = [] }, call) => {
    const keys = DeleteTags.map(({ TagKey }) => TagKey);
    if (ReplaceTags.length > 0) checkServiceTags(ReplaceTags);
    if (keys.length > 0) checkServiceKeys(keys);
    if (ReplaceTags.length === 0 && keys.length === 0)
      throw new ApiError('InvalidParameter.Tag', 'ReplaceTags or DeleteTags is required');
    const both = ReplaceTags.find(({ Key }) => keys.includes(Key));
    if (both !== undefined)
      throw new ApiError('InvalidParameter.Tag', `\`${both.Key}\` is in ReplaceTags and in DeleteTags`);
    const { failed, found } = namedResources(call, [Resource]);
    const refused = failed[0] ?? bindTags(found, ReplaceTags)[0];
    if (refused !== undefined) throw new ApiError('FailedOperation', `${refused.Resource}: ${refused.Message}`);
    // The tags as they are after binding.
    unbindTags(namedResources(call, [Resource]).found, keys);
    return {};
  },
});

/** What the tag service does. */
export const tagActions: readonly Action[] = [
  tagResources,
  unTagResources,
  getResources,
  describeResourcesByTags,
  attachResourcesTag,
  modifyResourceTags,
];
