// What a Pod asks of a node: the sum the scheduler compares with the node's allocatable resources.
import type { LabContainer, LabPod } from '../kubelet/pod-view.ts';
import { quantityMilli } from './quantity.ts';

/** Resource name to thousandths of its unit. */
export type Resources = ReadonlyMap<string, number>;

/**
 * Requests of a Pod: the sum over its containers, or its largest init container where that is more, plus overhead, plus one
 * `pods`. A limit without a request counts as the request, as Kubernetes defaults it.
 */
export function podRequests(pod: LabPod): Resources {
  const total = new Map<string, number>();
  for (const container of pod.spec.containers)
    for (const [name, amount] of containerRequests(container)) add(total, name, amount);
  for (const container of pod.spec.initContainers ?? [])
    for (const [name, amount] of containerRequests(container)) total.set(name, Math.max(total.get(name) ?? 0, amount));
  for (const [name, amount] of Object.entries(pod.spec.overhead ?? {})) add(total, name, quantityMilli(amount));
  total.set('pods', 1000);
  return total;
}

/** The sum of several requests. */
export function sumOf(many: readonly Resources[]): Resources {
  const total = new Map<string, number>();
  for (const requests of many) for (const [name, amount] of requests) add(total, name, amount);
  return total;
}

function containerRequests(container: LabContainer): [string, number][] {
  const merged = { ...container.resources?.limits, ...container.resources?.requests };
  return Object.entries(merged).map(([name, amount]) => [name, quantityMilli(amount)]);
}

function add(total: Map<string, number>, name: string, amount: number): void {
  total.set(name, (total.get(name) ?? 0) + amount);
}
