// ADD: finds the Pod its network, then wires the Pod to it; the same container asked for twice gets the same answer.
import { abortable, limitedSignal } from '../kube/abortable.ts';
import { TrunklineError } from '../base/errors.ts';
import { type PodArgs, podOf } from '../cni/args.ts';
import type { CniCall } from '../cni/call.ts';
import { cniCodes, CniError } from '../cni/error.ts';
import { type NetConf, parseNetConf } from '../cni/net-conf.ts';
import { type AddResult, addResult } from '../cni/result.ts';
import { attachOrdinary } from './attach-ordinary.ts';
import { attachSubEni } from './attach-sub-eni.ts';
import type { Attachment, AttachRequest } from './attachment.ts';
import { agentErrors } from './errors.ts';
import { findPod, gone } from './find-pod.ts';
import { phaseTimer } from './phase-timer.ts';
import { watchPodEnd } from './pod-end.ts';
import { lockKey, podKey, type ServiceDeps } from './service-deps.ts';
import { unwire, wire } from './wire.ts';
import type { Wired } from './wired-store.ts';
import { HOST_MAC, hostVethName, POD_GATEWAY, podMac } from './wiring.ts';

/** `signal` aborts when the runtime hangs up. Throws CniError or a row of the catalogue; never leaves a half-wired Pod behind. */
export async function add(deps: ServiceDeps, call: CniCall, signal: AbortSignal): Promise<AddResult> {
  const conf = parseNetConf(call.stdin);
  if (conf.prevResult !== undefined)
    throw new CniError(cniCodes.invalidConfiguration, `${conf.type} must be the first plugin of the list`);
  const pod = podOf(call.args);
  if (pod === undefined)
    throw new CniError(
      cniCodes.invalidEnvironment,
      'CNI_ARGS names no Pod',
      'expected K8S_POD_NAMESPACE, K8S_POD_NAME and K8S_POD_UID',
    );
  const ends = endsOf(deps, call, conf);
  deps.checkNetns(ends.netns);
  const record = await deps.lock.hold(lockKey(pod), () => addLocked(deps, call, ends, pod, signal));
  return addResult(attachmentOf(record, call.netns), conf.cniVersion);
}

async function addLocked(
  deps: ServiceDeps,
  call: CniCall,
  ends: AttachRequest['ends'],
  wanted: PodArgs,
  request: AbortSignal,
): Promise<Wired> {
  const present = deps.store.get(call.containerId);
  if (present !== undefined) refuseOther(present, call, wanted);
  if (present?.phase === 'wired' && present.wiring.netns === ends.netns) return present;
  // Left by a crash between the first line and the last; or the sandbox was given another namespace.
  if (present !== undefined) await unwire(deps, present);

  const waiting = { for: 'the first answer of the Kubernetes API' };
  const limited = limitedSignal(
    deps.clock,
    deps.addTimeoutMs,
    request,
    () =>
      new TrunklineError(
        agentErrors.notYet,
        `Pod ${podKey(wanted)}: no network within ${deps.addTimeoutMs / 1000} s: ${waiting.for}`,
      ),
  );
  const told = phaseTimer(deps);
  try {
    await abortable(Promise.all([deps.pods.synced, deps.enis.synced]), limited.signal);
    const { uid, network } = await findPod(deps, wanted, limited.signal);
    told('lookup');
    const end = watchPodEnd(deps, wanted, uid);
    try {
      const asked: AttachRequest = {
        deps,
        wanted,
        uid,
        ends,
        signal: AbortSignal.any([limited.signal, end.signal]),
        tell: (text) => {
          waiting.for = text;
        },
      };
      const connect = async (): Promise<Wired> => {
        const attachment = await (network === 'sub-eni' ? attachSubEni(asked) : attachOrdinary(asked));
        told('network');
        // From here on nothing waits: a wiring that has begun is finished or taken back.
        asked.signal.throwIfAborted();
        return await wireAnew(deps, call, { ...wanted, uid }, attachment);
      };
      if (uid === wanted.uid) return await connect();
      // The runtime named no UID, so that this Pod's end may have been told since it was looked up.
      return await deps.lock.hold(uid, () => {
        if (deps.tornDown.has(uid)) throw gone({ ...wanted, uid }, 'its network was taken down for good');
        return connect();
      });
    } catch (error) {
      // An address may have been taken for a Pod that is over by now.
      if (network === 'shared') deps.changed(uid);
      throw error;
    } finally {
      end.stop();
    }
  } finally {
    limited.release();
  }
}

/** A container is one Pod's, and has one interface of ours: another answer than its own would be taken for true. */
function refuseOther({ pod, wiring }: Wired, { containerId, ifName }: CniCall, wanted: PodArgs): void {
  if (podKey(pod) !== podKey(wanted))
    throw new CniError(
      cniCodes.invalidEnvironment,
      `CNI_CONTAINERID ${containerId} is a sandbox of Pod ${podKey(pod)}, not of ${podKey(wanted)}`,
    );
  if (wiring.ifName !== ifName)
    throw new CniError(
      cniCodes.refused,
      `CNI_IFNAME ${ifName}: container ${containerId} is wired as ${wiring.ifName}, and one interface for each Pod is what this version makes`,
    );
}

/** In place of older sandboxes of the Pod: their rules are for the same address. */
async function wireAnew(
  deps: ServiceDeps,
  { containerId }: CniCall,
  pod: Wired['pod'],
  { wiring, linkDriver }: Attachment,
): Promise<Wired> {
  for (const older of deps.store.ofPod(pod.uid))
    await unwire(deps, older, { keepLink: older.wiring.link === wiring.link });
  const record: Wired = {
    sequence: deps.store.nextSequence(),
    phase: 'wiring',
    containerId,
    pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid },
    ...(linkDriver === undefined ? {} : { linkDriver }),
    wiring,
  };
  await wire(deps, record);
  return { ...record, phase: 'wired' };
}

const endsOf = (
  deps: ServiceDeps,
  { containerId, ifName, netns }: CniCall,
  { mtu }: NetConf,
): AttachRequest['ends'] => ({
  ifName,
  netns: deps.findNetns(netns),
  hostVeth: hostVethName(containerId, ifName),
  podMac: podMac(containerId, ifName),
  ...(mtu === undefined ? {} : { mtu }),
});

/** The namespace is told as the caller named it. */
function attachmentOf({ wiring }: Wired, netns: string): Parameters<typeof addResult>[0] {
  return {
    hostInterface: { name: wiring.hostVeth, mac: HOST_MAC },
    podInterface: { name: wiring.ifName, mac: wiring.podMac, netns },
    ip: wiring.podIp,
    gateway: POD_GATEWAY,
  };
}
