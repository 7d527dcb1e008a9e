// The catalogue of what can go wrong on a node, and what the runtime is told.
import type { CatalogueEntry } from '../base/errors.ts';
import { TrunklineError } from '../base/errors.ts';
import { type CniCode, cniCodes, CniError } from '../cni/error.ts';

const row = (entry: CatalogueEntry): CatalogueEntry => entry;

/** Rows of the area AGENT; `trunkline explain AGENT-...` and the docs page are made from them. */
export const agentErrors = {
  notYet: row({
    code: 'AGENT-NOT-YET',
    title: 'The Pod cannot be connected yet',
    cause: 'A shared address, its sub-ENI, the trunk ENI of the node or the link of the sub-ENI is not there yet.',
    cure: 'The runtime tries again by itself; the message carries what is waited for, kubectl describe nec and vpceni tell more.',
    retry: 'retry',
    eventReason: 'NetworkNotYet',
  }),
  networkUnsupported: row({
    code: 'AGENT-NETWORK-UNSUPPORTED',
    title: 'The network of this Pod is not in this version',
    cause: 'The Pod asks for an exclusive ENI, or for a shared address on a node that shares none.',
    cure: 'Leave the annotation networks out, use another node, or let a SecurityGroupPolicy select the Pod.',
    retry: 'terminal',
    eventReason: 'NetworkUnsupported',
  }),
  podGone: row({
    code: 'AGENT-POD-GONE',
    title: 'The Pod of this sandbox does not exist any more',
    cause: 'The Pod was deleted or has ended while its sandbox was being made; its address or sub-ENI is given back.',
    cure: 'Nothing: the runtime deletes the sandbox.',
    retry: 'terminal',
    eventReason: 'PodGone',
  }),
  linkUnavailable: row({
    code: 'AGENT-LINK-UNAVAILABLE',
    title: 'The kernel offers no link for sub-ENIs',
    cause: 'Neither a VLAN device on the trunk nor a veth device could be made.',
    cure: 'Load the kernel module 8021q, or run the agent privileged; --link-driver says which one is tried.',
    retry: 'retry',
    eventReason: 'LinkUnavailable',
  }),
  kernel: row({
    code: 'AGENT-KERNEL-REFUSED',
    title: 'The kernel refused a change of links, routes or rules',
    cause: 'A batch for the ip tool failed; the message carries its line and its words.',
    cure: 'The change is taken back and tried again with the next call.',
    retry: 'retry',
    eventReason: 'KernelRefused',
  }),
  stateUnreadable: row({
    code: 'AGENT-STATE-UNREADABLE',
    title: 'A state file of the agent cannot be read',
    cause: 'The file below --state-dir is cut off or was written by another program.',
    cure: 'It was set aside with the ending .unreadable; compare it with ip link and ip rule, then remove it.',
    retry: 'terminal',
    eventReason: 'AgentStateUnreadable',
  }),
  stateNewer: row({
    code: 'AGENT-STATE-NEWER',
    title: 'The state of the agent was written by a newer release',
    cause:
      'The agent of this node was set back to a release that does not know the form of what the newer one recorded.',
    cure: 'Use the newer release again, or drain the node and remove the folder --state-dir; Pods that run are not touched meanwhile.',
    retry: 'terminal',
    eventReason: 'AgentStateNewer',
  }),
  notRunning: row({
    code: 'AGENT-NOT-RUNNING',
    title: 'The agent of this node cannot be asked',
    cause: 'Nobody listens on its socket, or the caller is not root.',
    cure: 'Run the command inspect inside the Pod of tke-eni-agent, or as root on its node.',
    retry: 'terminal',
    eventReason: 'AgentNotRunning',
  }),
  entryMissing: row({
    code: 'AGENT-ENTRY-MISSING',
    title: 'There is no CNI entry to install',
    cause: 'Neither the built binary nor the sh fallback is where the agent looks for it.',
    cure: 'Build it with native/cni-entry/build.sh, or name it with --cni-entry.',
    retry: 'terminal',
    eventReason: 'CniEntryMissing',
  }),
  pluginMissing: row({
    code: 'AGENT-PLUGIN-MISSING',
    title: 'A CNI plugin of others that the agent was told to chain is not there',
    cause:
      'A flag of the agent asks for portmap or bandwidth, and the node has no such program where its runtime looks for plugins.',
    cure: 'Install the CNI reference plugins on the node (Debian: containernetworking-plugins, copied to --cni-bin-dir), or leave the flag out.',
    retry: 'terminal',
    eventReason: 'CniPluginMissing',
  }),
} as const;

const codes: ReadonlyMap<string, CniCode> = new Map<string, CniCode>([
  [agentErrors.notYet.code, cniCodes.tryAgainLater],
  [agentErrors.linkUnavailable.code, cniCodes.tryAgainLater],
  [agentErrors.networkUnsupported.code, cniCodes.refused],
  [agentErrors.podGone.code, cniCodes.refused],
  [agentErrors.kernel.code, cniCodes.kernel],
]);

/** What the runtime is told: a CniError as it is, a catalogue row by its code, anything else as an I/O failure. */
export function asCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (!(error instanceof TrunklineError))
    return new CniError(cniCodes.ioFailure, error instanceof Error ? error.message : String(error), '', error);
  const code = codes.get(error.code) ?? (error.retry === 'terminal' ? cniCodes.refused : cniCodes.tryAgainLater);
  return new CniError(code, error.message, `${error.code}: ${error.entry.cure}`, error);
}
