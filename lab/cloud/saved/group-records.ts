// Security groups with their rules, and parameter templates, as a saved cloud keeps them.
import { z } from 'zod';

import type { TemplateEntry, TemplateGroupRecord, TemplateRecord } from '../policy-templates.ts';
import type { PolicyRecord, SecurityGroupRecord } from '../state.ts';
import { count, date, fromNow, list, record, tags, text } from './codecs.ts';

const savedPolicy = record<PolicyRecord>()({
  protocol: z.enum(['TCP', 'UDP', 'ICMP', 'ICMPV6', 'GRE', 'ALL']),
  port: text,
  cidr: text,
  cidr6: text,
  securityGroupId: text,
  addressId: text,
  addressGroupId: text,
  serviceId: text,
  serviceGroupId: text,
  action: z.enum(['ACCEPT', 'DROP']),
  description: text,
  modifiedAt: date,
});
export type SavedPolicy = z.output<typeof savedPolicy>;

const rules = { version: count, ingress: z.array(savedPolicy), egress: z.array(savedPolicy) };

type Expansion = Required<SecurityGroupRecord>['expansion'];

export const savedGroup = record<SecurityGroupRecord>()({
  securityGroupId: text,
  name: text,
  description: text,
  projectId: text,
  isDefault: z.boolean(),
  createdAt: date,
  updatedAt: date,
  tags,
  ...rules,
  /** What was answered last with templates expanded, and when. */
  expansion: record<Omit<Expansion, 'at'> & { readonly atMs: number }>()({
    atMs: fromNow,
    rules: z.strictObject(rules),
  }).nullable(),
});

const savedEntry = record<TemplateEntry>()({ value: text, description: text, updatedAt: date });

const savedTemplate = record<TemplateRecord>()({
  templateId: text,
  name: text,
  entries: list(savedEntry),
  createdAt: date,
  updatedAt: date,
  tags,
});

const savedTemplateGroup = record<TemplateGroupRecord>()({
  groupId: text,
  name: text,
  templateIds: list(text),
  createdAt: date,
  updatedAt: date,
  tags,
});

/** Templates of one kind and their groups. */
export const savedShelf = z.strictObject({ templates: list(savedTemplate), groups: list(savedTemplateGroup) });
