// DescribeNetworkInterfaces, DescribeNetworkInterfaceLimit and DescribeVpcTaskResult.
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { isId } from '../ids.ts';
import { findEni, findInstance } from '../lookup.ts';
import { extendEniQuantity } from '../models.ts';
import { checkIdsOrFilters, pageOf } from '../paging.ts';
import type { InstanceRecord } from '../state.ts';
import { chooseEnis } from './eni-filters.ts';
import { eniText } from './eni-text.ts';

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
    const page = pageOf(chooseEnis(core, NetworkInterfaceIds, Filters), Offset, Limit);
    return { NetworkInterfaceSet: page.items.map((eni) => eniText(eni, core.state.eipBook)), TotalCount: page.total };
  },
});

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

/** An account without the sub-ENI feature has no such quota (GUESS); an extended ENI has as many addresses as another (GUESS). */
function limitAnswer(core: CloudCore, instance: InstanceRecord): object {
  const extended = extendEniQuantity(instance.instanceType, instance.cpu);
  const subEnis = core.settings.subEniAllowed ? instance.subEniQuantity : 0;
  return {
    EniQuantity: instance.eniQuantity,
    EniPrivateIpAddressQuantity: instance.eniPrivateIpQuantity,
    ExtendEniQuantity: extended,
    ExtendEniPrivateIpAddressQuantity: extended === 0 ? 0 : instance.eniPrivateIpQuantity,
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
    // GUESS: what the text says; nothing may depend on it.
    const Output = status === 'FAILED' ? 'the task failed; what it had begun is undone' : '';
    return { Status: status, Output, Result: [] };
  },
});

/** Sub-ENIs on all trunks of an instance; what its quota counts. */
export function countSubEnis(core: CloudCore, instanceId: string): number {
  const { enis } = core.state;
  return enis
    .by('instance', instanceId)
    .filter((eni) => eni.trunking)
    .reduce((sum, trunk) => sum + enis.by('trunk', trunk.eniId).length, 0);
}

/** What the vpc service says of ENIs and tasks. */
export const eniDescribeActions: readonly Action[] = [
  describeNetworkInterfaces,
  describeNetworkInterfaceLimit,
  describeVpcTaskResult,
];
