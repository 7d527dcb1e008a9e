// What ipamd tells programs without access to the cloud of the subnets of Pods' addresses: ConfigMap kube-system/tke-eni-ip-subnets, one entry per subnet. Ours.
import { z } from 'zod';

const entrySchema = z.object({
  zone: z.string().min(1),
  cidr: z.string().min(1),
  /** Free addresses, as the cloud counted them. */
  available: z.int().min(0),
  /** False: no container subnet, but named by a node's label or by an ENI that is there. */
  container: z.boolean(),
});

export type SubnetReportEntry = z.output<typeof entrySchema>;

export type SubnetReport = ReadonlyMap<string, SubnetReportEntry>;

/** The data of the ConfigMap; keys in a stable order, so that equal reports are equal texts. */
export function encodeSubnetReport(report: SubnetReport): Record<string, string> {
  const entries = [...report].sort(([a], [b]) => a.localeCompare(b));
  return Object.fromEntries(
    entries.map(([id, { zone, cidr, available, container }]) => [
      id,
      JSON.stringify({ zone, cidr, available, container }),
    ]),
  );
}

/** Entries that cannot be read are left out: to the reader the subnet is unknown. */
export function decodeSubnetReport(data: Readonly<Record<string, string>> | undefined): SubnetReport {
  const report = new Map<string, SubnetReportEntry>();
  for (const [id, text] of Object.entries(data ?? {})) {
    const entry = entrySchema.safeParse(parsed(text));
    if (entry.success) report.set(id, entry.data);
  }
  return report;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
