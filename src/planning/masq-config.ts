// The configuration of ip-masq-agent: which traffic of Pods keeps its own source address (spec 004, facts/tke.md 9). Pure.
import { parse } from 'yaml';
import { z } from 'zod';
import { objectNames } from '../api/keys.ts';
import { goDurationMs } from '../base/flags.ts';
import { contains, parseAddress } from '../securitygroup/address.ts';
import type { Cidr } from '../securitygroup/address.ts';

export interface MasqConfig {
  /** Destinations that see the Pod's own address; at most `cidrLimit`. */
  readonly nonMasqueradeCIDRs: readonly string[];
  /** Sources that keep their own address whatever they call (spec 004); any number. */
  readonly nonMasqueradeSrcCIDRs: readonly string[];
  /** Ours: Pods that have an EIP are sources of that list by themselves (ADR 0028). */
  readonly nonMasqueradeEIPPods: boolean;
  /** Ours: so are Pods with strict routing, which spec 002 wants kept from SNAT. */
  readonly nonMasqueradeStrictPods: boolean;
  /** Whether 169.254.0.0/16 sees the node's address. */
  readonly masqLinkLocal: boolean;
  /** The same for fe80::/10. */
  readonly masqLinkLocalIPv6: boolean;
  readonly resyncIntervalMs: number;
}

/** Upstream's: the private ranges of RFC 1918 and link-local addresses see the Pod, all else the node. */
export const defaultMasqConfig: MasqConfig = {
  nonMasqueradeCIDRs: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  nonMasqueradeSrcCIDRs: [],
  nonMasqueradeEIPPods: false,
  nonMasqueradeStrictPods: false,
  masqLinkLocal: false,
  masqLinkLocalIPv6: false,
  resyncIntervalMs: 60_000,
};

/** Upstream's limit of destinations; a file may raise its own, as there. */
const CIDR_LIMIT = 64;
/** A shorter interval would keep every agent busy with reading; upstream spins at 0. */
const MIN_RESYNC_MS = 1_000;
/** `namespace/name` of the ConfigMap that has it. */
export const MASQ_CONFIG_MAP = `${objectNames.systemNamespace}/${objectNames.masqConfig}`;
export const LINK_LOCAL = { 4: '169.254.0.0/16', 6: 'fe80::/10' } as const;

export type DecodedMasqConfig =
  | { readonly kind: 'config'; readonly config: MasqConfig; readonly warnings: readonly string[] }
  /** Nothing of it may be used; each line names the key, the value and what would be right. */
  | { readonly kind: 'invalid'; readonly errors: readonly string[] };

const fileSchema = z.strictObject({
  nonMasqueradeCIDRs: z.array(z.string()).nullish(),
  nonMasqueradeSrcCIDRs: z.array(z.string()).nullish(),
  nonMasqueradeEIPPods: z.boolean().nullish(),
  nonMasqueradeStrictPods: z.boolean().nullish(),
  masqLinkLocal: z.boolean().nullish(),
  masqLinkLocalIPv6: z.boolean().nullish(),
  resyncInterval: z.string().nullish(),
  cidrLimit: z.int().min(0).max(100_000).nullish(),
});
type FileKey = keyof z.infer<typeof fileSchema>;
const KEYS = Object.keys(fileSchema.shape) as readonly FileKey[];

/**
 * JSON or YAML with keys in upper or lower camel case; a key that is absent or null has its default, and an empty text is all defaults.
 * Texts of upstream are kept where it has one (facts/tke.md 9).
 */
export function decodeMasqConfig(text: string): DecodedMasqConfig {
  const read = readObject(text);
  if (typeof read === 'string') return { kind: 'invalid', errors: [read] };
  const { known, errors, warnings } = underLowerCamel(read);
  const file = fileSchema.safeParse(known);
  if (!file.success)
    errors.push(...file.error.issues.map((issue) => `${issue.path.join('.') || 'configuration'}: ${issue.message}`));
  if (!file.success || errors.length > 0) return { kind: 'invalid', errors };
  const { nonMasqueradeCIDRs, nonMasqueradeSrcCIDRs, resyncInterval, cidrLimit, ...rest } = file.data;
  const destinations = nonMasqueradeCIDRs ?? defaultMasqConfig.nonMasqueradeCIDRs;
  const sources = nonMasqueradeSrcCIDRs ?? defaultMasqConfig.nonMasqueradeSrcCIDRs;
  const limit = cidrLimit ?? CIDR_LIMIT;
  if (destinations.length > limit)
    errors.push(
      `the daemon can only accept up to ${limit} CIDRs (excluding link-local), but got ${destinations.length} CIDRs (excluding link local)`,
    );
  errors.push(...[...destinations, ...sources].flatMap((cidr) => wrongCidr(cidr) ?? []));
  const resyncIntervalMs =
    resyncInterval === null || resyncInterval === undefined
      ? defaultMasqConfig.resyncIntervalMs
      : goDurationMs(resyncInterval);
  if (resyncIntervalMs === undefined || resyncIntervalMs < MIN_RESYNC_MS)
    errors.push(`resyncInterval: "${resyncInterval}" is not a duration of at least 1s, such as 1m0s`);
  if (resyncIntervalMs === undefined || errors.length > 0) return { kind: 'invalid', errors };
  return {
    kind: 'config',
    config: {
      nonMasqueradeCIDRs: [...new Set(destinations)],
      nonMasqueradeSrcCIDRs: [...new Set(sources)],
      nonMasqueradeEIPPods: rest.nonMasqueradeEIPPods ?? defaultMasqConfig.nonMasqueradeEIPPods,
      nonMasqueradeStrictPods: rest.nonMasqueradeStrictPods ?? defaultMasqConfig.nonMasqueradeStrictPods,
      masqLinkLocal: rest.masqLinkLocal ?? defaultMasqConfig.masqLinkLocal,
      masqLinkLocalIPv6: rest.masqLinkLocalIPv6 ?? defaultMasqConfig.masqLinkLocalIPv6,
      resyncIntervalMs,
    },
    warnings: [
      ...warnings,
      ...sources.flatMap((cidr) =>
        cidr.endsWith('/0')
          ? [`nonMasqueradeSrcCIDRs: "${cidr}" covers every Pod: none keeps a way out that needs the node's address`]
          : [],
      ),
    ],
  };
}

/** Whether some destination sees the node's address instead of the source's. */
export function isEverMasqueraded(config: MasqConfig, source: string): boolean {
  const from = parseAddress(source);
  if (from === undefined) return false;
  const all = from.family === 4 ? '0.0.0.0/0' : '::/0';
  if (config.nonMasqueradeCIDRs.includes(all)) return false;
  return !config.nonMasqueradeSrcCIDRs.some((text) => {
    const cidr = readCidr(text);
    return cidr !== undefined && contains(cidr, from);
  });
}

/** The object in the text, or what is wrong with it. */
function readObject(text: string): Readonly<Record<string, unknown>> | string {
  let value: unknown;
  try {
    value = parse(text, { uniqueKeys: true, logLevel: 'error' });
  } catch (error) {
    return `configuration is neither JSON nor YAML: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
  }
  if (value === null || value === undefined) return {};
  const object = z.record(z.string(), z.unknown()).safeParse(value);
  return object.success
    ? object.data
    : 'configuration: expected an object such as {"NonMasqueradeCIDRs":["10.0.0.0/8"]}';
}

function underLowerCamel(read: Readonly<Record<string, unknown>>): {
  known: Readonly<Record<string, unknown>>;
  errors: string[];
  warnings: string[];
} {
  const known: Record<string, unknown> = {};
  const errors: string[] = [];
  const warnings: string[] = [];
  for (const [written, value] of Object.entries(read)) {
    const key = written.charAt(0).toLowerCase() + written.slice(1);
    const expected = KEYS.find((name) => name === key);
    // As upstream, whose files may hold keys of other agents; but not in silence.
    if (expected === undefined) warnings.push(`${written}: unknown key, without effect; known are ${KEYS.join(', ')}`);
    else if (expected in known) errors.push(`${written}: given twice, in upper and lower camel case`);
    else known[expected] = value;
  }
  return { known, errors, warnings };
}

/**
 * `address/prefix` with its host bits cleared; undefined for anything else. Not the security groups' reader, which takes 0.0.0.0/8 for
 * 0.0.0.0/0 as the cloud does.
 */
export function readCidr(text: string): Cidr | undefined {
  const [address = '', prefixText = '', more] = text.split('/');
  const host = parseAddress(address);
  if (host === undefined || more !== undefined || !/^(0|[1-9]\d{0,2})$/.test(prefixText)) return undefined;
  const bits = host.family === 4 ? 32 : 128;
  const prefix = Number(prefixText);
  if (prefix > bits) return undefined;
  const hostBits = BigInt(bits - prefix);
  return { family: host.family, value: (host.value >> hostBits) << hostBits, prefix };
}

/** The CIDR of one address alone. */
export const singleCidr = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;

/** Whether a CIDR, as it is written, is of one address alone. */
export const isSingleCidr = (cidr: string): boolean => cidr.endsWith(cidr.includes(':') ? '/128' : '/32');

/** In upstream's words. */
function wrongCidr(text: string): string | undefined {
  const cidr = readCidr(text);
  const address = text.split('/')[0] ?? '';
  if (cidr === undefined) return `CIDR "${text}" could not be parsed, invalid CIDR address: ${text}`;
  if (cidr.value === parseAddress(address)?.value) return undefined;
  return `CIDR "${text}" is not aligned to a CIDR block, ip: "${address}" network: "${networkText(cidr)}"`;
}

function networkText({ family, value, prefix }: Cidr): string {
  const size = family === 4 ? 8n : 16n;
  const count = 8;
  const parts = Array.from({ length: family === 4 ? 4 : count }, (_, index) => {
    const shift = size * BigInt((family === 4 ? 3 : count - 1) - index);
    return ((value >> shift) & ((1n << size) - 1n)).toString(family === 4 ? 10 : 16);
  });
  return `${parts.join(family === 4 ? '.' : ':')}/${prefix}`;
}
