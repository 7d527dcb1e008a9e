// The actions of address templates and of their groups, which rules may name instead of a peer.
import { z } from 'zod';
import { type Action, type ActionCall, defineAction, tagList, text, textList } from '../action.ts';
import { exact } from '../paging.ts';
import {
  createTemplate,
  createTemplateGroup,
  deleteTemplate,
  deleteTemplateGroup,
  entryWishes,
  modifyTemplate,
  modifyTemplateGroup,
} from '../policy-template-store.ts';
import { findTemplate, type TemplateGroupRecord, type TemplateRecord } from '../policy-templates.ts';
import { vpcTime } from './eni-answer.ts';
import { chosen, describeParameters } from './template-listing.ts';

const extraList = z.array(
  z.strictObject({ Address: text, Description: text.optional(), UpdatedTime: text.optional() }),
);
const wishesOf = (plain: readonly string[] | undefined, extra: z.output<typeof extraList> | undefined) =>
  entryWishes(
    plain,
    extra?.map((entry) => ({ value: entry.Address, description: entry.Description ?? '' })),
  );

const createOne = defineAction({
  name: 'CreateAddressTemplate',
  services: ['vpc'],
  parameters: z.object({
    AddressTemplateName: text,
    Addresses: textList.optional(),
    AddressesExtra: extraList.optional(),
    Tags: tagList.optional(),
  }),
  handle: (parameters, { core }) => {
    const entries = wishesOf(parameters.Addresses, parameters.AddressesExtra);
    const tags = parameters.Tags ?? [];
    return {
      AddressTemplate: answer(createTemplate(core, 'address', { name: parameters.AddressTemplateName, entries, tags })),
    };
  },
});

/** GUESS: like everything about templates, in force when the answer comes. */
const modifyOne = defineAction({
  name: 'ModifyAddressTemplateAttribute',
  services: ['vpc'],
  parameters: z.object({
    AddressTemplateId: text,
    AddressTemplateName: text.optional(),
    Addresses: textList.optional(),
    AddressesExtra: extraList.optional(),
  }),
  handle: async (parameters, { core }) => {
    const entries = wishesOf(parameters.Addresses, parameters.AddressesExtra);
    modifyTemplate(core, 'address', parameters.AddressTemplateId, { name: parameters.AddressTemplateName, entries });
    await core.settle();
    return {};
  },
});

const deleteOne = defineAction({
  name: 'DeleteAddressTemplate',
  services: ['vpc'],
  parameters: z.object({ AddressTemplateId: text }),
  handle: ({ AddressTemplateId }, { core }) => {
    deleteTemplate(core, 'address', AddressTemplateId);
    return {};
  },
});

const describeAll = defineAction({
  name: 'DescribeAddressTemplates',
  services: ['vpc'],
  parameters: describeParameters,
  handle: (parameters, { core }) => {
    const records = [...core.state.templates.address.templates.values()];
    const page = chosen(parameters, records, {
      'address-template-name': exact((record) => record.name),
      'address-template-id': exact((record) => record.templateId),
    });
    return { TotalCount: page.total, AddressTemplateSet: page.items.map(answer) };
  },
});

const createGroup = defineAction({
  name: 'CreateAddressTemplateGroup',
  services: ['vpc'],
  parameters: z.object({
    AddressTemplateGroupName: text,
    AddressTemplateIds: textList,
    Tags: tagList.optional(),
  }),
  handle: (parameters, { core }) => {
    const group = createTemplateGroup(core, 'address', {
      name: parameters.AddressTemplateGroupName,
      templateIds: parameters.AddressTemplateIds,
      tags: parameters.Tags ?? [],
    });
    return { AddressTemplateGroup: groupAnswer(core, group) };
  },
});

const modifyGroup = defineAction({
  name: 'ModifyAddressTemplateGroupAttribute',
  services: ['vpc'],
  parameters: z.object({
    AddressTemplateGroupId: text,
    AddressTemplateGroupName: text.optional(),
    AddressTemplateIds: textList.optional(),
  }),
  handle: async (parameters, { core }) => {
    modifyTemplateGroup(core, 'address', parameters.AddressTemplateGroupId, {
      name: parameters.AddressTemplateGroupName,
      templateIds: parameters.AddressTemplateIds,
    });
    await core.settle();
    return {};
  },
});

const deleteGroup = defineAction({
  name: 'DeleteAddressTemplateGroup',
  services: ['vpc'],
  parameters: z.object({ AddressTemplateGroupId: text }),
  handle: ({ AddressTemplateGroupId }, { core }) => {
    deleteTemplateGroup(core, 'address', AddressTemplateGroupId);
    return {};
  },
});

const describeGroups = defineAction({
  name: 'DescribeAddressTemplateGroups',
  services: ['vpc'],
  parameters: describeParameters,
  handle: (parameters, { core }) => {
    const records = [...core.state.templates.address.groups.values()];
    const page = chosen(parameters, records, {
      'address-template-group-name': exact((record) => record.name),
      'address-template-group-id': exact((record) => record.groupId),
    });
    return {
      TotalCount: page.total,
      AddressTemplateGroupSet: page.items.map((group) => groupAnswer(core, group)),
    };
  },
});

function answer(record: TemplateRecord): object {
  return {
    AddressTemplateId: record.templateId,
    AddressTemplateName: record.name,
    AddressSet: record.entries.map((entry) => entry.value),
    AddressExtraSet: record.entries.map((entry) => ({
      Address: entry.value,
      Description: entry.description,
      UpdatedTime: vpcTime(entry.updatedAt),
    })),
    CreatedTime: vpcTime(record.createdAt),
    UpdatedTime: vpcTime(record.updatedAt),
    TagSet: [...record.tags],
  };
}

function groupAnswer(core: ActionCall['core'], group: TemplateGroupRecord): object {
  return {
    AddressTemplateGroupId: group.groupId,
    AddressTemplateGroupName: group.name,
    AddressTemplateIdSet: [...group.templateIds],
    AddressTemplateSet: group.templateIds.map((id) => answer(findTemplate(core.state.templates, 'address', id))),
    CreatedTime: vpcTime(group.createdAt),
    UpdatedTime: vpcTime(group.updatedAt),
    TagSet: [...group.tags],
  };
}

/** Shapes from the public API documentation; the facts only name the ids and the text form (section 11). */
export const addressTemplateActions: readonly Action[] = [
  createOne,
  modifyOne,
  deleteOne,
  describeAll,
  createGroup,
  modifyGroup,
  deleteGroup,
  describeGroups,
];
