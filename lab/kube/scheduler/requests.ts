// What a Pod asks of a node: the sum the scheduler compares with the node's allocatable resources.
import type { LabContainer, LabPodSpec } from '../kubelet/pod-view.ts';
import { quantityMilli } from './quantity.ts';

/** Resource name to thousandths of its unit. */
export type Resources = ReadonlyMap<string, number>;

/**
 * Requests of a Pod: the sum over its containers and its sidecars (init containers that restart always), or its largest init container together
 * with the sidecars before it where that is more, plus overhead, plus one `pods`. A limit without a request counts as the request, as
 * Kubernetes defaults it.
 */
export function podRequests(pod: {
  readonly spec: Pick<LabPodSpec, 'containers' | 'initContainers' | 'overhead'>;
}): Resources {
  const total = new Map<string, number>();
  for (const container of pod.spec.containers)
    for (const [name, amount] of containerRequests(container)) add(total, name, amount);
  const sidecars = new Map<string, number>();
  const largest = new Map<string, number>();
  for (const container of pod.spec.initContainers ?? []) {
    const own = containerRequests(container);
    if (container.restartPolicy === 'Always')
      for (const [name, amount] of own) {
        add(total, name, amount);
        add(sidecars, name, amount);
      }
    const running = container.restartPolicy === 'Always' ? new Map<string, number>() : new Map(own);
    for (const name of new Set([...sidecars.keys(), ...running.keys()]))
      largest.set(name, Math.max(largest.get(name) ?? 0, (sidecars.get(name) ?? 0) + (running.get(name) ?? 0)));
  }
  for (const [name, amount] of largest) total.set(name, Math.max(total.get(name) ?? 0, amount));
  for (const [name, amount] of Object.entries(pod.spec.overhead ?? {})) add(total, name, quantityMilli(amount));
  total.set('pods', 1000);
  return total;
}

/** What a container list without requests counts as when nodes are compared, so that many small Pods still spread. */
const SCORING_DEFAULTS: Resources = new Map([
  ['cpu', quantityMilli('100m')],
  ['memory', quantityMilli('200Mi')],
]);

/** Cpu and memory as they count when nodes are compared: a Pod without a request still counts a little. */
export const scoringRequests = (requests: Resources): Resources =>
  new Map([...SCORING_DEFAULTS].map(([name, fallback]) => [name, requests.get(name) ?? fallback]));

function containerRequests(container: LabContainer): [string, number][] {
  const merged = { ...container.resources?.limits, ...container.resources?.requests };
  return Object.entries(merged).map(([name, amount]) => [name, quantityMilli(amount)]);
}

function add(total: Map<string, number>, name: string, amount: number): void {
  total.set(name, (total.get(name) ?? 0) + amount);
}
