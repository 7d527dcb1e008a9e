// ADD: waits until the Pod's sub-ENI is there, then wires the Pod to it; the same container asked for twice gets the same answer.
import type { z } from 'zod';
import { abortable, limitedSignal } from '../kube/abortable.ts';
import { subEniName, type VpcEni, type vpcEniStatusSchema } from '../api/vpc-eni.ts';
import { TrunklineError } from '../base/errors.ts';
import { type PodArgs, podOf } from '../cni/args.ts';
import type { CniCall } from '../cni/call.ts';
import { cniCodes, CniError } from '../cni/error.ts';
import { type NetConf, parseNetConf } from '../cni/net-conf.ts';
import { type AddResult, addResult } from '../cni/result.ts';
import { agentErrors } from './errors.ts';
import { findPod, gone } from './find-pod.ts';
import { hasEnded } from './pod-view.ts';
import { podKey, type ReadyNode, type ServiceDeps } from './service-deps.ts';
import { waitForObject } from './wait-for-object.ts';
import { unwire, wire } from './wire.ts';
import type { Wired } from './wired-store.ts';
import { HOST_MAC, hostVethName, POD_GATEWAY, podMac } from './wiring.ts';

type EniFacts = NonNullable<z.infer<typeof vpcEniStatusSchema>['eni']> & {
  readonly vlanID: number;
  readonly ip: string;
};

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
  const record = await deps.lock.hold(podKey(pod), () => addLocked(deps, call, conf, pod, signal));
  return addResult(attachmentOf(record, call.netns), conf.cniVersion);
}

async function addLocked(
  deps: ServiceDeps,
  call: CniCall,
  conf: NetConf,
  wanted: PodArgs,
  request: AbortSignal,
): Promise<Wired> {
  const present = deps.store.get(call.containerId);
  if (present?.phase === 'wired') return present;
  // Left by a crash between the first line and the last.
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
  try {
    const { signal } = limited;
    await abortable(Promise.all([deps.pods.synced, deps.enis.synced]), signal);
    const { uid } = await findPod(deps, wanted, signal);
    const eni = await waitForEni(deps, wanted, uid, signal, (text) => {
      waiting.for = text;
    });
    waiting.for = deps.node.message;
    const node = await deps.node.waitReady(signal);
    waiting.for = `the device of sub-ENI ${eni.eniID} (${eni.macAddress}) has not appeared on the node`;
    const link = await node.driver.ensure({ mac: eni.macAddress, vlanId: eni.vlanID, trunk: node.trunk }, signal);
    // From here on nothing waits: a wiring that has begun is finished or taken back.
    signal.throwIfAborted();
    for (const older of deps.store.ofPod(uid)) await unwire(deps, older, { keepLink: true });
    const record = newRecord({ deps, call, conf, wanted, uid, eni, node, link });
    await wire(deps, record);
    return { ...record, phase: 'wired' };
  } finally {
    limited.release();
  }
}

/** Ends early when the Pod goes away or ends meanwhile: nobody makes an ENI for it any more. */
async function waitForEni(
  deps: ServiceDeps,
  wanted: PodArgs,
  uid: string,
  outer: AbortSignal,
  tell: (text: string) => void,
): Promise<EniFacts> {
  const ended = new AbortController();
  const stop = deps.pods.onChange(({ type, before, after }) => {
    if (type === 'deleted' && before?.metadata.uid === uid)
      ended.abort(gone({ ...wanted, uid }, 'it was deleted while its network was made'));
    if (after?.metadata.uid === uid && hasEnded(after))
      ended.abort(gone({ ...wanted, uid }, `its phase became ${after.phase} while its network was made`));
  });
  try {
    return await waitForObject(
      deps.enis,
      subEniName(uid),
      (eni) => {
        tell(whyNotReady(eni, uid));
        return eni === undefined ? undefined : readyFacts(eni, wanted, uid);
      },
      AbortSignal.any([outer, ended.signal]),
    );
  } finally {
    stop();
  }
}

function readyFacts(object: VpcEni, wanted: PodArgs, uid: string): EniFacts | undefined {
  if (object.status?.agent?.state === 'TornDown' && object.status.agent.podUID === uid)
    throw gone({ ...wanted, uid }, 'its network was taken down for good');
  if (object.spec.enforcingMode === 'strict')
    throw new TrunklineError(
      agentErrors.strictUnsupported,
      `Pod ${podKey(wanted)}: podSecurityGroupEnforcingMode strict is not in this version; expected standard`,
    );
  const eni = object.status?.phase === 'Ready' ? object.status.eni : undefined;
  if (eni === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
  const ip = (eni.addresses.find((address) => address.primary === true) ?? eni.addresses[0])?.ip;
  if (ip === undefined || eni.vlanID === undefined || eni.vlanID === 0) return undefined;
  return { ...eni, vlanID: eni.vlanID, ip };
}

function whyNotReady(eni: VpcEni | undefined, uid: string): string {
  if (eni === undefined) return `no VpcENI ${subEniName(uid)} yet`;
  const condition = eni.status?.conditions?.find(({ type }) => type === 'Ready');
  const phase = eni.status?.phase ?? 'Pending';
  if (condition !== undefined && condition.message !== '')
    return `VpcENI ${eni.metadata.name} is ${phase}: ${condition.message}`;
  return `VpcENI ${eni.metadata.name} is ${phase}`;
}

interface RecordParts {
  readonly deps: ServiceDeps;
  readonly call: CniCall;
  readonly conf: NetConf;
  readonly wanted: PodArgs;
  readonly uid: string;
  readonly eni: EniFacts;
  readonly node: ReadyNode;
  readonly link: string;
}

function newRecord({ deps, call, conf, wanted, uid, eni, node, link }: RecordParts): Wired {
  const { containerId, ifName, netns } = call;
  return {
    sequence: deps.store.nextSequence(),
    phase: 'wiring',
    containerId,
    pod: { namespace: wanted.namespace, name: wanted.name, uid },
    linkDriver: node.driver.name,
    wiring: {
      podIp: eni.ip,
      ifName,
      netns: deps.findNetns(netns),
      hostVeth: hostVethName(containerId, ifName),
      podMac: podMac(containerId, ifName),
      ...(conf.mtu === undefined ? {} : { mtu: conf.mtu }),
      eniMac: eni.macAddress,
      vlanId: eni.vlanID,
      gateway: eni.gateway,
      trunk: node.trunk,
      link,
    },
  };
}

/** The namespace is told as the caller named it. */
function attachmentOf({ wiring }: Wired, netns: string): Parameters<typeof addResult>[0] {
  return {
    hostInterface: { name: wiring.hostVeth, mac: HOST_MAC },
    podInterface: { name: wiring.ifName, mac: wiring.podMac, netns },
    ip: wiring.podIp,
    gateway: POD_GATEWAY,
  };
}
