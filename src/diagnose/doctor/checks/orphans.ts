// What carries this cluster's tag in the cloud and has no owner in it.
import { tags } from '../../../api/keys.ts';
import { orphanEips } from '../../../planning/eip-orphans.ts';
import { isOrphan } from '../../../planning/orphans.ts';
import { gapOf } from '../../picture/picture.ts';
import { type Check, type DoctorInput, type Finding, unknown } from '../check.ts';

export const orphans: Check = {
  id: 'orphans',
  title: 'no ENI and no EIP of this cluster is without owner',
  run: (input) => [...enis(input), ...eips(input)],
};

function enis({ picture, clusterUid }: DoctorInput): readonly Finding[] {
  const { cloud, kube } = picture;
  const gap = gapOf(picture, 'cloud') ?? gapOf(picture, 'enis') ?? gapOf(picture, 'vpcenis');
  if (cloud === undefined || gap !== undefined) return [unknown('ENIs', gap ?? 'the cloud was not asked')];
  if (clusterUid === undefined)
    return [unknown('ENIs', 'the UID of namespace kube-system may not be read: nobody can say which are ours')];
  const owners = new Map(
    kube.vpcEnis.map(({ metadata, status }) => [metadata.name, { uid: metadata.uid ?? '', eniId: status?.eni?.eniID }]),
  );
  return cloud.enis.flatMap((eni): Finding[] => {
    const tag = (key: string): string | undefined => eni.tags.find((each) => each.key === key)?.value;
    if (tag(tags.cluster) !== clusterUid) return [];
    const owner = tag(tags.owner)?.replace(/^VpcENI\//, '');
    const facts = {
      eniId: eni.eniId,
      kind: eni.kind,
      attached: eni.attachment !== undefined,
      owner,
      ownerUid: tag(tags.ownerUid),
    };
    if (!isOrphan(facts, owners.get(owner ?? ''))) return [];
    return [
      {
        severity: 'warning',
        subject: eni.eniId,
        message: `its owner, VpcENI ${owner ?? ''}, is not there any more`,
        fix: {
          text: 'ipamd deletes it after a second listing 10 minutes later, unless there are too many',
          automatic: false,
        },
      },
    ];
  });
}

function eips({ eips: all, eipsWhy, clusterUid }: DoctorInput): readonly Finding[] {
  if (all === undefined || clusterUid === undefined) return [unknown('EIPs', eipsWhy ?? 'the cloud was not asked')];
  return orphanEips({ ...all, clusterUid }).map((orphan) => ({
    severity: 'warning',
    subject: orphan.eipId,
    message: `it was bought for ${orphan.owner || 'a claim'}, which does not hold it any more; it costs money`,
    fix: { text: 'look at it and release it', command: 'trunkline eip orphans --release', automatic: false },
  }));
}
