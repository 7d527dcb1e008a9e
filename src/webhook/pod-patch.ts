// Turns an admission into the JSON patch that the API server applies to the Pod.
import type { AdmissionContainer, AdmissionPod, Quantities } from './admission-pod.ts';
import type { Admission, ResourceChange } from './decide.ts';

export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** Empty when nothing changes. Whatever the Pod has beside the named annotations and resources stays as it is. */
export function podPatch(
  pod: AdmissionPod,
  admission: Pick<Admission, 'annotations' | 'resources'>,
): readonly PatchOperation[] {
  return [...annotationOperations(pod, admission.annotations), ...resourceOperations(pod, admission.resources)];
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

function resourceOperations(pod: AdmissionPod, { exactly, atLeast = [] }: ResourceChange): readonly PatchOperation[] {
  const initContainers = pod.spec.initContainers ?? [];
  const asks = (name: string): boolean =>
    [...pod.spec.containers, ...initContainers].some(({ resources }) => Object.hasOwn(resources?.limits ?? {}, name));
  const add = [...(exactly === undefined ? [] : [exactly.add]), ...atLeast.filter((name) => !asks(name))];
  // One Pod has one network interface: what stands on container 0 goes from the others.
  const moved = exactly === undefined ? [] : [...exactly.remove, exactly.add];
  return [
    ...pod.spec.containers.flatMap((container, index) => {
      const path = `/spec/containers/${index}/resources`;
      return index === 0
        ? containerOperations(container, path, add, exactly?.remove ?? [])
        : containerOperations(container, path, [], moved);
    }),
    ...initContainers.flatMap((container, index) =>
      containerOperations(container, `/spec/initContainers/${index}/resources`, [], moved),
    ),
  ];
}

/** Limits and requests alike, since an extended resource has no other form. */
function containerOperations(
  container: AdmissionContainer,
  path: string,
  add: readonly string[],
  remove: readonly string[],
): readonly PatchOperation[] {
  const operations: PatchOperation[] = [];
  for (const part of PARTS) {
    const before = container.resources?.[part] ?? NOTHING;
    if (add.every((name) => before[name] === '1') && !remove.some((name) => Object.hasOwn(before, name))) continue;
    const after: Record<string, string | number> = { ...before };
    for (const name of remove) delete after[name];
    for (const name of add) after[name] = '1';
    operations.push({ op: 'add', path: `${path}/${part}`, value: after });
  }
  const parentMissing = container.resources === undefined || container.resources === null;
  return parentMissing && operations.length > 0 ? [{ op: 'add', path, value: {} }, ...operations] : operations;
}

const PARTS = ['limits', 'requests'] as const;
const NOTHING: Quantities = {};

/** RFC 6901. */
function pointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
