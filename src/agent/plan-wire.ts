// The text for `ip -batch` that wires a Pod to its sub-ENI or to a shared ENI, and takes the wiring away again. Pure.
import { HOST_MAC, isStrict, POD_GATEWAY, preferences, tableOf, type Wiring } from './wiring.ts';

/** Lines for the node's namespace, then lines for the Pod's. */
export interface WirePlan {
  readonly node: readonly string[];
  readonly pod: readonly string[];
  /** Devices whose reverse-path filter must be off, once `node` has been carried out. */
  readonly unfiltered: readonly string[];
  /** Devices whose reverse-path filter must be strict: a Pod sends with its own address, or nothing arrives (ADR 0033). */
  readonly filtered: readonly string[];
  /** Devices that must carry no IPv6: by its link-local address a Pod would reach its node past every rule and group (ADR 0036). */
  readonly closedToIpv6: readonly string[];
}

/**
 * As `ip rule add` and `ip rule del` take them (facts: data-plane, section 3). Strict routing works only while the rule of the table `local` stands behind
 * `fromLink`: what the Pod sends to its own node has to leave through the sub-ENI, too.
 */
export function rulesOf(wiring: Wiring): readonly string[] {
  const table = tableOf(wiring);
  if (isStrict(wiring))
    return [
      `pref ${preferences.fromLink} iif ${wiring.link} lookup ${table}`,
      `pref ${preferences.fromLink} from ${wiring.podIp} iif ${wiring.hostVeth} lookup ${table}`,
      // The way back to a strict Pod leads through the VPC, so that a reverse-path filter would drop everything: a rule takes its place.
      `pref ${preferences.notOwn} iif ${wiring.hostVeth} blackhole`,
    ];
  return [
    // What a shared ENI receives is for many Pods; the rule by address finds the right one.
    ...(wiring.kind === 'shared' ? [] : [`pref ${preferences.fromLink} iif ${wiring.link} lookup ${table}`]),
    `pref ${preferences.toPod} to ${wiring.podIp} lookup main`,
    `pref ${preferences.fromPod} from ${wiring.podIp} lookup ${table}`,
  ];
}

/** The way out through an ENI or a sub-ENI; safe to repeat. */
export function tableRoutes(table: number, gateway: string, device: string): readonly string[] {
  return [
    `route replace ${gateway}/32 dev ${device} scope link table ${table}`,
    `route replace default via ${gateway} dev ${device} table ${table}`,
  ];
}

/**
 * Routes in the node; safe to repeat. The Pod's own route is in a sub-ENI's table too, where what the link receives is looked up. The table of
 * a shared ENI is repeated for each of its Pods, so that none depends on who came first.
 */
export function routesOf(wiring: Wiring): readonly string[] {
  const { podIp, hostVeth, gateway, link } = wiring;
  const table = tableOf(wiring);
  return [
    // Without it the node itself finds a strict Pod only through the VPC.
    ...(isStrict(wiring) ? [] : [`route replace ${podIp}/32 dev ${hostVeth} scope link`]),
    ...(wiring.kind === 'shared' ? [] : [`route replace ${podIp}/32 dev ${hostVeth} scope link table ${table}`]),
    ...tableRoutes(table, gateway, link),
  ];
}

/** For a Pod that has no wiring, whose link is up. Fails as a whole when a device or a rule of it is there already. */
export function planWire(wiring: Wiring): WirePlan {
  const { podIp, ifName, netns, hostVeth, podMac, mtu, link } = wiring;
  const size = mtu === undefined ? '' : ` mtu ${mtu}`;
  return {
    node: [
      `link add ${hostVeth}${size} address ${HOST_MAC} type veth peer name ${ifName}${size} address ${podMac} netns ${netns}`,
      `link set ${hostVeth} up`,
      ...routesOf(wiring),
      ...rulesOf(wiring).map((rule) => `rule add ${rule}`),
    ],
    pod: [
      'link set lo up',
      `link set ${ifName} up`,
      `address replace ${podIp}/32 dev ${ifName}`,
      `neighbour replace ${POD_GATEWAY} lladdr ${HOST_MAC} dev ${ifName} nud permanent`,
      `route replace ${POD_GATEWAY} dev ${ifName} scope link`,
      `route replace default via ${POD_GATEWAY} dev ${ifName}`,
    ],
    unfiltered: [link, ...(isStrict(wiring) ? [hostVeth] : [])],
    filtered: isStrict(wiring) ? [] : [hostVeth],
    closedToIpv6: [hostVeth],
  };
}

/**
 * For `ip -force -batch`: lines whose thing is gone already are not a failure. What the link is told is its driver's part. A late call for an old
 * sandbox must not come here: it would take the rules that the new sandbox of the same Pod shares.
 */
export function planUnwire(wiring: Wiring): readonly string[] {
  return [
    ...rulesOf(wiring).map((rule) => `rule del ${rule}`),
    `link delete ${wiring.hostVeth}`,
    // Deleting the device took its routes; what is left of a sub-ENI's table goes through the link, which may stay.
    ...(wiring.kind === 'shared' ? [] : [`route flush table ${tableOf(wiring)}`]),
  ];
}
