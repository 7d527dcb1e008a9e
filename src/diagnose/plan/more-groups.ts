// Groups that a proposal names and that nothing of the cluster had so far, read into the picture.
import { parseSecurityGroup } from '../../securitygroup/parse.ts';
import type { VpcCloud } from '../../cloud/vpc-cloud.ts';
import { errorText } from '../../base/errors.ts';
import { isNotFoundInCloud } from '../picture/cloud-answers.ts';
import type { CloudGroup, ClusterPicture, Gap } from '../picture/picture.ts';
import type { Proposal } from './proposal.ts';

/** With them; one that does not exist stays absent, one that cannot be read becomes a gap. */
export async function withProposedGroups(
  picture: ClusterPicture,
  proposal: Proposal,
  cloud: Pick<VpcCloud, 'describeSecurityGroupPolicies'>,
  signal: AbortSignal,
): Promise<ClusterPicture> {
  if (picture.cloud === undefined) return picture;
  const groups = new Map<string, CloudGroup>(picture.cloud.groups);
  const gaps: Gap[] = [...picture.gaps];
  const named = new Set([
    ...proposal.policies.flatMap(({ spec }) => spec.securityGroups.groupIds),
    ...[...proposal.nodeGroups.values()].flat(),
    ...proposal.rules.map(({ groupId }) => groupId),
  ]);
  for (const groupId of named) {
    if (groups.has(groupId) || gaps.some(({ what }) => what === `group ${groupId}`)) continue;
    try {
      const set = await cloud.describeSecurityGroupPolicies(groupId, { signal });
      groups.set(groupId, { groupId, name: '', rules: parseSecurityGroup(groupId, set) });
    } catch (error) {
      signal.throwIfAborted();
      if (!isNotFoundInCloud(error)) gaps.push({ what: `group ${groupId}`, why: errorText(error) });
    }
  }
  return { ...picture, cloud: { ...picture.cloud, groups }, gaps };
}
