// Which ports the fabric should have: one per ENI that is attached to a registered instance.
import ipaddr from 'ipaddr.js';
import { TrunklineError } from '../../src/base/errors.ts';
import type { FabricEni } from '../cloud/read-model.ts';
import { FABRIC_ERRORS } from './errors.ts';
import { portName } from './names.ts';

/** What the fabric does on the guest's side of the link. */
export type GuestEnd =
  /** Device configured as cloud-init does on a fresh CVM. */
  | { readonly kind: 'configured'; readonly device: string; readonly address: string; readonly gateway: string }
  /** Device appears, down and bare; the node agent takes it from there. */
  | { readonly kind: 'bare'; readonly device: string }
  /** The same under a name of its own, since a guest finds a sub-ENI by its MAC. */
  | { readonly kind: 'sub'; readonly vlanId: number };

/** One link of the router and where it leads. */
export interface DesiredPort {
  readonly name: string;
  readonly eniId: string;
  readonly mac: string;
  readonly netns: string;
  readonly gateway: string;
  readonly guest: GuestEnd;
  /** Private addresses that the fabric routes to this port. */
  readonly addresses: readonly string[];
}

/** `instances` maps the id of each registered instance to its network namespace. Throws `FABRIC-SNAPSHOT`. */
export function desiredPorts(enis: readonly FabricEni[], instances: ReadonlyMap<string, string>): DesiredPort[] {
  return enis.flatMap((eni) => {
    const netns = eni.instanceId === null ? undefined : instances.get(eni.instanceId);
    return netns === undefined ? [] : [toPort(eni, netns)];
  });
}

function toPort(eni: FabricEni, netns: string): DesiredPort {
  for (const address of [...eni.addresses, eni.gateway]) {
    if (!ipaddr.IPv4.isValidFourPartDecimal(address)) throw malformed(eni, `"${address}" is not an IPv4 address`);
  }
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(eni.mac)) throw malformed(eni, `"${eni.mac}" is not a lower-case MAC`);
  const { eniId, mac, gateway, addresses } = eni;
  return { name: portName(eniId), eniId, mac, netns, gateway, addresses, guest: guestEnd(eni) };
}

function guestEnd(eni: FabricEni): GuestEnd {
  if (eni.kind === 'sub') {
    if (eni.vlanId === null) throw malformed(eni, 'a sub-ENI has a VLAN id');
    return { kind: 'sub', vlanId: eni.vlanId };
  }
  if (eni.deviceIndex === null) throw malformed(eni, 'an attached ENI has a device index');
  const device = `eth${eni.deviceIndex}`;
  if (eni.kind === 'secondary' && eni.deviceIndex > 0) return { kind: 'bare', device };
  const [address] = eni.addresses;
  const prefix = eni.subnetCidr.split('/')[1];
  if (address === undefined || prefix === undefined)
    throw malformed(eni, 'a primary ENI has an address and its subnet a prefix');
  return { kind: 'configured', device, address: `${address}/${prefix}`, gateway: eni.gateway };
}

function malformed(eni: FabricEni, reason: string): TrunklineError {
  return new TrunklineError(FABRIC_ERRORS.snapshot, `ENI ${eni.eniId}: ${reason}`);
}
