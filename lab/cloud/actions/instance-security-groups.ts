// ModifyInstancesAttribute, and AssociateSecurityGroups and DisassociateSecurityGroups of the cvm service: names and groups of instances.
import { z } from 'zod';
import { type Action, bool, defineAction, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { chosenInstances, refuseStates, startOperation } from '../cvm/instance-operations.ts';
import { isId } from '../ids.ts';
import { requireGroupRoom } from '../lookup.ts';
import { quotas } from '../settings.ts';
import { type InstanceRecord, primaryEni } from '../state.ts';
import { instanceGroupChange, instanceRenaming } from '../tasks/instance-tasks.ts';

/** GUESS: 128 characters, as the cvm service's naming rules say. */
const LONGEST_NAME = 128;
const NOT_SIMULATED = ['UserData', 'CamRoleName', 'CamRoleType', 'HostName', 'DisableApiTermination'] as const;

const modifyInstancesAttribute = defineAction({
  name: 'ModifyInstancesAttribute',
  services: ['cvm'],
  parameters: z.object({
    InstanceIds: textList,
    SecurityGroups: textList.optional(),
    InstanceName: text.optional(),
    UserData: text.optional(),
    CamRoleName: text.optional(),
    CamRoleType: text.optional(),
    HostName: text.optional(),
    DisableApiTermination: bool.optional(),
    AutoReboot: bool.optional(),
  }),
  handle: (parameters, { core, requestId }) => {
    const { InstanceIds, InstanceName, SecurityGroups } = parameters;
    const other = NOT_SIMULATED.find((name) => parameters[name] !== undefined);
    if (other !== undefined)
      throw new ApiError('InvalidParameterValue', `only SecurityGroups and InstanceName are simulated, not ${other}`);
    if (InstanceName === undefined && SecurityGroups === undefined)
      throw new ApiError('MissingParameter', 'one attribute is required: SecurityGroups or InstanceName');
    if (InstanceName !== undefined && SecurityGroups !== undefined)
      throw new ApiError(
        'InvalidParameterValue',
        'exactly one attribute per call, not both SecurityGroups and InstanceName',
      );
    const operation = { name: 'ModifyInstancesAttribute', requestId };
    if (InstanceName !== undefined) startRenaming(core, operation, InstanceIds, InstanceName);
    if (SecurityGroups === undefined) return {};
    checkCvmGroups(core, SecurityGroups);
    const instances = chosenInstances(core, InstanceIds);
    refuseUnready(instances);
    startGroupChange(core, operation, instances, () => SecurityGroups);
    return {};
  },
});

interface Operation {
  readonly name: string;
  readonly requestId: string;
}

function startRenaming(core: CloudCore, operation: Operation, ids: readonly string[], name: string): void {
  if (Array.from(name).length > LONGEST_NAME)
    throw new ApiError('InvalidInstanceName.TooLong', `InstanceName has more than ${LONGEST_NAME} characters`);
  const instances = chosenInstances(core, ids);
  refuseUnready(instances);
  const instanceIds = instances.map((instance) => instance.instanceId);
  const before = instances.map((instance) => instance.name);
  const { requestId } = operation;
  startOperation(core, operation, instances, instanceRenaming.plan({ requestId, instanceIds, name, before }));
}

function refuseUnready(instances: readonly InstanceRecord[]): void {
  for (const instance of instances)
    refuseStates(instance, ['PENDING', 'STARTING', 'STOPPING', 'SHUTDOWN', 'TERMINATING']);
}

/** Replaces the groups of the primary ENIs; order is priority. */
function startGroupChange(
  core: CloudCore,
  operation: Operation,
  instances: readonly InstanceRecord[],
  groupsAfter: (now: readonly string[]) => readonly string[],
): void {
  const changes = instances.flatMap((instance) => {
    const eni = primaryEni(core.state, instance.instanceId);
    if (eni === undefined) return [];
    const after = [...new Set(groupsAfter(eni.securityGroupIds))];
    checkGroupCount(after);
    return [{ eniId: eni.eniId, after, before: eni.securityGroupIds }];
  });
  requireGroupRoom(core, changes, 'LimitExceeded.CvmsVifsPerSecGroupLimitExceeded');
  const instanceIds = instances.map((instance) => instance.instanceId);
  const { requestId } = operation;
  startOperation(core, operation, instances, instanceGroupChange.plan({ requestId, instanceIds, changes }));
}

function checkGroupCount(groups: readonly string[]): void {
  if (groups.length > quotas.groupsPerEni)
    throw new ApiError(
      'LimitExceeded.AssociateUSGLimitExceeded',
      `${groups.length} groups; an instance takes at most ${quotas.groupsPerEni}`,
    );
}

function checkCvmGroups(core: CloudCore, ids: readonly string[]): void {
  const missing = ids.find((id) => !core.state.securityGroups.has(id));
  if (missing !== undefined) throw new ApiError('InvalidSecurityGroupId.NotFound', `\`${missing}\` does not exist`);
  checkGroupCount([...new Set(ids)]);
}

const groupParameters = z.object({ SecurityGroupIds: textList, InstanceIds: textList });

/** One group id only (facts, section 14). */
function onlyGroup(core: CloudCore, ids: readonly string[]): string {
  const [id] = ids;
  if (id === undefined || ids.length > 1)
    throw new ApiError('InvalidParameterValue.LimitExceeded', `SecurityGroupIds has ${ids.length} entries; exactly 1`);
  if (!isId('sg', id)) throw new ApiError('InvalidSgId.Malformed', `\`${id}\` is malformed`);
  checkCvmGroups(core, [id]);
  return id;
}

const associateSecurityGroups = defineAction({
  name: 'AssociateSecurityGroups',
  services: ['cvm'],
  parameters: groupParameters,
  handle: ({ SecurityGroupIds, InstanceIds }, { core, requestId }) => {
    const group = onlyGroup(core, SecurityGroupIds);
    const instances = chosenInstances(core, InstanceIds);
    refuseUnready(instances);
    startGroupChange(core, { name: 'AssociateSecurityGroups', requestId }, instances, (now) => [...now, group]);
    return {};
  },
});

const disassociateSecurityGroups = defineAction({
  name: 'DisassociateSecurityGroups',
  services: ['cvm'],
  parameters: groupParameters,
  handle: ({ SecurityGroupIds, InstanceIds }, { core, requestId }) => {
    const group = onlyGroup(core, SecurityGroupIds);
    const instances = chosenInstances(core, InstanceIds);
    refuseUnready(instances);
    // GUESS: a group that is not bound is no error.
    startGroupChange(core, { name: 'DisassociateSecurityGroups', requestId }, instances, (now) =>
      now.filter((id) => id !== group),
    );
    return {};
  },
});

/** Names and groups. */
export const instanceAttributeActions: readonly Action[] = [
  modifyInstancesAttribute,
  associateSecurityGroups,
  disassociateSecurityGroups,
];
