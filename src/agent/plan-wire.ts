// The text for `ip -batch` that wires a Pod to its sub-ENI, and takes the wiring away again. Pure.
import { HOST_MAC, POD_GATEWAY, preferences, tableOf, type Wiring } from './wiring.ts';

/** Lines for the node's namespace, then lines for the Pod's. */
export interface WirePlan {
  readonly node: readonly string[];
  readonly pod: readonly string[];
  /** Devices whose reverse-path filter must be off, once `node` has been carried out. */
  readonly unfiltered: readonly string[];
}

/** The rules of standard routing, as `ip rule add` and `ip rule del` take them (facts: data-plane, section 3). */
export function rulesOf(wiring: Pick<Wiring, 'podIp' | 'vlanId' | 'link'>): readonly string[] {
  const table = tableOf(wiring.vlanId);
  return [
    `pref ${preferences.fromLink} iif ${wiring.link} lookup ${table}`,
    `pref ${preferences.toPod} to ${wiring.podIp} lookup main`,
    `pref ${preferences.fromPod} from ${wiring.podIp} lookup ${table}`,
  ];
}

/** Routes in the node; safe to repeat. The Pod's own route is in the sub-ENI's table too, where what the link receives is looked up. */
export function routesOf(wiring: Wiring): readonly string[] {
  const { podIp, hostVeth, gateway, link, vlanId } = wiring;
  const table = tableOf(vlanId);
  return [
    `route replace ${podIp}/32 dev ${hostVeth} scope link`,
    `route replace ${podIp}/32 dev ${hostVeth} scope link table ${table}`,
    `route replace ${gateway}/32 dev ${link} scope link table ${table}`,
    `route replace default via ${gateway} dev ${link} table ${table}`,
  ];
}

/** For a Pod that has no wiring, whose sub-ENI link is up. Fails as a whole when a device or a rule of it is there already. */
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
    unfiltered: [link, hostVeth],
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
    // Deleting the device took its routes; what is left of the table goes through the link, which may stay.
    `route flush table ${tableOf(wiring.vlanId)}`,
  ];
}
