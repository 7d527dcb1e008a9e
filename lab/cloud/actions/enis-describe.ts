// DescribeNetworkInterfaces, DescribeNetworkInterfaceLimit and DescribeVpcTaskResult.
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { isId } from '../ids.ts';
import { findEni, findInstance } from '../lookup.ts';
import { applyFilters, checkIdsOrFilters, pageOf } from '../paging.ts';
import { type EniRecord, type InstanceRecord, subEnisOf } from '../state.ts';
import { eniAnswer, eniFilters, visibleEnis } from './eni-answer.ts';

const describeNetworkInterfaces = defineAction({
  name: 'DescribeNetworkInterfaces',
  services: ['vpc'],
  parameters: z.object({
    NetworkInterfaceIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
  }),
  handle: ({ NetworkInterfaceIds, Filters = [], Offset, Limit }, { core }) => {
    checkIdsOrFilters(NetworkInterfaceIds, Filters, 'NetworkInterfaceIds');
    const page = pageOf(applyFilters(chooseEnis(core, NetworkInterfaceIds), Filters, eniFilters), Offset, Limit);
    return { NetworkInterfaceSet: page.items.map(eniAnswer), TotalCount: page.total };
  },
});

/** An id that is not there is an error, not an empty answer (facts, section 7: GUESS). */
function chooseEnis(core: CloudCore, ids: readonly string[] | undefined): EniRecord[] {
  const all = visibleEnis(core);
  if (ids === undefined || ids.length === 0) return all;
  const byId = new Map(all.map((eni) => [eni.eniId, eni]));
  return [...new Set(ids)].map((id) => {
    if (!isId('eni', id))
      throw new ApiError('InvalidParameterValue.Malformed', `\`${id}\` is malformed; an id looks like eni-xxxxxxxx`);
    const eni = byId.get(id);
    if (eni === undefined) throw new ApiError('ResourceNotFound', `\`${id}\` does not exist`);
    return eni;
  });
}

const describeNetworkInterfaceLimit = defineAction({
  name: 'DescribeNetworkInterfaceLimit',
  services: ['vpc'],
  parameters: z.object({ InstanceId: text }),
  handle: ({ InstanceId }, { core }) => limitAnswer(core, instanceBehind(core, InstanceId)),
});

/** An `ins-` or an `eni-` id is asked for (facts, section 8). */
function instanceBehind(core: CloudCore, id: string): InstanceRecord {
  const instanceId = isId('eni', id) ? findEni(core, id).attachment?.instanceId : id;
  if (instanceId === undefined)
    throw new ApiError('InvalidInstanceId.NotFound', `\`${id}\` is attached to no instance`);
  return findInstance(core, instanceId);
}

/** An account without the sub-ENI feature has no such quota (GUESS). */
function limitAnswer(core: CloudCore, instance: InstanceRecord): object {
  const subEnis = core.settings.subEniAllowed ? instance.subEniQuantity : 0;
  return {
    EniQuantity: instance.eniQuantity,
    EniPrivateIpAddressQuantity: instance.eniPrivateIpQuantity,
    ExtendEniQuantity: 0,
    ExtendEniPrivateIpAddressQuantity: 0,
    SubEniQuantity: subEnis,
    SubEniPrivateIpAddressQuantity: subEnis === 0 ? 0 : 1,
  };
}

const describeVpcTaskResult = defineAction({
  name: 'DescribeVpcTaskResult',
  services: ['vpc'],
  parameters: z.object({ TaskId: text }),
  handle: ({ TaskId }, { core }) => {
    const status = core.taskStatus(TaskId);
    if (status === undefined) throw new ApiError('ResourceNotFound', `there is no task \`${TaskId}\``);
    return { Status: status, Output: '', Result: [] };
  },
});

/** Sub-ENIs on all trunks of an instance; what its quota counts. */
export function countSubEnis(core: CloudCore, instanceId: string): number {
  return [...core.state.enis.values()]
    .filter((eni) => eni.trunking && eni.attachment?.instanceId === instanceId)
    .reduce((sum, trunk) => sum + subEnisOf(core.state, trunk.eniId).length, 0);
}

/** What the vpc service says of ENIs and tasks. */
export const eniDescribeActions: readonly Action[] = [
  describeNetworkInterfaces,
  describeNetworkInterfaceLimit,
  describeVpcTaskResult,
];
