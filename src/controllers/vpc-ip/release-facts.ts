// Whether nothing can be using an address for its Pod any more: the release rule of DESIGN, decision 2, for one VpcIP.
import type { VpcEni } from '../../api/vpc-eni.ts';
import type { VpcIp } from '../../api/vpc-ip.ts';
import { instanceIdOf } from '../../planning/provider-id.ts';
import { planRelease, type ReleaseFacts } from '../../planning/release.ts';
import type { IpamdDeps } from '../deps.ts';
import { reportsReady } from '../vpc-eni/lifecycle/node-eni-facts.ts';
import { podStateOf } from '../vpc-ip-claim/demand.ts';

export interface UseOfAddress {
  /** Nothing can be using it for its Pod any more, or no Pod has it. */
  readonly over: boolean;
  /** The Pod has gone, and only the end of the instance, or a word of the agent, could release it: worth asking again. */
  readonly asks: boolean;
}

type Deps = Pick<IpamdDeps, 'informers' | 'client' | 'instances' | 'timings'>;

/** `eni`: the ENI it is on, by whose instance the cloud is asked; asked only about a node that does not report by itself. */
export async function useOfAddress(
  deps: Deps,
  vip: VpcIp,
  eni: VpcEni | undefined,
  signal: AbortSignal,
): Promise<UseOfAddress> {
  const { podUID, phase } = vip.status ?? {};
  // Past the point of no return the facts are not asked again.
  if (podUID === undefined || phase === 'Detaching' || phase === 'Unassigned') return { over: true, asks: false };
  const pod = await podOf(deps, vip, podUID, signal);
  if (pod === 'alive') return { over: false, asks: false };
  const agent = agentOf(vip, podUID);
  const asked = agent === 'silent' || agent === 'wired';
  const instance = asked ? await instanceOf(deps, vip.status?.nodeName ?? '', eni) : 'unknown';
  const over = planRelease({ pod, agent, instance }).kind === 'release';
  return { over, asks: !over };
}

async function podOf(deps: Deps, vip: VpcIp, uid: string, signal: AbortSignal): Promise<ReleaseFacts['pod']> {
  const { claim } = vip.spec;
  if (claim !== undefined) return podStateOf(deps, { namespace: claim.namespace, name: claim.name, uid }, signal);
  const [cached] = deps.informers.pods.byIndex('uid', uid);
  if (cached === undefined) return 'gone';
  return cached.ended ? 'ended' : 'alive';
}

/** Only what it reports of this Pod counts; before the address was Assigned to it there was nothing to wire. */
function agentOf({ status }: VpcIp, podUid: string): ReleaseFacts['agent'] {
  if (status?.agent?.podUID === podUid) return status.agent.state === 'TornDown' ? 'torn-down' : 'wired';
  return status?.phase === 'Assigned' ? 'silent' : 'never-told';
}

/** States of a CVM in which nothing of a Pod can run any more. TERMINATING may still be running its last seconds. */
const STOPPED: ReadonlySet<string> = new Set(['STOPPED', 'SHUTDOWN']);

async function instanceOf(deps: Deps, nodeName: string, eni: VpcEni | undefined): Promise<ReleaseFacts['instance']> {
  const node = deps.informers.nodes.get(nodeName);
  if (reportsReady(node)) return 'unknown';
  const instanceId =
    eni?.spec.instanceID ??
    instanceIdOf(node?.spec?.providerID) ??
    deps.informers.nodeEniConfigs.get(nodeName)?.spec.instanceID;
  if (instanceId === undefined) return 'unknown';
  const instance = await deps.instances.get(instanceId, deps.timings.askInstanceMs / 2);
  if (instance === undefined) return 'gone';
  return STOPPED.has(instance.state) ? 'stopped' : 'running';
}
