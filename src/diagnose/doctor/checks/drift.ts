// Drift in one table: what the cloud has, what our objects say, what the node's agent found.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import { gapOf } from '../../picture/picture.ts';
import { type Check, type DoctorInput, unknown } from '../check.ts';

export interface DriftRow {
  /** `VpcENI sub-...`, `nec 10.0.1.2`. */
  readonly subject: string;
  readonly field: string;
  /** Wanted, as our objects have it. */
  readonly recorded: string;
  readonly cloud: string;
  /** What the agent reported; empty where the kernel has no part in it. */
  readonly kernel: string;
  readonly fix: string;
}

export const drift: Check = {
  id: 'drift',
  title: 'cloud, objects and kernel agree',
  run: (input) => {
    const gap = gapOf(input.picture, 'cloud') ?? gapOf(input.picture, 'enis');
    if (gap !== undefined) return [unknown('ENIs', gap)];
    return driftRows(input).map((row) => ({
      severity: 'warning',
      subject: row.subject,
      message: `${row.field}: recorded ${row.recorded}, cloud ${row.cloud}${row.kernel === '' ? '' : `, kernel ${row.kernel}`}`,
      fix: { text: row.fix, automatic: false },
    }));
  },
};

/** One row for each difference. */
export function driftRows({ picture }: Pick<DoctorInput, 'picture'>): readonly DriftRow[] {
  const { cloud, kube } = picture;
  if (cloud === undefined) return [];
  const seen = new Map(cloud.enis.map((eni) => [eni.eniId, eni]));
  return [
    ...kube.vpcEnis.flatMap((eni) => ofEni(eni, seen)),
    ...kube.nodeEniConfigs.flatMap(({ metadata, status }) =>
      (status?.eniInfos ?? []).flatMap((info): DriftRow[] => {
        const eni = seen.get(info.eniID);
        const wanted = status?.securityGroups?.state === 'Managed' ? status.securityGroups.inForce : undefined;
        if (eni === undefined || wanted === undefined || wanted.join() === eni.securityGroups.join()) return [];
        return [
          {
            subject: `nec ${metadata.name} ${info.eniID}`,
            field: 'security groups',
            recorded: list(wanted),
            cloud: list(eni.securityGroups),
            kernel: '',
            fix: 'ipamd puts them back with its next sync',
          },
        ];
      }),
    ),
  ];
}

function ofEni({ metadata, spec, status }: VpcEni, seen: ReadonlyMap<string, Eni>): readonly DriftRow[] {
  const eni = status?.eni;
  if (eni === undefined || metadata.deletionTimestamp !== undefined) return [];
  const subject = `VpcENI ${metadata.name}`;
  const inCloud = seen.get(eni.eniID);
  const wired = status?.agent?.state ?? '';
  if (inCloud === undefined)
    return [
      {
        subject,
        field: 'ENI',
        recorded: eni.eniID,
        cloud: 'not there',
        kernel: wired,
        fix:
          spec.type === 'SubENI'
            ? 'delete the Pod: it gets a new sub-ENI'
            : 'ipamd brings the object in step, and makes the ENI anew when it is needed',
      },
    ];
  const rows: DriftRow[] = [];
  const ips = inCloud.addresses.map(({ ip }) => ip);
  const lost = [...eni.addresses.map(({ ip }) => ip), ...(status?.pool?.addresses ?? []).map(({ ip }) => ip)].filter(
    (ip) => !ips.includes(ip),
  );
  if (lost.length > 0) {
    const used = (status?.use?.inUse ?? []).filter(({ ip }) => lost.includes(ip)).map(({ ip }) => ip);
    rows.push({
      subject,
      field: 'addresses',
      recorded: lost.join(','),
      cloud: 'not on the ENI',
      kernel: used.length === 0 ? wired : `in use: ${used.join(',')}`,
      fix: 'ipamd takes them out of the pool; Pods that use them have to be rebuilt',
    });
  }
  if (spec.type === 'SubENI' && spec.securityGroups.join() !== inCloud.securityGroups.join())
    rows.push({
      subject,
      field: 'security groups',
      recorded: list(spec.securityGroups),
      cloud: list(inCloud.securityGroups),
      kernel: '',
      fix: 'ipamd binds them again with add-on value vpcCni.trunkingEni.securityGroupDrift=repair; else delete the Pod',
    });
  return rows;
}

const list = (groups: readonly string[]): string => (groups.length === 0 ? 'none' : groups.join(','));
