// What users may say about a node's pool: addresses to spare, caps, a wanted number; read, checked, and refused in words that help. Pure.
import { annotations } from '../api/keys.ts';

/** When neither flag nor add-on value says otherwise (facts/tke.md 5.1). */
export const DEFAULT_WARM_TARGETS: WarmTargets = { min: 5, max: 5 };

/** Most that a flag, an add-on value or an annotation may ask for. */
const MOST_TARGET = 1000;
const MOST_ENIS = 64;
const MOST_IPS = 256;
const MOST_DESIRED = 4096;

/** `0 <= min <= max`. */
export interface WarmTargets {
  readonly min: number;
  readonly max: number;
}

/** `value` absent: nothing was said. */
export type Read<T> = { readonly ok: true; readonly value?: T } | { readonly ok: false; readonly problem: string };

type Annotations = Readonly<Record<string, string>> | undefined;

/** The annotations of a nec: both or none (facts/tke.md 6.1, rule 4). On a problem the values that were in force stay. */
export function readWarmTargets(nec: string, given: Annotations): Read<WarmTargets> {
  const [minKey, maxKey] = [annotations.routeEniIpMinWarmTarget, annotations.routeEniIpMaxWarmTarget];
  const raw = { min: given?.[minKey], max: given?.[maxKey] };
  if (raw.min === undefined && raw.max === undefined) return { ok: true };
  if (raw.min === undefined || raw.max === undefined) {
    const [there, missing] = raw.min === undefined ? [maxKey, minKey] : [minKey, maxKey];
    return { ok: false, problem: `nec ${nec}: annotation ${there} is set without ${missing}; set both, or none` };
  }
  const min = wholeNumber(raw.min, MOST_TARGET);
  const max = wholeNumber(raw.max, MOST_TARGET);
  if (min === undefined) return notANumber(`nec ${nec}: annotation ${minKey}`, raw.min, MOST_TARGET);
  if (max === undefined) return notANumber(`nec ${nec}: annotation ${maxKey}`, raw.max, MOST_TARGET);
  if (min > max)
    return {
      ok: false,
      problem: `nec ${nec}: annotation ${minKey} (${min}) is above ${maxKey} (${max}); expected 0 <= min <= max`,
    };
  return { ok: true, value: { min, max } };
}

/** A nec's targets as annotations, as they are recorded when it is made. */
export const warmTargetAnnotations = (targets: WarmTargets): Record<string, string> => ({
  [annotations.routeEniIpMinWarmTarget]: String(targets.min),
  [annotations.routeEniIpMaxWarmTarget]: String(targets.max),
});

/** One number that may come from two places; a flag that is given wins. */
export interface FlagOrValue {
  readonly flag: number | undefined;
  readonly value: number | undefined;
}

/**
 * The defaults of new nodes: each from its flag, else its add-on value, else 5. One that is set alone moves the other one along when that is
 * nowhere set, so that `--ip-max-warm-target=3` is no contradiction. `targets` are in force in any case: with a problem, the defaults of the program.
 */
export function defaultWarmTargets(
  min: FlagOrValue,
  max: FlagOrValue,
): { readonly targets: WarmTargets; readonly problem?: string } {
  const least = min.flag ?? min.value;
  const most = max.flag ?? max.value;
  const targets = {
    min: least ?? Math.min(DEFAULT_WARM_TARGETS.min, most ?? DEFAULT_WARM_TARGETS.min),
    max: most ?? Math.max(DEFAULT_WARM_TARGETS.max, least ?? DEFAULT_WARM_TARGETS.max),
  };
  if (targets.min <= targets.max) return { targets };
  const named = (source: FlagOrValue, flag: string, value: string): string =>
    source.flag === undefined ? `add-on value vpcCni.routeEni.${value}=${source.value}` : `${flag}=${source.flag}`;
  return {
    targets: DEFAULT_WARM_TARGETS,
    problem:
      `${named(min, '--ip-min-warm-target', 'ipMinWarmTarget')} is above ${named(max, '--ip-max-warm-target', 'ipMaxWarmTarget')}; ` +
      `expected 0 <= min <= max; new nodes get ${DEFAULT_WARM_TARGETS.min} and ${DEFAULT_WARM_TARGETS.max}`,
  };
}

/** Annotations of a nec that lower what its model allows (facts/tke.md 4.3). */
export interface Caps {
  readonly maxAttach?: number;
  readonly maxIPPerENI?: number;
}

/** All or nothing: a problem in one leaves both as they were. */
export function readCaps(nec: string, given: Annotations): Read<Caps> {
  const attach = readNumber(`nec ${nec}`, given, annotations.routeEniMaxAttach, MOST_ENIS);
  if (!attach.ok) return attach;
  const perEni = readNumber(`nec ${nec}`, given, annotations.maxIpPerRouteEni, MOST_IPS);
  if (!perEni.ok) return perEni;
  return {
    ok: true,
    value: {
      ...(attach.value === undefined ? {} : { maxAttach: attach.value }),
      ...(perEni.value === undefined ? {} : { maxIPPerENI: perEni.value }),
    },
  };
}

/** The node's annotation: so many addresses at least (facts/tke.md 4.3). */
export const readDesired = (node: string, given: Annotations): Read<number> =>
  readNumber(`node ${node}`, given, annotations.desiredRouteEniPodNum, MOST_DESIRED);

function readNumber(where: string, given: Annotations, key: string, most: number): Read<number> {
  const raw = given?.[key];
  if (raw === undefined) return { ok: true };
  const value = wholeNumber(raw, most);
  return value === undefined ? notANumber(`${where}: annotation ${key}`, raw, most) : { ok: true, value };
}

function wholeNumber(raw: string, most: number): number | undefined {
  const text = raw.trim();
  return /^\d{1,4}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

const notANumber = (what: string, raw: string, most: number): { readonly ok: false; readonly problem: string } => ({
  ok: false,
  problem: `${what} is ${JSON.stringify(raw.slice(0, 40))}; expected a whole number from 0 to ${most}`,
});
