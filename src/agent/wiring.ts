// What connects one Pod to its sub-ENI or to an ENI that it shares: the facts from which every link, route and rule follows.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { enforcingModes } from '../api/vpc-eni.ts';

/** Highest index of an ENI on its node (src/api/node-eni-config.ts). */
export const MOST_ENI_INDEX = 63;

const common = {
  podIp: z.ipv4(),
  /** Interface name in the Pod, as the runtime asks for it. */
  ifName: z.string(),
  netns: z.string(),
  hostVeth: z.string(),
  podMac: z.string(),
  mtu: z.int().optional(),
  eniMac: z.string(),
  gateway: z.ipv4(),
};

/** A Pod with a sub-ENI of its own. */
const subEniWiringSchema = z.object({
  kind: z.literal('sub-eni'),
  ...common,
  vlanId: z.int().min(1).max(4094),
  /** Node device of the trunk ENI. */
  trunk: z.string(),
  /** Node device of the sub-ENI. */
  link: z.string(),
  /** The Pod's for good, whatever the configuration says later (spec 002, How to Enable Strict Routing). Records of older releases carry none. */
  mode: z.enum(enforcingModes).default('standard'),
});

/** A Pod with a secondary address of an ENI that it shares with others. */
const sharedWiringSchema = z.object({
  kind: z.literal('shared'),
  ...common,
  /** UID of the VpcENI that carries the address. */
  vpcEniUID: z.string(),
  /** UID of the VpcIP, where ipamd chose the address (static mode): it is in no pool. */
  vpcIpUID: z.string().optional(),
  /** Small number of the ENI on this node, from which its table follows. */
  index: z.int().min(0).max(MOST_ENI_INDEX),
  /** Node device of the ENI when the Pod was wired; who comes later finds the device by `eniMac`. */
  link: z.string(),
});

/** Everything that wiring needs, and all that unwiring may rely on later. Records of releases without shared addresses carry no kind. */
export const wiringSchema = z.preprocess(
  (raw) => (typeof raw === 'object' && raw !== null && !('kind' in raw) ? { kind: 'sub-eni', ...raw } : raw),
  z.discriminatedUnion('kind', [subEniWiringSchema, sharedWiringSchema]),
);
export type SubEniWiring = z.infer<typeof subEniWiringSchema>;
export type SharedWiring = z.infer<typeof sharedWiringSchema>;
export type Wiring = SubEniWiring | SharedWiring;

/** The MAC of every host end: the Pod's permanent neighbour entry names it (facts: data-plane, section 3). */
export const HOST_MAC = 'ee:ee:ee:ee:ee:ee';
/** The Pod's next hop; nobody owns it. */
export const POD_GATEWAY = '169.254.1.1';

/** Tables: 10000 + index of an ENI, 20000 + VLAN id of a sub-ENI; far from 253 to 255 and from other products' 2004 and 2005 (DESIGN section 6). */
export const FIRST_ENI_TABLE = 10_000;
export const FIRST_SUB_ENI_TABLE = 20_000;
export const eniTable = (index: number): number => FIRST_ENI_TABLE + index;
export const subEniTable = (vlanId: number): number => FIRST_SUB_ENI_TABLE + vlanId;
/** The table that what leaves the Pod is looked up in. */
export const tableOf = (wiring: Wiring): number =>
  wiring.kind === 'shared' ? eniTable(wiring.index) : subEniTable(wiring.vlanId);

/** As `ip` shows them: numbers, or names that somebody gave to some. */
export const isSubEniTable = (table: string | undefined): boolean =>
  isWithin(table, FIRST_SUB_ENI_TABLE + 1, FIRST_SUB_ENI_TABLE + 4094);
export const isEniTable = (table: string | undefined): boolean =>
  isWithin(table, FIRST_ENI_TABLE, FIRST_ENI_TABLE + MOST_ENI_INDEX);

function isWithin(table: string | undefined, first: number, last: number): boolean {
  const number = Number(table);
  return Number.isInteger(number) && number >= first && number <= last;
}

/** Traffic of such a Pod never takes a way inside the node: all of it passes its sub-ENI, and with it the groups. */
export const isStrict = (wiring: Wiring): boolean => wiring.kind === 'sub-eni' && wiring.mode === 'strict';

/** Preferences of the policy rules (facts: data-plane, section 3); `fromLink` is for the veth of a strict Pod, too; what comes from there and is not the Pod's own ends at `notOwn`. */
export const preferences = { fromLink: 10, notOwn: 11, toPod: 512, fromPod: 1536 } as const;

/** `TRUNK.VID`, or `sub.VID` where that would be longer than the 15 characters of an interface name. */
export function subEniLinkName(trunk: string, vlanId: number): string {
  const name = `${trunk}.${vlanId}`;
  return name.length <= 15 ? name : `sub.${vlanId}`;
}

/** Name of the host end of one attachment: the same for the same container, different for the next sandbox of the same Pod. */
export function hostVethName(containerId: string, ifName: string): string {
  return `tke${digest(containerId, ifName).slice(0, 11)}`;
}

/** A name that `hostVethName` could have given. */
export const isHostVeth = (device: string | undefined): boolean =>
  device !== undefined && /^tke[0-9a-f]{11}$/.test(device);

/** A locally administered MAC for the Pod's end, known before it is made. */
export function podMac(containerId: string, ifName: string): string {
  const hex = digest(ifName, containerId);
  return `02:${[0, 2, 4, 6, 8].map((at) => hex.slice(at, at + 2)).join(':')}`;
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex');
}
