// What a node's nec says of its static addresses: the mode, figures, and a condition that names what is in the way.
import { isDeepStrictEqual } from 'node:util';
import { sharedAddressesCondition, staticAddressesCondition } from '../../../api/node-eni-config.ts';
import type { Condition } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { necConditions, writeNecStatus } from '../nec-status.ts';
import type { NodeMemory } from '../pool/memory.ts';
import type { Obstacle } from '../pool/tell.ts';
import type { StaticNode } from './facts.ts';

const TARGET = 'static mode: each Pod has its own address, bound when the Pod is bound to the node';

/** Figures alone are written at most so often, since each Pod changes them. */
const FIGURES_MS = 1_000;

/** Writes what is news; answers in how many milliseconds the rest is due. */
export async function tellStaticNode(
  deps: Pick<IpamdDeps, 'client' | 'clock' | 'necs'>,
  memory: NodeMemory,
  node: Pick<StaticNode, 'nec' | 'input' | 'claims' | 'enis'>,
  obstacle: Obstacle | undefined,
): Promise<number | undefined> {
  const { nec, claims } = node;
  const now = deps.clock.now();
  const newest = deps.necs.latest(nec.metadata.name) ?? nec;
  const known = newest.status?.routeENI;
  if (known === undefined) return undefined;
  const bound = boundOn(node);
  const conditions = necConditions(newest, [MODE, stateOf(obstacle)], now);
  const routeENI = { ...known, bound: Math.min(bound, 4096), pods: Math.min(claims.size, 4096), target: TARGET };
  const says = { routeENI, conditions };
  if (isDeepStrictEqual(says, { routeENI: known, conditions: newest.status?.conditions })) return undefined;
  const sinceMs = deps.clock.monotonicMs() - memory.toldMs;
  const isFigures = isDeepStrictEqual(conditions, newest.status?.conditions);
  if (isFigures && sinceMs < FIGURES_MS) return FIGURES_MS - sinceMs;
  await writeNecStatus(deps, newest, says);
  memory.toldMs = deps.clock.monotonicMs();
  return undefined;
}

/** An ENI that was not looked at yet has what is recorded of it: a new process would say of every node that it has none, and take it back. */
function boundOn({ enis, input }: Pick<StaticNode, 'enis' | 'input'>): number {
  const recorded = (name: string): number =>
    enis
      .find(({ metadata }) => metadata.name === name)
      ?.status?.eni?.addresses.filter((address) => address.primary !== true).length ?? 0;
  return input.enis.reduce((sum, { name, ready, seen }) => sum + (seen?.length ?? (ready ? recorded(name) : 0)), 0);
}

type Said = Omit<Condition, 'lastTransitionTime'>;

/** By its reason the agent knows that Pods have VpcIPs. */
const MODE: Said = {
  type: sharedAddressesCondition.type,
  status: 'False',
  reason: sharedAddressesCondition.staticMode,
  message: 'the cluster is in static mode (vpcCni.ipMode): each ordinary Pod has an address of its own (VpcIPClaim)',
};

function stateOf(obstacle: Obstacle | undefined): Said {
  const { type } = staticAddressesCondition;
  if (obstacle !== undefined) return { type, status: 'False', ...obstacle };
  return { type, status: 'True', reason: 'Served', message: 'addresses are bound as Pods come' };
}
