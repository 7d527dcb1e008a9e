// The ENIs of a node as the planner of its pool sees them, from the objects and what this process knows.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { isNodeEni, trunkEniName } from '../../../api/vpc-eni.ts';
import type { Clock } from '../../../base/clock.ts';
import { emptyPool } from '../../../planning/address-pool.ts';
import type { PoolEni } from '../../../planning/pool-plan.ts';
import type { IpamdDeps } from '../../deps.ts';
import { isMarked } from '../../adoption/foreign-install.ts';
import type { PoolMemory } from './memory.ts';

/** Marked VpcENIs of a node that are node ENIs, newest versions, the trunk first, then by number: the order in which they are filled. */
export function nodeEnisOf(deps: Pick<IpamdDeps, 'informers' | 'enis'>, nodeName: string): readonly VpcEni[] {
  const cached = deps.informers.vpcEnis.byIndex('node', nodeName);
  const unseen = deps.enis.unseen().filter((eni) => eni.spec.nodeName === nodeName);
  const byName = new Map([...cached, ...unseen].map((eni) => [eni.metadata.name, eni]));
  return [...byName.keys()]
    .flatMap((name) => {
      const eni = deps.enis.latest(name);
      return eni === undefined || !isNodeEni(eni) || !isMarked(eni) ? [] : [eni];
    })
    .sort((a, b) => numberOf(a, nodeName) - numberOf(b, nodeName));
}

/** 0 for the trunk. */
function numberOf(eni: VpcEni, nodeName: string): number {
  if (eni.metadata.name === trunkEniName(nodeName)) return 0;
  return Number(/-(\d+)$/.exec(eni.metadata.name)?.[1] ?? Number.MAX_SAFE_INTEGER);
}

/** One that stays: neither deleted nor made for another instance than the node's. */
export function staysOn(eni: VpcEni, instanceId: string | undefined): boolean {
  if (eni.metadata.deletionTimestamp !== undefined || eni.status?.phase === 'Deleting') return false;
  return eni.spec.instanceID === undefined || instanceId === undefined || eni.spec.instanceID === instanceId;
}

/** Shared addresses of the non-static mode are on it: in static mode they are given back before it serves. */
export const isDraining = ({ status }: VpcEni): boolean => (status?.pool?.addresses.length ?? 0) > 0;

export interface PoolEniInput {
  readonly eni: VpcEni;
  readonly memory: PoolMemory;
  readonly clock: Clock;
  readonly cap: number;
  /** Subnets without addresses that are left alone for now. */
  readonly resting: ReadonlySet<string>;
}

/** The planner's view of one. */
export function poolEni({ eni, memory, clock, cap, resting }: PoolEniInput): PoolEni {
  const known = memory.eni(eni.metadata.uid ?? '');
  const { pool = emptyPool, use, phase } = eni.status ?? {};
  const isReady = phase === 'Ready';
  return {
    name: eni.metadata.name,
    trunk: eni.spec.type === 'Trunk',
    ready: isReady,
    dry: known.stuck || resting.has(eni.status?.eni?.subnetID ?? ''),
    cap,
    pool,
    ...(use === undefined ? {} : { use }),
    ...(known.seen === undefined || !isReady ? {} : { seen: known.seen }),
    arriving: arrivingOn(eni, known.arriving, known.seen?.addresses ?? []),
    busy: known.callOpen || clock.monotonicMs() < known.notBeforeMs,
  };
}

/** Asked for and not listed yet: with the ENI itself, or since. */
function arrivingOn(eni: VpcEni, arriving: ReadonlySet<string>, seen: readonly { readonly ip: string }[]): number {
  const { pool, operation, eni: made, phase } = eni.status ?? {};
  const counted = new Set([...(pool?.addresses ?? []), ...(phase === 'Ready' ? seen : [])].map(({ ip }) => ip));
  if (phase === 'Ready') return [...arriving].filter((ip) => !counted.has(ip)).length;
  if (made !== undefined)
    return made.addresses.filter((address) => address.primary !== true && !counted.has(address.ip)).length;
  return operation?.action === 'CreateNetworkInterface' ? requestedWith(operation.request) : 0;
}

/** How many addresses a recorded creation asks for. */
function requestedWith(request: string): number {
  const { secondaryAddressCount } = JSON.parse(request) as { secondaryAddressCount?: number };
  return secondaryAddressCount ?? 0;
}
