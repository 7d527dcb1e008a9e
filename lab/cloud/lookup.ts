// Finds a record by its id, or throws what the API throws for a malformed and for an unknown one (facts, section 7: Ids).
import { ApiError } from './api-error.ts';
import type { CloudCore } from './core.ts';
import { isId } from './ids.ts';
import type { EniRecord, InstanceRecord, SecurityGroupRecord, SubnetRecord, VpcRecord } from './state.ts';

function find<T>(map: ReadonlyMap<string, T>, prefix: string, id: string, malformed: string, unknown: string): T {
  if (!isId(prefix, id)) throw new ApiError(malformed, `\`${id}\` is malformed; an id looks like ${prefix}-xxxxxxxx`);
  const record = map.get(id);
  if (record === undefined) throw new ApiError(unknown, `\`${id}\` does not exist`);
  return record;
}

export const findVpc = (core: CloudCore, id: string): VpcRecord =>
  find(core.state.vpcs, 'vpc', id, 'InvalidParameterValue.Malformed', 'ResourceNotFound');
export const findSubnet = (core: CloudCore, id: string): SubnetRecord =>
  find(core.state.subnets, 'subnet', id, 'InvalidParameterValue.Malformed', 'ResourceNotFound');
export const findGroup = (core: CloudCore, id: string): SecurityGroupRecord =>
  find(core.state.securityGroups, 'sg', id, 'InvalidParameterValue.Malformed', 'ResourceNotFound');
export const findEni = (core: CloudCore, id: string): EniRecord =>
  find(core.state.enis, 'eni', id, 'InvalidParameterValue.Malformed', 'ResourceNotFound');
/** As the vpc service looks an instance up. */
export const findInstance = (core: CloudCore, id: string): InstanceRecord =>
  find(core.state.instances, 'ins', id, 'InvalidParameterValue.Malformed', 'ResourceNotFound');
/** As the cvm service does: with its own codes. */
export const findCvmInstance = (core: CloudCore, id: string): InstanceRecord =>
  find(core.state.instances, 'ins', id, 'InvalidInstanceId.Malformed', 'InvalidInstanceId.NotFound');

/**
 * What the ids of a describe call name, each once, in the given order. The switch `unknownIdIsNotFound` decides whether an unknown one
 * throws what `find` throws or is left out; a malformed one always throws.
 */
export function namedBy<T>(core: CloudCore, ids: readonly string[], find: (core: CloudCore, id: string) => T): T[] {
  return [...new Set(ids)].flatMap((id) => {
    try {
      return [find(core, id)];
    } catch (error) {
      if (core.settings.unknownIdIsNotFound || !(error instanceof ApiError) || error.code !== 'ResourceNotFound')
        throw error;
      return [];
    }
  });
}

/** Existing groups, each once, in the given order; at most as many as the settings say (facts, section 18: GUESS for ENIs). */
export function checkGroups(core: CloudCore, ids: readonly string[]): string[] {
  for (const id of ids) findGroup(core, id);
  const unique = [...new Set(ids)];
  if (unique.length > core.settings.groupsPerEni)
    throw new ApiError(
      'LimitExceeded',
      `${unique.length} security groups; an ENI takes at most ${core.settings.groupsPerEni}`,
    );
  return unique;
}

/** What an ENI's groups were and shall be; a new ENI had none. */
export interface GroupChange {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Throws `code` when a group would have more members than the settings say; what is a member already takes no room (facts, sections 14 and 18). */
export function requireGroupRoom(core: CloudCore, changes: readonly GroupChange[], code = 'LimitExceeded'): void {
  const joining = changes.flatMap(({ after, before }) => after.filter((id) => !before.includes(id)));
  const { membersPerGroup } = core.settings;
  for (const id of new Set(joining)) {
    const members = core.state.enis.by('group', id).length;
    const more = joining.filter((other) => other === id).length;
    if (members + more > membersPerGroup)
      throw new ApiError(
        code,
        `${id} has ${members} instances and ENIs, and ${more} more would join; it takes at most ${membersPerGroup}`,
      );
  }
}

/** Refuses while another task works on the ENI (facts, section 7: Async, VPC kind). */
export function requireIdle(eni: EniRecord): void {
  if (eni.addressTasks > 0)
    throw new ApiError('UnsupportedOperation.InvalidState', `a task changes the addresses of ${eni.eniId}`);
  if (eni.state !== 'AVAILABLE')
    throw new ApiError('UnsupportedOperation.InvalidState', `${eni.eniId} is ${eni.state}; it must be AVAILABLE`);
}
