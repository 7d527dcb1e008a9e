// What a Pod needs before its containers and gives back after them: volumes and network, each tried again with its own back-off.
import { errorText, TrunklineError } from '../../../src/base/errors.ts';
import type { ReconcileResult } from '../../../src/kube/types.ts';
import type { ContainersDeps } from './pod-containers.ts';
import type { PodPlace } from './field-ref.ts';
import { nodeResources } from './node-object.ts';
import type { PodState, Retry } from './pod-state.ts';
import { loadPodData } from './referenced-data.ts';
import { retryDelayMs } from './restart-policy.ts';
import { createSandbox } from './sandbox.ts';
import type { SourceWatch } from './source-watch.ts';
import type { Sandbox, SandboxDeps } from './sandbox.ts';
import { mountVolumes, unmountVolumes } from './volumes.ts';

export interface ResourcesDeps extends ContainersDeps, SandboxDeps {
  readonly sources: SourceWatch;
}

const SANDBOX_RETRY = { firstMs: 1_000, maxMs: 30_000 };
const MOUNT_RETRY = { firstMs: 250, maxMs: 10_000 };
const REMOVAL_RETRY = { firstMs: 500, maxMs: 10_000 };

/** Gives `undefined` once the volumes are there, else the wait before the next attempt. */
export async function mount(deps: ResourcesDeps, state: PodState, directory: string): Promise<number | undefined> {
  if (state.volumes !== undefined) return undefined;
  const waitMs = remaining(deps, state.retry);
  if (waitMs !== undefined) return waitMs;
  try {
    state.volumes = await mountVolumes(
      deps,
      directory,
      state.pod,
      placeOf(deps, state),
      await loadPodData(deps, state.pod),
    );
    resetRetry(state.retry);
    delete state.blocked;
    deps.sources.follow(state.pod);
    return undefined;
  } catch (error) {
    return block(deps, state, error, 'FailedMount', errorText(error), MOUNT_RETRY);
  }
}

/** Writes volumes anew whose sources changed; what cannot be written stays as it was, and is told. */
export async function refreshVolumes(deps: ResourcesDeps, state: PodState, directory: string): Promise<void> {
  if (!state.staleVolumes || state.volumes === undefined) return;
  state.staleVolumes = false;
  try {
    await mountVolumes(deps, directory, state.pod, placeOf(deps, state), await loadPodData(deps, state.pod));
  } catch (error) {
    deps.event(state.pod, 'Warning', 'FailedMount', errorText(error));
  }
}

/** Gives `undefined` once the network is there. Each attempt is a sandbox with a new id; a failed one is removed apart. */
export async function connect(deps: ResourcesDeps, state: PodState): Promise<number | undefined> {
  if (state.sandboxReady) return undefined;
  const waitMs = remaining(deps, state.retry);
  if (waitMs !== undefined) return waitMs;
  const sandbox = createSandbox(deps, state.pod, deps.randomHex(64));
  try {
    await sandbox.attach();
    state.sandbox = sandbox;
    state.sandboxReady = true;
    resetRetry(state.retry);
    delete state.blocked;
    return undefined;
  } catch (error) {
    state.leftovers.add(sandbox);
    const entry = error instanceof TrunklineError ? error.entry : undefined;
    const text =
      entry?.eventReason === 'NetworkNotReady'
        ? errorText(error)
        : `Failed to create pod sandbox: ${sandboxText(sandbox, error)}`;
    return block(
      deps,
      state,
      error,
      entry?.eventReason === 'NetworkNotReady' ? 'NetworkNotReady' : 'FailedCreatePodSandBox',
      text,
      SANDBOX_RETRY,
    );
  }
}

function sandboxText(sandbox: Sandbox, error: unknown): string {
  return `failed to set up network for sandbox "${sandbox.id}": ${errorText(error)}`;
}

/** Notes why the Pod does not go on, and gives the wait before it is tried again. */
function block(
  deps: ResourcesDeps,
  state: PodState,
  error: unknown,
  reason: string,
  message: string,
  delays: { firstMs: number; maxMs: number },
): number | undefined {
  const isFinal = error instanceof TrunklineError && error.retry === 'terminal';
  state.retry.failures += 1;
  const delayMs = isFinal ? Number.POSITIVE_INFINITY : retryDelayMs(state.retry.failures, delays.firstMs, delays.maxMs);
  state.retry.notBeforeMs = deps.clock.monotonicMs() + delayMs;
  state.blocked = { reason: isFinal ? 'CreatePodSandboxError' : 'ContainerCreating', message: errorText(error) };
  deps.event(state.pod, 'Warning', reason, message);
  // Never `undefined`, which would mean that this step is done.
  return delayMs;
}

/** Network, then volumes. Gives `undefined` when nothing is left, else when to try again. */
export async function tearDown(
  deps: ResourcesDeps,
  state: PodState,
  directory: string,
): Promise<ReconcileResult | undefined> {
  if (state.tornDown) return undefined;
  if (state.sandbox !== undefined) state.leftovers.add(state.sandbox);
  const waitMs = await removeLeftovers(deps, state);
  if (waitMs !== undefined) return { requeueAfterMs: waitMs };
  delete state.sandbox;
  state.sandboxReady = false;
  deps.sources.unfollow(state.uid);
  await unmountVolumes(directory);
  state.tornDown = true;
  return undefined;
}

/** Gives `undefined` when nothing is owed any more. */
export async function removeLeftovers(deps: ResourcesDeps, state: PodState): Promise<number | undefined> {
  if (state.leftovers.size === 0) return undefined;
  const waitMs = remaining(deps, state.removal);
  if (waitMs !== undefined) return waitMs;
  for (const sandbox of state.leftovers) {
    try {
      await sandbox.remove();
      state.leftovers.delete(sandbox);
    } catch (error) {
      state.removal.failures += 1;
      const delayMs = retryDelayMs(state.removal.failures, REMOVAL_RETRY.firstMs, REMOVAL_RETRY.maxMs);
      state.removal.notBeforeMs = deps.clock.monotonicMs() + delayMs;
      const text = `error killing pod: failed to remove network of sandbox "${sandbox.id}": ${errorText(error)}`;
      deps.event(state.pod, 'Warning', 'FailedKillPod', text);
      return delayMs;
    }
  }
  resetRetry(state.removal);
  return undefined;
}

function remaining({ clock }: ResourcesDeps, retry: Retry): number | undefined {
  const waitMs = retry.notBeforeMs - clock.monotonicMs();
  return waitMs > 0 ? waitMs : undefined;
}

/** Forgets earlier failures: the next attempt may be made at once. */
export function resetRetry(retry: Retry): void {
  retry.failures = 0;
  retry.notBeforeMs = 0;
}

/** Addresses for the downward API, as far as known. */
export function placeOf(deps: ResourcesDeps, state: PodState): PodPlace {
  const { node } = deps;
  return { hostIp: node.internalIp, podIps: state.sandbox?.ips ?? [], allocatable: nodeResources(node) };
}
