// What connects one Pod to its sub-ENI: the facts from which every link, route and rule follows.
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Everything that wiring needs, and all that unwiring may rely on later. */
export const wiringSchema = z.object({
  podIp: z.ipv4(),
  /** Interface name in the Pod, as the runtime asks for it. */
  ifName: z.string(),
  netns: z.string(),
  hostVeth: z.string(),
  podMac: z.string(),
  mtu: z.int().optional(),
  eniMac: z.string(),
  vlanId: z.int().min(1).max(4094),
  gateway: z.ipv4(),
  /** Node device of the trunk ENI. */
  trunk: z.string(),
  /** Node device of the sub-ENI. */
  link: z.string(),
});
export type Wiring = z.infer<typeof wiringSchema>;

/** The MAC of every host end: the Pod's permanent neighbour entry names it (facts: data-plane, section 3). */
export const HOST_MAC = 'ee:ee:ee:ee:ee:ee';
/** The Pod's next hop; nobody owns it. */
export const POD_GATEWAY = '169.254.1.1';

/** Route table of a sub-ENI: 20000 + VLAN id, far from 253 to 255 and from other products' 2004 and 2005 (DESIGN section 6). */
export const FIRST_SUB_ENI_TABLE = 20_000;
export const tableOf = (vlanId: number): number => FIRST_SUB_ENI_TABLE + vlanId;

/** Preferences of the policy rules of standard routing (facts: data-plane, section 3). */
export const preferences = { fromLink: 10, toPod: 512, fromPod: 1536 } as const;

/** `TRUNK.VID`, or `sub.VID` where that would be longer than the 15 characters of an interface name. */
export function subEniLinkName(trunk: string, vlanId: number): string {
  const name = `${trunk}.${vlanId}`;
  return name.length <= 15 ? name : `sub.${vlanId}`;
}

/** Name of the host end of one attachment: the same for the same container, different for the next sandbox of the same Pod. */
export function hostVethName(containerId: string, ifName: string): string {
  return `tke${digest(containerId, ifName).slice(0, 11)}`;
}

/** A locally administered MAC for the Pod's end, known before it is made. */
export function podMac(containerId: string, ifName: string): string {
  const hex = digest(ifName, containerId);
  return `02:${[0, 2, 4, 6, 8].map((at) => hex.slice(at, at + 2)).join(':')}`;
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex');
}
