// Security groups: limits of the cloud, groups that are named and do not exist, rules that nobody here understands.
import type { ClusterPicture } from '../../picture/picture.ts';
import { gapOf } from '../../picture/picture.ts';
import { type Check, type Finding, unknown } from '../check.ts';

/** facts of the cloud API, section 18: groups of an ENI, rules of one direction, members of a group. */
const PER_ENI = 5;
const RULES = 100;
const MEMBERS = 2000;

export const groups: Check = {
  id: 'security-groups',
  title: 'security groups exist, are understood and within their limits',
  run: ({ picture }) => {
    const { cloud } = picture;
    if (cloud === undefined) return [unknown('security groups', gapOf(picture, 'cloud') ?? 'the cloud was not asked')];
    return [...named(picture), ...rules(picture), ...members(picture), ...perEni(picture)];
  },
};

function named({ kube, cloud, gaps }: ClusterPicture): readonly Finding[] {
  const unread = new Set(gaps.map(({ what }) => what));
  const users: readonly (readonly [string, string])[] = [
    ...kube.securityGroupPolicies.flatMap(({ metadata, spec }) =>
      spec.securityGroups.groupIds.map((id) => [id, `policy ${metadata.namespace ?? ''}/${metadata.name}`] as const),
    ),
    ...kube.nodeEniConfigs.flatMap(({ metadata, spec }) =>
      (spec.securityGroups ?? []).map((id) => [id, `nec ${metadata.name}`] as const),
    ),
  ];
  return users
    .filter(([id]) => cloud?.groups.has(id) === false && !unread.has(`group ${id}`))
    .map(([id, user]) => ({
      severity: 'problem',
      subject: id,
      message: `${user} names it, and the cloud does not know it in this account and region`,
      fix: { text: `correct ${user}, or make the group`, automatic: false },
    }));
}

function rules({ cloud }: ClusterPicture): readonly Finding[] {
  return [...(cloud?.groups.values() ?? [])].flatMap(({ groupId, rules: parsed }): Finding[] => {
    if (!parsed.ok)
      return [
        {
          severity: 'warning',
          subject: groupId,
          message: `what it decides is not known: ${parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
        },
      ];
    const most = Math.max(parsed.value.ingress.length, parsed.value.egress.length);
    return most < RULES
      ? []
      : [
          {
            severity: 'warning',
            subject: groupId,
            message: `it has ${most} rules in one direction, and ${RULES} are allowed: another one is refused`,
          },
        ];
  });
}

function members({ cloud }: ClusterPicture): readonly Finding[] {
  const counts = new Map<string, number>();
  for (const eni of cloud?.enis ?? []) for (const id of eni.securityGroups) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].flatMap(([id, count]): Finding[] =>
    count < MEMBERS * 0.9
      ? []
      : [
          {
            severity: count >= MEMBERS ? 'problem' : 'warning',
            subject: id,
            message: `${count} ENIs have it, and ${MEMBERS} may`,
            fix: { text: 'use a further group for some of them, or ask for a higher limit', automatic: false },
          },
        ],
  );
}

function perEni({ kube }: ClusterPicture): readonly Finding[] {
  const over = [
    ...kube.vpcEnis.map(({ metadata, spec }) => [`VpcENI ${metadata.name}`, spec.securityGroups.length] as const),
    ...kube.nodeEniConfigs.map(
      ({ metadata, spec }) => [`nec ${metadata.name}`, spec.securityGroups?.length ?? 0] as const,
    ),
  ];
  return over
    .filter(([, count]) => count > PER_ENI)
    .map(([subject, count]) => ({
      severity: 'problem',
      subject,
      message: `${count} groups are asked for one ENI, and ${PER_ENI} are allowed`,
    }));
}
