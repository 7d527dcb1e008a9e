// Pods that the kernel connects and no record tells of: a record was lost or cannot be read, and the Pod runs on.
import type { Logger } from '../base/logger.ts';
import type { Kernel, KernelLink, KernelRoute } from './kernel.ts';
import type { KernelRule } from './plan-rules.ts';
import { isHostVeth, isSubEniTable, type Wiring } from './wiring.ts';

export interface UnrecordedPod {
  /** Its host end. */
  readonly device: string;
  readonly addresses: readonly string[];
  /** Tables of sub-ENIs that lead to it. */
  readonly tables: readonly string[];
}

/** A host end is there as long as its sandbox is. Without its rules the Pod would be cut off, so that they are nobody's only once it is gone. */
function unrecordedPods(
  wirings: readonly Wiring[],
  { links, routes }: { readonly links: readonly Pick<KernelLink, 'ifname'>[]; readonly routes: readonly KernelRoute[] },
): readonly UnrecordedPod[] {
  const recorded = new Set(wirings.map(({ hostVeth }) => hostVeth));
  const devices = links.map(({ ifname }) => ifname).filter((device) => isHostVeth(device) && !recorded.has(device));
  return devices.map((device) => {
    const own = routes.filter(({ dev }) => dev === device);
    return {
      device,
      addresses: [...new Set(own.map(({ dst }) => dst))],
      tables: own.map(({ table }) => table).filter(isSubEniTable),
    };
  });
}

/** By two looks: a sandbox that ended meanwhile has neither record nor device. */
export async function findUnrecorded(
  kernel: Pick<Kernel, 'hasLink'>,
  wirings: readonly Wiring[],
  seen: Parameters<typeof unrecordedPods>[1],
): Promise<readonly UnrecordedPod[]> {
  const found: UnrecordedPod[] = [];
  for (const pod of unrecordedPods(wirings, seen)) if (await kernel.hasLink(pod.device)) found.push(pod);
  return found;
}

export const needs = ({ device, addresses, tables }: UnrecordedPod, { src, dst, iif, table }: KernelRule): boolean =>
  iif === device ||
  (table !== undefined && tables.includes(table)) ||
  [src, dst].some((end) => end !== undefined && addresses.includes(end));

/** When they are others than `before`, which saves a line each minute. */
export function tellUnrecorded(
  logger: Logger,
  now: readonly UnrecordedPod[],
  before: readonly UnrecordedPod[] = [],
): readonly UnrecordedPod[] {
  const key = (pods: readonly UnrecordedPod[]): string =>
    pods
      .map(({ device }) => device)
      .toSorted()
      .join();
  if (now.length > 0 && key(now) !== key(before))
    logger.warn(
      { pods: now.map(({ device, addresses }) => `${addresses.join(', ')} at ${device}`) },
      'Pods are connected that no record tells of; their rules stay until their sandboxes end. Delete these Pods to have them wired anew',
    );
  return now;
}
