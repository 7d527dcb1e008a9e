// The actions of service (protocol and port) templates and of their groups, which rules may name instead of a protocol and a port.
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
  z.strictObject({ Service: text, Description: text.optional(), UpdatedTime: text.optional() }),
);
const wishesOf = (plain: readonly string[] | undefined, extra: z.output<typeof extraList> | undefined) =>
  entryWishes(
    plain,
    extra?.map((entry) => ({ value: entry.Service, description: entry.Description ?? '' })),
  );

const createOne = defineAction({
  name: 'CreateServiceTemplate',
  services: ['vpc'],
  parameters: z.object({
    ServiceTemplateName: text,
    Services: textList.optional(),
    ServicesExtra: extraList.optional(),
    Tags: tagList.optional(),
  }),
  handle: (parameters, { core }) => {
    const entries = wishesOf(parameters.Services, parameters.ServicesExtra);
    const tags = parameters.Tags ?? [];
    return {
      ServiceTemplate: answer(createTemplate(core, 'service', { name: parameters.ServiceTemplateName, entries, tags })),
    };
  },
});

/** GUESS: like everything about templates, in force when the answer comes. */
const modifyOne = defineAction({
  name: 'ModifyServiceTemplateAttribute',
  services: ['vpc'],
  parameters: z.object({
    ServiceTemplateId: text,
    ServiceTemplateName: text.optional(),
    Services: textList.optional(),
    ServicesExtra: extraList.optional(),
  }),
  handle: async (parameters, { core }) => {
    const entries = wishesOf(parameters.Services, parameters.ServicesExtra);
    modifyTemplate(core, 'service', parameters.ServiceTemplateId, { name: parameters.ServiceTemplateName, entries });
    await core.settle();
    return {};
  },
});

const deleteOne = defineAction({
  name: 'DeleteServiceTemplate',
  services: ['vpc'],
  parameters: z.object({ ServiceTemplateId: text }),
  handle: ({ ServiceTemplateId }, { core }) => {
    deleteTemplate(core, 'service', ServiceTemplateId);
    return {};
  },
});

const describeAll = defineAction({
  name: 'DescribeServiceTemplates',
  services: ['vpc'],
  parameters: describeParameters,
  handle: (parameters, { core }) => {
    const records = [...core.state.templates.service.templates.values()];
    const page = chosen(parameters, records, {
      'service-template-name': exact((record) => record.name),
      'service-template-id': exact((record) => record.templateId),
    });
    return { TotalCount: page.total, ServiceTemplateSet: page.items.map(answer) };
  },
});

const createGroup = defineAction({
  name: 'CreateServiceTemplateGroup',
  services: ['vpc'],
  parameters: z.object({
    ServiceTemplateGroupName: text,
    ServiceTemplateIds: textList,
    Tags: tagList.optional(),
  }),
  handle: (parameters, { core }) => {
    const group = createTemplateGroup(core, 'service', {
      name: parameters.ServiceTemplateGroupName,
      templateIds: parameters.ServiceTemplateIds,
      tags: parameters.Tags ?? [],
    });
    return { ServiceTemplateGroup: groupAnswer(core, group) };
  },
});

const modifyGroup = defineAction({
  name: 'ModifyServiceTemplateGroupAttribute',
  services: ['vpc'],
  parameters: z.object({
    ServiceTemplateGroupId: text,
    ServiceTemplateGroupName: text.optional(),
    ServiceTemplateIds: textList.optional(),
  }),
  handle: async (parameters, { core }) => {
    modifyTemplateGroup(core, 'service', parameters.ServiceTemplateGroupId, {
      name: parameters.ServiceTemplateGroupName,
      templateIds: parameters.ServiceTemplateIds,
    });
    await core.settle();
    return {};
  },
});

const deleteGroup = defineAction({
  name: 'DeleteServiceTemplateGroup',
  services: ['vpc'],
  parameters: z.object({ ServiceTemplateGroupId: text }),
  handle: ({ ServiceTemplateGroupId }, { core }) => {
    deleteTemplateGroup(core, 'service', ServiceTemplateGroupId);
    return {};
  },
});

const describeGroups = defineAction({
  name: 'DescribeServiceTemplateGroups',
  services: ['vpc'],
  parameters: describeParameters,
  handle: (parameters, { core }) => {
    const records = [...core.state.templates.service.groups.values()];
    const page = chosen(parameters, records, {
      'service-template-group-name': exact((record) => record.name),
      'service-template-group-id': exact((record) => record.groupId),
    });
    return {
      TotalCount: page.total,
      ServiceTemplateGroupSet: page.items.map((group) => groupAnswer(core, group)),
    };
  },
});

function answer(record: TemplateRecord): object {
  return {
    ServiceTemplateId: record.templateId,
    ServiceTemplateName: record.name,
    ServiceSet: record.entries.map((entry) => entry.value),
    ServiceExtraSet: record.entries.map((entry) => ({
      Service: entry.value,
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
    ServiceTemplateGroupId: group.groupId,
    ServiceTemplateGroupName: group.name,
    ServiceTemplateIdSet: [...group.templateIds],
    ServiceTemplateSet: group.templateIds.map((id) => answer(findTemplate(core.state.templates, 'service', id))),
    CreatedTime: vpcTime(group.createdAt),
    UpdatedTime: vpcTime(group.updatedAt),
    TagSet: [...group.tags],
  };
}

/** Shapes from the public API documentation; the facts only name the ids and the text form (section 11). */
export const serviceTemplateActions: readonly Action[] = [
  createOne,
  modifyOne,
  deleteOne,
  describeAll,
  createGroup,
  modifyGroup,
  deleteGroup,
  describeGroups,
];
