// Creates, changes and deletes parameter templates and their groups, for addresses and services alike; each is checked first.
import { ApiError } from './api-error.ts';
import type { CloudCore } from './core.ts';
import { expandedCount } from './policy-checks.ts';
import { parsePolicy } from './policy.ts';
import {
  checkAddressEntry,
  findTemplate,
  findTemplateGroup,
  TEMPLATE_PREFIXES,
  type TemplateEntry,
  type TemplateGroupRecord,
  type TemplateKind,
  type TemplateRecord,
} from './policy-templates.ts';
import type { PolicyRecord, TagRecord } from './state.ts';
import { checkProductTags } from './tagging/tag-rules.ts';

/** GUESS: as of a security group. */
const MAX_NAME = 60;

export interface EntryWish {
  readonly value: string;
  readonly description: string;
}

/** Plain values and values with a description exclude each other; undefined: neither was sent. */
export function entryWishes(
  plain: readonly string[] | undefined,
  extra: readonly EntryWish[] | undefined,
): readonly EntryWish[] | undefined {
  if (plain !== undefined && extra !== undefined && plain.length > 0 && extra.length > 0)
    throw new ApiError('InvalidParameter.Coexist', 'entries with and without descriptions exclude each other');
  if (extra !== undefined && extra.length > 0) return extra;
  return plain?.map((value) => ({ value, description: '' })) ?? extra;
}

export function createTemplate(
  core: CloudCore,
  kind: TemplateKind,
  wanted: {
    readonly name: string;
    readonly entries: readonly EntryWish[] | undefined;
    readonly tags: readonly TagRecord[];
  },
): TemplateRecord {
  checkName(wanted.name);
  checkProductTags(wanted.tags);
  const { templates } = core.state.templates[kind];
  checkQuota(core, templates.size);
  const now = core.clock.now();
  const entries = readEntries(core, kind, wanted.entries ?? []);
  const templateId = core.ids.next(TEMPLATE_PREFIXES[kind].template, (id) => templates.has(id));
  const record = { templateId, name: wanted.name, entries, createdAt: now, updatedAt: now, tags: wanted.tags };
  templates.set(templateId, record);
  return record;
}

/** Rules that name it mean the new entries once this returns and the fabric has settled. */
export function modifyTemplate(
  core: CloudCore,
  kind: TemplateKind,
  id: string,
  wanted: { readonly name: string | undefined; readonly entries: readonly EntryWish[] | undefined },
): void {
  const record = findTemplate(core.state.templates, kind, id);
  if (wanted.name !== undefined) checkName(wanted.name);
  const before = record.entries;
  if (wanted.entries !== undefined) record.entries = readEntries(core, kind, wanted.entries);
  try {
    checkExpansion(core);
  } catch (error) {
    record.entries = before;
    throw error;
  }
  record.name = wanted.name ?? record.name;
  record.updatedAt = core.clock.now();
  core.touch();
}

/** Throws ResourceInUse (GUESS on the code) while a rule or a template group names it. */
export function deleteTemplate(core: CloudCore, kind: TemplateKind, id: string): void {
  findTemplate(core.state.templates, kind, id);
  const shelf = core.state.templates[kind];
  const holder = [...shelf.groups.values()].find((group) => group.templateIds.includes(id));
  if (holder !== undefined) throw new ApiError('ResourceInUse', `${id} belongs to ${holder.groupId}`);
  refuseWhileNamed(core, id);
  shelf.templates.delete(id);
}

export function createTemplateGroup(
  core: CloudCore,
  kind: TemplateKind,
  wanted: { readonly name: string; readonly templateIds: readonly string[]; readonly tags: readonly TagRecord[] },
): TemplateGroupRecord {
  checkName(wanted.name);
  checkProductTags(wanted.tags);
  const { groups } = core.state.templates[kind];
  checkQuota(core, groups.size);
  const templateIds = readMembers(core, kind, wanted.templateIds);
  const now = core.clock.now();
  const groupId = core.ids.next(TEMPLATE_PREFIXES[kind].group, (id) => groups.has(id));
  const record = { groupId, name: wanted.name, templateIds, createdAt: now, updatedAt: now, tags: wanted.tags };
  groups.set(groupId, record);
  return record;
}

/** As modifyTemplate. */
export function modifyTemplateGroup(
  core: CloudCore,
  kind: TemplateKind,
  id: string,
  wanted: { readonly name: string | undefined; readonly templateIds: readonly string[] | undefined },
): void {
  const record = findTemplateGroup(core.state.templates, kind, id);
  if (wanted.name !== undefined) checkName(wanted.name);
  const before = record.templateIds;
  if (wanted.templateIds !== undefined) record.templateIds = readMembers(core, kind, wanted.templateIds);
  try {
    checkExpansion(core);
  } catch (error) {
    record.templateIds = before;
    throw error;
  }
  record.name = wanted.name ?? record.name;
  record.updatedAt = core.clock.now();
  core.touch();
}

/** Throws ResourceInUse (GUESS on the code) while a rule names it. */
export function deleteTemplateGroup(core: CloudCore, kind: TemplateKind, id: string): void {
  findTemplateGroup(core.state.templates, kind, id);
  refuseWhileNamed(core, id);
  core.state.templates[kind].groups.delete(id);
}

function checkName(name: string): void {
  if (name === '') throw new ApiError('InvalidParameterValue.Empty', 'the template name is empty');
  if (name.length > MAX_NAME)
    throw new ApiError('InvalidParameterValue.TooLong', `the name has ${name.length} characters; at most ${MAX_NAME}`);
}

function checkQuota(core: CloudCore, present: number): void {
  if (present >= core.settings.templates)
    throw new ApiError('LimitExceeded', `there are ${present} of them; at most ${core.settings.templates}`);
}

function readEntries(core: CloudCore, kind: TemplateKind, wishes: readonly EntryWish[]): readonly TemplateEntry[] {
  if (wishes.length === 0) throw new ApiError('InvalidParameterValue.Empty', 'the template has no entry');
  if (wishes.length > core.settings.templateEntries)
    throw new ApiError('LimitExceeded', `${wishes.length} entries; at most ${core.settings.templateEntries}`);
  if (new Set(wishes.map(({ value }) => value.toUpperCase())).size < wishes.length)
    throw new ApiError('InvalidParameterValue.Duplicate', 'the same entry stands twice');
  for (const { value } of wishes) (kind === 'address' ? checkAddressEntry : checkServiceEntry)(value);
  const updatedAt = core.clock.now();
  return wishes.map((wish) => ({ ...wish, updatedAt }));
}

/** The text form of facts, section 11; ports as in a rule. */
function checkServiceEntry(value: string): void {
  const [protocol = '', port = '', more] = value.split(':');
  const bare = port === '' || port.toUpperCase() === 'ALL';
  const takesPort = /^(TCP|UDP)$/i.test(protocol);
  if (more !== undefined || !/^(TCP|UDP|ICMP|ICMPV6|GRE)$/i.test(protocol) || (takesPort ? port === '' : !bare))
    throw new ApiError('InvalidParameterValue.Malformed', `\`${value}\` is no service such as TCP:80,443 or ICMP`);
  if (takesPort) parsePolicy({ Protocol: protocol, Port: port, Action: 'ACCEPT' }, new Date(0));
}

function readMembers(core: CloudCore, kind: TemplateKind, ids: readonly string[]): readonly string[] {
  if (ids.length === 0) throw new ApiError('InvalidParameterValue.Empty', 'the group has no template');
  for (const id of ids) findTemplate(core.state.templates, kind, id);
  return [...new Set(ids)];
}

const namesOf = (policy: PolicyRecord): readonly string[] => [
  policy.addressId,
  policy.addressGroupId,
  policy.serviceId,
  policy.serviceGroupId,
];

function refuseWhileNamed(core: CloudCore, id: string): void {
  for (const group of core.state.securityGroups.values())
    if ([...group.ingress, ...group.egress].some((policy) => namesOf(policy).includes(id)))
      throw new ApiError('ResourceInUse', `a rule of ${group.securityGroupId} names ${id}`);
}

/** GUESS: a template does not grow when a group that uses it would then have too many rules. */
function checkExpansion(core: CloudCore): void {
  const limit = core.settings.expandedPolicyLimit;
  for (const group of core.state.securityGroups.values())
    for (const list of [group.ingress, group.egress])
      if (list.some((policy) => namesOf(policy).some((id) => id !== '')) && expandedCount(core, list) > limit)
        throw new ApiError('LimitExceeded', `${group.securityGroupId} would have more than ${limit} rules`);
}
