// The difference between links that are there and links that should be, as text for `ip -batch`. Pure.
import type { DesiredPort } from './ports.ts';

/** A port as it was built. */
export interface BuiltPort {
  /** Everything that cannot be changed without building it anew. */
  readonly identity: string;
  readonly mac: string;
  readonly addresses: ReadonlySet<string>;
}

/** The links and addresses of the router. */
export interface LinkState {
  readonly ports: ReadonlyMap<string, BuiltPort>;
  /** Subnet gateways that the fabric answers for. */
  readonly gateways: ReadonlySet<string>;
  /** Devices in the fabric that belong to no known port, from a change that failed half-way. */
  readonly strays: readonly string[];
}

/** What cloud-init would do in one guest. */
export interface GuestPlan {
  readonly netns: string;
  readonly device: string;
  readonly batch: readonly string[];
}

/** What to run, and what will be true after it. */
export interface LinkPlan {
  /** For `ip -batch` in the fabric's namespace; empty when nothing differs. */
  readonly batch: readonly string[];
  readonly newPorts: readonly string[];
  /** Run after the batch. */
  readonly guests: readonly GuestPlan[];
  /** Ports that the plan makes or removes: of unknown state when it fails. */
  readonly touched: ReadonlySet<string>;
  /** What is there once the plan has been carried out. */
  readonly next: LinkState;
}

/** Nobody owns this address: the permanent neighbour entry says whose MAC it is, since the cloud never asks by ARP. */
const NEXT_HOP = '169.254.0.1';
/** Devices of this group are deleted in one go: one wait of the kernel instead of one each. */
const DOOMED_GROUP = 4094;

/** A fresh router. */
export const NO_LINKS: LinkState = { ports: new Map(), gateways: new Set(), strays: [] };

/** `serial` gives a fresh number for each name of a sub-ENI's device. */
export function planLinks(built: LinkState, desired: readonly DesiredPort[], serial: () => number): LinkPlan {
  const wanted = new Map(desired.map((port) => [port.name, port]));
  const isKept = (name: string, port: BuiltPort): boolean => {
    const target = wanted.get(name);
    return target !== undefined && identityOf(target) === port.identity;
  };
  const removed = [...built.ports].filter(([name, port]) => !isKept(name, port)).map(([name]) => name);
  const added = desired.filter((port) => built.ports.get(port.name)?.identity !== identityOf(port));
  const keptPairs = desired.flatMap((port) => {
    const before = built.ports.get(port.name);
    return before === undefined || before.identity !== identityOf(port) ? [] : [{ port, before }];
  });
  const gateways = new Set(desired.map((port) => port.gateway));
  const newGateways = [...gateways].filter((gateway) => !built.gateways.has(gateway));
  const oldGateways = [...built.gateways].filter((gateway) => !gateways.has(gateway));

  return {
    // Removals first: an address or a device name may move from one port to another in the same change.
    batch: [
      ...deleteDevices([...removed, ...built.strays]),
      ...keptPairs.flatMap(({ port, before }) => staleRoutes(port, before)),
      ...newGateways.map((gateway) => `address add ${gateway}/32 dev lo`),
      ...added.flatMap((port) => createPort(port, serial)),
      ...keptPairs.flatMap(({ port, before }) =>
        port.addresses.filter((a) => !before.addresses.has(a)).map((a) => route(port, a)),
      ),
      ...oldGateways.map((gateway) => `address delete ${gateway}/32 dev lo`),
    ],
    newPorts: added.map((port) => port.name),
    guests: added.flatMap(configureGuest),
    touched: new Set([...removed, ...added.map((port) => port.name)]),
    next: { ports: new Map(desired.map((port) => [port.name, toBuilt(port)])), gateways, strays: [] },
  };
}

function identityOf(port: DesiredPort): string {
  return JSON.stringify([port.netns, port.mac, port.guest]);
}

function toBuilt(port: DesiredPort): BuiltPort {
  return { identity: identityOf(port), mac: port.mac, addresses: new Set(port.addresses) };
}

function deleteDevices(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [...names.map((name) => `link set ${name} group ${DOOMED_GROUP}`), `link delete group ${DOOMED_GROUP}`];
}

function createPort(port: DesiredPort, serial: () => number): string[] {
  const device = port.guest.kind === 'sub' ? `sub${port.guest.vlanId}x${serial()}` : port.guest.device;
  return [
    `link add ${port.name} type veth peer name ${device} address ${port.mac} netns ${port.netns}`,
    `link set ${port.name} up`,
    `neighbour replace ${NEXT_HOP} lladdr ${port.mac} dev ${port.name} nud permanent`,
    ...port.addresses.map((address) => route(port, address)),
  ];
}

function route(port: DesiredPort, address: string): string {
  return `route replace ${address}/32 via ${NEXT_HOP} dev ${port.name} onlink`;
}

function staleRoutes(port: DesiredPort, before: BuiltPort): string[] {
  const gone = [...before.addresses].filter((address) => !port.addresses.includes(address));
  return gone.map((address) => `route delete ${address}/32 dev ${port.name}`);
}

function configureGuest(port: DesiredPort): GuestPlan[] {
  if (port.guest.kind !== 'configured') return [];
  const { device, address, gateway } = port.guest;
  const batch = [
    'link set lo up',
    `link set ${device} up`,
    `address add ${address} dev ${device}`,
    `route replace default via ${gateway} dev ${device}`,
  ];
  return [{ netns: port.netns, device, batch }];
}
