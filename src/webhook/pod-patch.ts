// Turns an admission into the JSON patch that the API server applies to the Pod.
import type { AdmissionContainer, AdmissionPod } from './admission-pod.ts';
import type { Admission } from './decide.ts';

export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** Empty when nothing changes. Whatever the Pod has beside the named annotations and resources stays as it is. */
export function podPatch(pod: AdmissionPod, admission: Admission): readonly PatchOperation[] {
  return [...annotationOperations(pod, admission.annotations), ...resourceOperations(pod, admission.resource)];
}

function annotationOperations(pod: AdmissionPod, changes: Admission['annotations']): readonly PatchOperation[] {
  const present = pod.metadata.annotations ?? {};
  const operations = Object.entries(changes).flatMap<PatchOperation>(([key, value]) => {
    const path = `/metadata/annotations/${pointer(key)}`;
    if (value === null) return Object.hasOwn(present, key) ? [{ op: 'remove', path }] : [];
    return present[key] === value ? [] : [{ op: 'add', path, value }];
  });
  // `add` to a member needs its parent, which a Pod without annotations does not have.
  const parentMissing = pod.metadata.annotations === undefined || pod.metadata.annotations === null;
  return parentMissing && operations.length > 0
    ? [{ op: 'add', path: '/metadata/annotations', value: {} }, ...operations]
    : operations;
}

function resourceOperations(pod: AdmissionPod, resource: Admission['resource']): readonly PatchOperation[] {
  if (resource === undefined) return [];
  const { add, remove } = resource;
  const others = [...remove, add];
  return [
    ...pod.spec.containers.flatMap((container, index) => {
      const path = `/spec/containers/${index}/resources`;
      return index === 0
        ? containerOperations(container, path, add, remove)
        : containerOperations(container, path, undefined, others);
    }),
    ...(pod.spec.initContainers ?? []).flatMap((container, index) =>
      containerOperations(container, `/spec/initContainers/${index}/resources`, undefined, others),
    ),
  ];
}

/** One Pod has one network interface, so the resource stands on one container, in limits and requests alike. */
function containerOperations(
  container: AdmissionContainer,
  path: string,
  add: string | undefined,
  remove: readonly string[],
): readonly PatchOperation[] {
  const resources = container.resources ?? {};
  const operations = (['limits', 'requests'] as const).flatMap<PatchOperation>((part) => {
    const before = resources[part] ?? {};
    const after = Object.fromEntries(Object.entries(before).filter(([name]) => !remove.includes(name)));
    if (add !== undefined) after[add] = '1';
    return sameQuantities(before, after) ? [] : [{ op: 'add', path: `${path}/${part}`, value: after }];
  });
  const parentMissing = container.resources === undefined || container.resources === null;
  return parentMissing && operations.length > 0 ? [{ op: 'add', path, value: {} }, ...operations] : operations;
}

type Quantities = Readonly<Record<string, string | number>>;

function sameQuantities(a: Quantities, b: Quantities): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** RFC 6901. */
function pointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
