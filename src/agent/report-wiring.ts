// VpcENI.status.agent: Wired while a sandbox of the Pod is served, TornDown once none will ever be again.
import { fieldManagers } from '../api/keys.ts';
import { subEniName, type VpcEni, type VpcEniStatus, vpcEnis } from '../api/vpc-eni.ts';
import type { Clock } from '../base/clock.ts';
import { applyStatus } from '../kube/apply.ts';
import { rfc3339 } from '../kube/times.ts';
import type { Informer, KubeClient, ObjectKey } from '../kube/types.ts';
import type { KeyLock } from './key-lock.ts';
import { isOver } from './pod-over.ts';
import { hasEnded, type PodView } from './pod-view.ts';
import { podKey, type TornDownPods } from './service-deps.ts';
import type { WiredStore } from './wired-store.ts';

type AgentStatus = NonNullable<VpcEniStatus['agent']>;

export interface ReportDeps {
  readonly nodeName: string;
  readonly client: Pick<KubeClient, 'get' | 'patch'>;
  readonly pods: Pick<Informer<PodView>, 'get'>;
  readonly enis: Pick<Informer<VpcEni>, 'get'>;
  readonly store: WiredStore;
  readonly lock: KeyLock;
  readonly tornDown: TornDownPods;
  readonly clock: Clock;
}

/**
 * A reconcile by VpcENI name. TornDown promises ipamd that this UID is never wired again (DESIGN, decision 2), so it is decided under the Pod's
 * lock, only when the server itself says that the Pod is gone or has ended, and remembered before it is told. It holds for UIDs never wired too.
 */
export async function reportWiring(deps: ReportDeps, key: ObjectKey, signal: AbortSignal): Promise<void> {
  const eni = deps.enis.get(key);
  const pod = eni?.spec.pod;
  if (eni === undefined || eni.spec.nodeName !== deps.nodeName) return;
  if (eni.spec.type !== 'SubENI' || pod === undefined || key !== subEniName(pod.uid)) return;
  const recorded = eni.status?.agent;
  if (recorded?.state === 'TornDown' && recorded.podUID === pod.uid) return deps.tornDown.add(pod.uid);

  const desired = await observeWiring(deps, pod, signal);
  if (desired === undefined || isToldAlready(recorded, desired)) return;
  await applyStatus(deps.client, vpcEnis, key, {
    fieldManager: fieldManagers.agent,
    status: { agent: { ...desired, observedAt: rfc3339(deps.clock.now()) } },
    ...(eni.metadata.uid === undefined ? {} : { uid: eni.metadata.uid }),
    signal,
  });
}

/** What a report says about a Pod, without its time. */
export type WiringReport = Omit<AgentStatus, 'observedAt'>;

/** Undefined while there is nothing to tell: a Pod that lives, or may live, and is not wired. */
export async function observeWiring(
  deps: Omit<ReportDeps, 'enis' | 'clock' | 'nodeName'>,
  pod: PodIdentity,
  signal: AbortSignal,
): Promise<WiringReport | undefined> {
  return wiredStatus(deps, pod.uid) ?? (await tornDownStatus(deps, pod, signal));
}

interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

function wiredStatus({ store }: Pick<ReportDeps, 'store'>, uid: string): WiringReport | undefined {
  const newest = store.ofPod(uid).at(-1);
  return newest?.phase === 'wired' ? { state: 'Wired', podUID: uid, containerID: newest.containerId } : undefined;
}

async function tornDownStatus(
  deps: Pick<ReportDeps, 'client' | 'pods' | 'store' | 'lock' | 'tornDown'>,
  pod: PodIdentity,
  signal: AbortSignal,
): Promise<WiringReport | undefined> {
  const cached = deps.pods.get(podKey(pod));
  // The usual case costs no call: the Pod lives.
  if (cached?.metadata.uid === pod.uid && !hasEnded(cached)) return undefined;
  return deps.lock.hold(pod.uid, async () => {
    if (deps.store.ofPod(pod.uid).length > 0) return undefined;
    if (!deps.tornDown.has(pod.uid) && !(await isOver(deps, pod, signal))) return undefined;
    deps.tornDown.add(pod.uid);
    return { state: 'TornDown', podUID: pod.uid };
  });
}

export function isToldAlready(recorded: AgentStatus | undefined, desired: WiringReport): boolean {
  return (
    recorded?.state === desired.state &&
    recorded.podUID === desired.podUID &&
    recorded.containerID === desired.containerID
  );
}

/** A set of UIDs. */
export function createTornDownPods(): TornDownPods {
  const uids = new Set<string>();
  return {
    add: (uid) => void uids.add(uid),
    has: (uid) => uids.has(uid),
    forget: (uid) => void uids.delete(uid),
  };
}
