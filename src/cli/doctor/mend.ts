// What `doctor --fix --yes` does: only what a check marks as needing nobody's decision, which is deleting claims past their time.
import { eipClaims } from '../../api/eip-claim.ts';
import { vpcIpClaims } from '../../api/vpc-ip-claim.ts';
import type { DoctorReport } from '../../diagnose/doctor/doctor.ts';
import type { KubeClient } from '../../kube/types.ts';

/** Tells each thing that was done. ipamd then gives back what the claim held, in its own order. */
export async function mend(
  client: Pick<KubeClient, 'delete'>,
  report: DoctorReport,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const due = report.checks.flatMap(({ findings }) => findings.filter(({ fix }) => fix?.automatic === true));
  for (const { subject } of due) {
    const [, kind, namespace, name] = /^(vpcipclaim|eipclaim) ([^/]+)\/(.+)$/.exec(subject) ?? [];
    if (kind === undefined || namespace === undefined || name === undefined) continue;
    await client.delete(kind === 'eipclaim' ? eipClaims : vpcIpClaims, name, { namespace, signal });
    tell(`deleted ${subject}`);
  }
}
