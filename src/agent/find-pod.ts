// Which Pod a sandbox belongs to, from the watch or, when that lags behind, from the server.
import { networks } from '../api/keys.ts';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { PodArgs } from '../cni/args.ts';
import { isNotFound } from '../kube/api-error.ts';
import { pods } from '../kube/resources.ts';
import { agentErrors } from './errors.ts';
import { hasEnded, type PodView, viewPod } from './pod-view.ts';
import { networkNames } from '../planning/shared-pod.ts';
import { exclusiveNotServed } from '../planning/exclusive-pod.ts';
import { wantsSubEni } from '../planning/pod-intent.ts';
import { podKey, type ServiceDeps } from './service-deps.ts';

/** How the agent connects a Pod: through a sub-ENI of its own, or with an address of an ENI that it shares. */
export type PodNetwork = 'sub-eni' | 'shared';

export interface FoundPod {
  readonly pod: PodView;
  readonly uid: string;
  readonly network: PodNetwork;
}

/** A Pod with its UID, that this version can connect. Throws AGENT-POD-GONE, AGENT-NETWORK-UNSUPPORTED, or AGENT-NOT-YET when the server does not answer. */
export async function findPod(
  deps: Pick<ServiceDeps, 'pods' | 'client' | 'tornDown'>,
  wanted: PodArgs,
  signal: AbortSignal,
): Promise<FoundPod> {
  const cached = deps.pods.get(podKey(wanted));
  const isWanted = (pod: PodView): boolean => wanted.uid === undefined || pod.metadata.uid === wanted.uid;
  const pod = cached !== undefined && isWanted(cached) ? cached : await read(deps, wanted, signal);
  const { uid } = pod.metadata;
  if (uid === undefined || !isWanted(pod))
    throw gone(wanted, `the Pod of that name is another one (uid ${uid ?? 'none'})`);
  if (hasEnded(pod)) throw gone(wanted, `its phase is ${pod.phase}`);
  if (deps.tornDown.has(uid)) throw gone(wanted, 'its network was taken down for good');
  return { pod, uid, network: networkOf(wanted, pod) };
}

async function read(
  deps: Pick<ServiceDeps, 'client'>,
  { namespace, name, uid }: PodArgs,
  signal: AbortSignal,
): Promise<PodView> {
  try {
    return viewPod(await deps.client.get(pods, name, { namespace, signal }));
  } catch (error) {
    if (isNotFound(error)) throw gone({ namespace, name, uid }, 'the server has no Pod of that name');
    signal.throwIfAborted();
    throw new TrunklineError(agentErrors.notYet, `Pod ${namespace}/${name} cannot be read: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/** For a Pod that will never be connected again. */
export function gone(pod: PodArgs, why: string): TrunklineError {
  return new TrunklineError(
    agentErrors.podGone,
    `Pod ${pod.namespace}/${pod.name} (uid ${pod.uid ?? 'not given'}) is gone: ${why}`,
  );
}

/** As ipamd reads the annotation: a sub-ENI when it names one, else a shared address when it names nothing or the default network. */
function networkOf(pod: PodArgs, { networks: annotation, exclusive }: PodView): PodNetwork {
  if (exclusive)
    throw new TrunklineError(
      agentErrors.networkUnsupported,
      `Pod ${pod.namespace}/${pod.name} asks for ${exclusiveNotServed.message}`,
    );
  if (wantsSubEni(annotation)) return 'sub-eni';
  const named = annotation?.trim() ?? '';
  if (named === '' || networkNames(named).includes(networks.routeEni)) return 'shared';
  throw new TrunklineError(
    agentErrors.networkUnsupported,
    `Pod ${pod.namespace}/${pod.name} asks for network ${named}, which is not in this version; expected ${networks.routeEni} or ${networks.subEni}`,
  );
}
