// Why nobody is behind a Service: its selector finds no Pod, or Pods that are not ready.
import type { Pod } from '../../kube/resources.ts';
import type { ServiceView, Workload } from '../picture/picture.ts';
import { patch, scale } from './commands.ts';
import { lookAtLabels, lookAtPod, lookAtService, lookAtWorkload } from './next-steps.ts';
import { notStarted } from './not-started.ts';
import { podName } from './party.ts';
import type { Cause, Cure } from './trace.ts';
import type { World } from './world.ts';

type Port = NonNullable<NonNullable<ServiceView['spec']>['ports']>[number];

const words = (selector: Readonly<Record<string, string>>): string =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

export function noEndpoint(world: World, service: ServiceView, port: Port): Cause {
  const namespace = service.metadata.namespace ?? 'default';
  const selector = service.spec?.selector ?? {};
  const none = (text: string, cures: readonly Cure[], next: readonly Cure[] = []): Cause => ({
    code: 'NoEndpoint',
    text,
    cures,
    next: cures.length > 0 ? [] : next,
  });
  if (Object.keys(selector).length === 0)
    return none(
      'it has no selector, and its endpoints, which somebody else is to write, are missing',
      [],
      [lookAtService(service, 'whether it should have a selector')],
    );
  const matches = (labels: Readonly<Record<string, string>>): boolean =>
    Object.entries(selector).every(([key, value]) => labels[key] === value);
  const near = world.picture.kube.pods.filter((pod) => (pod.metadata.namespace ?? 'default') === namespace);
  const found = near.filter((pod) => matches(pod.metadata.labels ?? {}));
  const [first] = found;
  if (first !== undefined) return notReady(world, found, first);
  const owners = world.picture.kube.workloads.filter(
    ({ metadata, spec, kind }) =>
      metadata.namespace === namespace && kind !== 'ReplicaSet' && matches(spec?.template?.metadata?.labels ?? {}),
  );
  const idle = owners.find(({ spec }) => spec?.replicas === 0);
  if (idle !== undefined)
    return none(`${idle.kind} ${namespace}/${idle.metadata.name}, whose Pods it selects, is scaled to 0`, [
      scale(idle.kind.toLowerCase(), idle.metadata.name, namespace, 1),
    ]);
  const [owner] = owners;
  if (owner !== undefined)
    return none(
      `${names(owners)}, whose Pods it selects, has none`,
      [],
      [lookAtWorkload(owner.kind, owner.metadata.name, namespace)],
    );
  return none(
    `no Pod of namespace ${namespace} has the labels of its selector, ${words(selector)}`,
    otherSelector(service, near, Object.keys(selector), port),
    [lookAtLabels(namespace), lookAtService(service, 'which ones it selects')],
  );
}

const names = (workloads: readonly Workload[]): string =>
  workloads.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`).join(', ');

function notReady(world: World, found: readonly Pod[], first: Pod): Cause {
  const reason = notStarted(world, first);
  const told = found.length === 1 ? podName(first) : `${podName(first)} and ${found.length - 1} more`;
  if (reason !== undefined) return { ...reason, text: `${told} of its selector: ${reason.text}` };
  const ready = first.status?.conditions?.find(({ type }) => type === 'Ready');
  const why = [ready?.reason, ready?.message].filter((text) => text !== undefined && text !== '').join(': ');
  return {
    code: 'NoEndpoint',
    text: `${told} of its selector is not ready${why === '' ? '' : `: ${why}`}`,
    cures: [],
    next: lookAtPod(first),
  };
}

/** Where all running Pods with the target port agree about the selector's keys, those are what was meant. */
function otherSelector(
  service: ServiceView,
  near: readonly Pod[],
  keys: readonly string[],
  port: Port,
): readonly Cure[] {
  const target = port.targetPort ?? port.port;
  const candidates = near.filter(
    (pod) =>
      pod.status?.phase === 'Running' &&
      pod.spec.containers.some(({ ports = [] }) =>
        ports.some(({ containerPort, name }) => containerPort === target || name === target),
      ),
  );
  const sets = new Map(
    candidates.map((pod) => {
      const set = Object.fromEntries(keys.map((key) => [key, pod.metadata.labels?.[key] ?? '']));
      return [JSON.stringify(set), set] as const;
    }),
  );
  const [only, other] = [...sets.values()];
  if (only === undefined || other !== undefined || Object.values(only).includes('')) return [];
  return [
    patch('service', service.metadata.name, service.metadata.namespace ?? 'default', { spec: { selector: only } }),
  ];
}
