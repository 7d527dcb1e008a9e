// The downward API's resources: a container's requests and limits as numbers, for its environment and its files. Pure.
import { quantityMilli } from '../scheduler/quantity.ts';
import { kubeletError } from './errors.ts';
import type { LabPod, ResourceFieldRef } from './pod-view.ts';

const RESOURCES: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);

/**
 * A `resourceFieldRef` of a container's environment, or of a file that names its container: rounded up to whole divisors. Without a limit it is what
 * the node has, without a request 0. Throws KUBELET-CONFIG for an unknown container and KUBELET-UNSUPPORTED for other resources.
 */
export function resourceValue(
  pod: LabPod,
  containerName: string,
  ref: ResourceFieldRef,
  allocatable: Readonly<Record<string, string>>,
): string {
  const name = ref.containerName ?? containerName;
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const container = all.find((each) => each.name === name);
  if (container === undefined) throw kubeletError('config', `container ${name} not found`);
  const [kind = '', resource = ''] = ref.resource.split('.', 2);
  if (!['limits', 'requests'].includes(kind) || !RESOURCES.has(resource))
    throw kubeletError(
      'unsupported',
      `resourceFieldRef "${ref.resource}": expected limits or requests of cpu, memory or ephemeral-storage`,
    );
  const { limits = {}, requests = {} } = container.resources ?? {};
  const quantity = kind === 'limits' ? (limits[resource] ?? allocatable[resource]) : requests[resource];
  // An object may carry an unset divisor as 0.
  const divisor = quantityMilli(ref.divisor ?? '1') || quantityMilli('1');
  return String(Math.ceil(quantityMilli(quantity ?? '0') / divisor));
}
