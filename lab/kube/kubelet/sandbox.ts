// A Pod's place on the network: a namespace of its own wired by CNI, the node's, or a machine of its own in the cloud.
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { TrunklineError } from '../../../src/base/errors.ts';
import type { LabHost } from '../../host/types.ts';
import { readNetwork } from './cni-config.ts';
import { createCniInvoker } from './cni-invoke.ts';
import type { CniTarget } from './cni-invoke.ts';
import { KUBELET_ERRORS } from './errors.ts';
import type { KubeletNode, SuperNodeNetwork } from './kubelet-deps.ts';
import type { LabPod } from './pod-view.ts';

export interface Sandbox {
  /** Network namespace by name; `undefined`: the user's own network. */
  readonly netns: string | undefined;
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
}

/** What a failed or finished sandbox still holds; `release` may be repeated until it succeeds. */
export interface SandboxRemains {
  release(): Promise<void>;
}

export interface Sandboxes {
  /**
   * Makes a sandbox with a new container id. `remains` is told before anything is done, so that whatever happens can be
   * undone. Throws KUBELET-NETWORK or KUBELET-SANDBOX.
   */
  create(pod: LabPod, attempt: number, remains: (remains: SandboxRemains) => void): Promise<Sandbox>;
}

export interface SandboxDeps {
  readonly host: LabHost;
  readonly node: KubeletNode;
  readonly nodeRoot: string;
  readonly stateDir: string;
  readonly superNodeNetwork?: SuperNodeNetwork;
}

export function createSandboxes(deps: SandboxDeps): Sandboxes {
  const { host, node, superNodeNetwork } = deps;
  const nodeNetns = node.netns;
  const cni = nodeNetns === undefined ? undefined : createCniInvoker({ ...deps, nodeNetns });

  const onCni = async (pod: LabPod, attempt: number, remains: (remains: SandboxRemains) => void): Promise<Sandbox> => {
    if (cni === undefined)
      throw new TrunklineError(KUBELET_ERRORS.sandbox, `node ${node.name} runs only Pods with hostNetwork: true`);
    const network = await readNetwork(host, deps.nodeRoot);
    const uid = pod.metadata.uid ?? '';
    const target: CniTarget = {
      containerId: randomBytes(32).toString('hex'),
      netns: `cni-${uid.slice(0, 13)}-${attempt}`,
      podNamespace: pod.metadata.namespace ?? '',
      podName: pod.metadata.name,
      podUid: uid,
    };
    let result: unknown;
    const steps = createSteps([
      () => cni.del(network, target, result),
      () => forget(deps, uid),
      () => host.deleteNetns(target.netns),
    ]);
    await host.addNetns(target.netns);
    remains({ release: steps });
    const added = await cni.add(network, target);
    result = added.raw;
    await remember(deps, uid, target.netns);
    return { netns: target.netns, ips: added.ips, hostNetwork: false };
  };

  const onSuperNode = async (
    pod: LabPod,
    network: SuperNodeNetwork,
    remains: (remains: SandboxRemains) => void,
  ): Promise<Sandbox> => {
    const uid = pod.metadata.uid ?? '';
    remains({ release: createSteps([() => network.remove(uid), () => forget(deps, uid)]) });
    const { netns, ips } = await network.add(pod);
    await remember(deps, uid, netns);
    return { netns, ips, hostNetwork: false };
  };

  return {
    create: async (pod, attempt, remains) => {
      if (superNodeNetwork !== undefined) return await onSuperNode(pod, superNodeNetwork, remains);
      if (pod.spec.hostNetwork === true) return { netns: nodeNetns, ips: [node.internalIp], hostNetwork: true };
      return await onCni(pod, attempt, remains);
    },
  };
}

/** Runs each step until it has succeeded once, in order; a repeated call goes on where the last one failed. */
function createSteps(steps: readonly (() => Promise<void>)[]): () => Promise<void> {
  const pending = [...steps];
  return async () => {
    for (let step = pending[0]; step !== undefined; step = pending[0]) {
      await step();
      pending.shift();
    }
  };
}

const recordPath = ({ stateDir }: SandboxDeps, uid: string): string => join(stateDir, 'sandboxes', `${uid}.json`);

/** For `lab shell`, which is another process. */
async function remember(deps: SandboxDeps, uid: string, netns: string): Promise<void> {
  await mkdir(join(deps.stateDir, 'sandboxes'), { recursive: true });
  await writeFile(recordPath(deps, uid), JSON.stringify({ netns }));
}

async function forget(deps: SandboxDeps, uid: string): Promise<void> {
  await rm(recordPath(deps, uid), { force: true });
}
