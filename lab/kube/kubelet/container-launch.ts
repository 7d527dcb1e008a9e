// From a container of a Pod to a running one: image, environment, mounts, and a clear refusal of what the lab does not run.
import { join } from 'node:path';
import { containerBinds, checkMountPoints } from './volumes.ts';
import type { PodVolumes } from './volumes.ts';
import { containerId, startContainer } from './container-runtime.ts';
import type { RunningContainer } from './container-runtime.ts';
import { containerEnvironment, expandVariables } from './environment.ts';
import { kubeletError } from './errors.ts';
import type { ImageStore } from './image-store.ts';
import { commandLine } from './images.ts';
import type { LogStore } from './logs/log-store.ts';
import type { KubeletOptions } from './kubelet-types.ts';
import { unsupportedHook } from './lifecycle-hooks.ts';
import { nodeResources } from './node-object.ts';
import type { LabContainer, LabPod } from './pod-view.ts';
import { addsToNodeFile, resolvConf } from './resolv-conf.ts';
import { asText, loadPodData } from './referenced-data.ts';
import type { Sandbox } from './sandbox.ts';
import { linkedServices, serviceVariables } from './service-links.ts';

export interface LaunchDeps extends KubeletOptions {
  readonly nodeRoot: string;
  /** Lower-case hexadecimal digits. */
  readonly randomHex: (digits: number) => string;
  readonly imageStore: ImageStore;
  readonly logs: LogStore;
  readonly event: (pod: LabPod, type: 'Normal' | 'Warning', reason: string, message: string) => void;
}

/** Starts a container in the Pod's sandbox. Throws a KUBELET error whose `eventReason` is the container's waiting reason. */
export async function launchContainer(
  deps: LaunchDeps,
  pod: LabPod,
  container: LabContainer,
  sandbox: Sandbox,
  volumes: PodVolumes,
): Promise<RunningContainer> {
  const refusal = unsupportedPart(container);
  if (refusal !== undefined) throw kubeletError('unsupported', `container ${container.name}: ${refusal}`);
  if (addsToNodeFile(pod, deps.dns))
    throw kubeletError(
      'unsupported',
      "dnsConfig is not added to the node's own resolv.conf by the lab; use dnsPolicy None",
    );
  const image = deps.imageStore.ensure(pod, container, (type, reason, message) =>
    deps.event(pod, type, reason, message),
  );
  const env = containerEnvironment({
    pod,
    container,
    place: { hostIp: deps.node.internalIp, podIps: sandbox.ips, allocatable: nodeResources(deps.node) },
    data: asText(await loadPodData(deps, pod)),
    base: { ...(await serviceEnvironment(deps, pod)), ...clusterEnvironment(deps, pod), ...image.env },
  });
  const binds = containerBinds(container, volumes);
  await checkMountPoints(deps, binds);
  deps.event(pod, 'Normal', 'Created', `Created container: ${container.name}`);
  const id = deps.randomHex(64);
  try {
    return await startContainer(deps, {
      id,
      argv: commandLine(image, container.command ?? [], container.args ?? []).map((word) => expandVariables(word, env)),
      env,
      binds,
      ...(container.workingDir === undefined ? {} : { cwd: container.workingDir }),
      ...(sandbox.netns === undefined ? {} : { netns: sandbox.netns }),
      files: { ...hostsFile(pod, sandbox), ...resolverFile(deps, pod) },
      logFile: await deps.logs.begin(pod, container.name, containerId(id)),
      socket: join(deps.stateDir, `${id.slice(0, 16)}.sock`),
      stdin: container.stdin ?? false,
      stdinOnce: container.stdinOnce ?? false,
      tty: container.tty ?? false,
      message: {
        path: container.terminationMessagePath ?? '/dev/termination-log',
        fallsBackToLog: container.terminationMessagePolicy === 'FallbackToLogsOnError',
      },
      ...(pod.spec.hostNetwork === true ? {} : { hostname: podHostname(pod) }),
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
export function unsupportedPart(container: LabContainer): string | undefined {
  const probes = [container.readinessProbe, container.livenessProbe, container.startupProbe];
  const hooks = unsupportedHook(container);
  if (hooks !== undefined) return hooks;
  if (probes.some((probe) => probe?.grpc !== undefined))
    return 'grpc probes are not made by the lab; use httpGet, tcpSocket or exec';
  return undefined;
}

/** As kubelets cut what is too long for a host name. */
const podHostname = ({ spec, metadata }: LabPod): string =>
  (spec.hostname ?? metadata.name).slice(0, 63).replace(/[-.]+$/, '');

async function serviceEnvironment({ client }: LaunchDeps, pod: LabPod): Promise<Record<string, string>> {
  if (pod.spec.enableServiceLinks === false) return {};
  const { items } = await client.list(linkedServices, { namespace: pod.metadata.namespace ?? 'default' });
  return serviceVariables(items);
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

function resolverFile({ dns }: LaunchDeps, pod: LabPod): Record<string, string> {
  const text = resolvConf(pod, dns);
  return text === undefined ? {} : { '/etc/resolv.conf': text };
}
