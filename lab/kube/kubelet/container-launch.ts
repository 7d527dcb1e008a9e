// From a container of a Pod to a running one: image, environment, mounts, and a clear refusal of what the lab does not run.
import { join } from 'node:path';
import { containerBinds, checkMountPoints } from './volumes.ts';
import type { PodVolumes } from './volumes.ts';
import { startContainer } from './container-runtime.ts';
import type { RunningContainer } from './container-runtime.ts';
import { containerEnvironment, expandVariables } from './environment.ts';
import { kubeletError } from './errors.ts';
import { commandLine } from './images.ts';
import type { KubeletOptions } from './kubelet-types.ts';
import type { LabContainer, LabPod } from './pod-view.ts';
import { asText, loadPodData } from './referenced-data.ts';
import type { Sandbox } from './sandbox.ts';

export interface LaunchDeps extends KubeletOptions {
  readonly nodeRoot: string;
  /** Lower-case hexadecimal digits. */
  readonly randomHex: (digits: number) => string;
}

/** The file that collects the output of a container over all its runs. */
export function containerLogFile(stateDir: string, pod: Pick<LabPod, 'metadata'>, container: string): string {
  return join(stateDir, 'logs', `${pod.metadata.namespace ?? 'default'}_${pod.metadata.name}_${container}.log`);
}

/** Starts a container in the Pod's sandbox. Throws a KUBELET error whose `eventReason` is the container's waiting reason. */
export async function launchContainer(
  deps: LaunchDeps,
  pod: LabPod,
  container: LabContainer,
  init: boolean,
  sandbox: Sandbox,
  volumes: PodVolumes,
): Promise<RunningContainer> {
  const refusal = unsupportedPart(pod, container, init);
  if (refusal !== undefined) throw kubeletError('unsupported', `container ${container.name}: ${refusal}`);
  const image = deps.images.find(container.image ?? '');
  const env = containerEnvironment({
    pod,
    container,
    place: { hostIp: deps.node.internalIp, podIps: sandbox.ips },
    data: asText(await loadPodData(deps, pod)),
    base: { ...clusterEnvironment(deps, pod), ...image.env },
  });
  const binds = containerBinds(container, volumes);
  await checkMountPoints(deps, binds);
  try {
    return await startContainer(deps, {
      id: deps.randomHex(64),
      argv: commandLine(image, container.command ?? [], container.args ?? []).map((word) => expandVariables(word, env)),
      env,
      binds,
      ...(container.workingDir === undefined ? {} : { cwd: container.workingDir }),
      ...(sandbox.netns === undefined ? {} : { netns: sandbox.netns }),
      files: hostsFile(pod, sandbox),
      logFile: containerLogFile(deps.stateDir, pod, container.name),
    });
  } catch (error) {
    throw kubeletError(
      'start',
      `container ${container.name}: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

/** What of a Pod or container this kubelet does not do, in words; `undefined` when it does everything that is asked. */
export function unsupportedPart(pod: LabPod, container: LabContainer, init: boolean): string | undefined {
  const probes = [container.readinessProbe, container.livenessProbe, container.startupProbe];
  if (container.lifecycle !== undefined) return 'lifecycle hooks are not run by the lab';
  if (probes.some((probe) => probe?.grpc !== undefined))
    return 'grpc probes are not made by the lab; use httpGet, tcpSocket or exec';
  if (init && container.restartPolicy === 'Always')
    return 'init containers that stay (restartPolicy: Always) are not run by the lab';
  if (pod.spec.activeDeadlineSeconds !== undefined) return 'activeDeadlineSeconds is not observed by the lab';
  return undefined;
}

function clusterEnvironment({ api, node }: LaunchDeps, pod: LabPod): Record<string, string> {
  return {
    HOSTNAME: pod.spec.hostNetwork === true ? node.name : pod.metadata.name,
    KUBERNETES_SERVICE_HOST: api.host,
    KUBERNETES_SERVICE_PORT: String(api.port),
    KUBERNETES_SERVICE_PORT_HTTPS: String(api.port),
  };
}

/** A Pod with a network of its own finds its name in it; host-network Pods keep the node's file. */
function hostsFile(pod: LabPod, sandbox: Sandbox): Record<string, string> {
  if (pod.spec.hostNetwork === true) return {};
  const own = sandbox.ips.map((ip) => `${ip}\t${pod.metadata.name}`);
  return { '/etc/hosts': ['127.0.0.1\tlocalhost', '::1\tlocalhost', ...own, ''].join('\n') };
}
