// The network of Pods that name none: a flag, else what the nodes' multus configuration delegates to, else ours.
import { z } from 'zod';
import { networks, objectNames } from '../api/keys.ts';
import { networkNames } from './pod-networks.ts';

/** ConfigMap of kube-system with the nodes' CNI configuration in mixed clusters (facts/tke.md 2.2). */
export const CNI_CONFIG_MAP = 'tke-cni-agent-conf';
const CNI_CONFIG_KEY = '00-multus.conf';

export type DefaultNetworks =
  | { readonly ok: true; readonly names: readonly string[] }
  /** One sentence: where, what, and what is accepted. */
  | { readonly ok: false; readonly problem: string };

const multusSchema = z.looseObject({ defaultDelegates: z.string() });

/**
 * `flag` wins when given, then `defaultDelegates` of the ConfigMap; a cluster without that ConfigMap is a pure VPC-CNI one, whose Pods
 * share ENIs.
 */
export function defaultNetworks(
  flag: string | undefined,
  data: Readonly<Record<string, string>> | undefined,
): DefaultNetworks {
  if (flag !== undefined) return { ok: true, names: networkNames(flag) };
  if (data === undefined) return { ok: true, names: [networks.routeEni] };
  const text = data[CNI_CONFIG_KEY];
  if (text === undefined) return unreadable('is missing');
  const decoded = multusSchema.safeParse(jsonOrUndefined(text));
  if (!decoded.success) return unreadable('is not JSON with a text "defaultDelegates"');
  return { ok: true, names: networkNames(decoded.data.defaultDelegates) };
}

const unreadable = (what: string): DefaultNetworks => ({
  ok: false,
  problem: `key "${CNI_CONFIG_KEY}" of ConfigMap ${objectNames.systemNamespace}/${CNI_CONFIG_MAP} ${what}; expected e.g. {"defaultDelegates":"${networks.routeEni}"}`,
});

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
