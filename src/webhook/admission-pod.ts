// The part of a Pod that admission reads, decoded from what the API server sends, and what it says about placement.
import { z } from 'zod';
import { labels, SUPER_NODE_INSTANCE_TYPE } from '../api/keys.ts';
import { isMap, isNone, isText, isTextOrNone } from './guards.ts';

/** A map is looked at and not copied: admission is on the way of every Pod. */
const mapOf = <T>(isValue: (value: unknown) => value is T, what: string): z.ZodType<Readonly<Record<string, T>>> =>
  z.custom<Readonly<Record<string, T>>>(
    (map) =>
      typeof map === 'object' &&
      map !== null &&
      !Array.isArray(map) &&
      Object.values(map).every((each) => isValue(each)),
    { error: `expected a map of ${what}` },
  );
const isQuantity = (value: unknown): value is string | number => isText(value) || typeof value === 'number';

const stringMap = mapOf(isText, 'texts')
  .nullish()
  .transform((value): Readonly<Record<string, string>> => value ?? {});

/** Quantities are text or numbers before the API server makes them canonical. */
export type Quantities = Readonly<Record<string, string | number>>;

/** The part of a container that admission reads; what else it has is not gone through. */
export interface AdmissionContainer {
  readonly resources?:
    | { readonly limits?: Quantities | null | undefined; readonly requests?: Quantities | null | undefined }
    | null
    | undefined;
}

const areQuantities = (value: unknown): boolean =>
  value === undefined || value === null || (isMap(value) && Object.values(value).every(isQuantity));

function isContainer(container: unknown): container is AdmissionContainer {
  if (!isMap(container)) return false;
  const { resources } = container;
  if (resources === undefined || resources === null) return true;
  return isMap(resources) && areQuantities(resources['limits']) && areQuantities(resources['requests']);
}

const containerSchema = z.custom<AdmissionContainer>(isContainer, {
  error: 'expected a container whose resources.limits and resources.requests are maps of quantities',
});

const requirementSchema = z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() });

const affinitySchema = z.object({
  nodeAffinity: z
    .object({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .object({
          nodeSelectorTerms: z
            .array(
              z.object({
                matchExpressions: z.array(requirementSchema).nullish(),
                matchFields: z.array(z.unknown()).nullish(),
              }),
            )
            .nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

export const admissionPodSchema = z.object({
  metadata: z.object({
    /** Empty or absent while the API server has yet to make a name from generateName. */
    name: z.string().nullish(),
    generateName: z.string().nullish(),
    labels: stringMap,
    /** `null` when the manifest has the key without a value, which matters for the patch. */
    annotations: mapOf(isText, 'texts').nullish(),
    /** Read by the few that ask (eip-wish.ts). */
    ownerReferences: z.unknown().optional(),
  }),
  spec: z.object({
    hostNetwork: z.boolean().nullish(),
    serviceAccountName: z.string().nullish(),
    nodeSelector: stringMap,
    affinity: affinitySchema.nullish(),
    containers: z.array(containerSchema).min(1),
    initContainers: z.array(containerSchema).nullish(),
  }),
});

export type AdmissionPod = z.output<typeof admissionPodSchema>;

export type ReadPod =
  | { readonly ok: true; readonly pod: AdmissionPod }
  /** Path and what is expected there. */
  | { readonly ok: false; readonly problem: string };

/** By the schema; a Pod in the usual form is looked at without being taken apart, since this is on the way of every Pod. */
export function readAdmissionPod(object: unknown): ReadPod {
  if (isUsual(object)) {
    const { metadata, spec } = object;
    const { name, generateName, annotations, ownerReferences } = metadata;
    const { hostNetwork, serviceAccountName, containers, initContainers } = spec;
    const pod: AdmissionPod = {
      metadata: { name, generateName, annotations, ownerReferences, labels: metadata.labels ?? {} },
      spec: { hostNetwork, serviceAccountName, containers, initContainers, nodeSelector: spec.nodeSelector ?? {} },
    };
    return { ok: true, pod };
  }
  const decoded = admissionPodSchema.safeParse(object);
  if (decoded.success) return { ok: true, pod: decoded.data };
  const issue = decoded.error.issues[0];
  return { ok: false, problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not accepted'}` };
}

type Texts = Readonly<Record<string, string>>;

interface UsualPod {
  readonly metadata: Omit<AdmissionPod['metadata'], 'labels'> & { readonly labels?: Texts | null };
  readonly spec: Omit<AdmissionPod['spec'], 'nodeSelector' | 'affinity'> & { readonly nodeSelector?: Texts | null };
}

/** What the schema accepts, without a node affinity. */
function isUsual(object: unknown): object is UsualPod {
  if (!isMap(object)) return false;
  const { metadata, spec } = object;
  if (!isMap(metadata) || !isMap(spec)) return false;
  return (
    isTextOrNone(metadata['name']) &&
    isTextOrNone(metadata['generateName']) &&
    areTexts(metadata['labels']) &&
    areTexts(metadata['annotations']) &&
    (isNone(spec['hostNetwork']) || typeof spec['hostNetwork'] === 'boolean') &&
    isTextOrNone(spec['serviceAccountName']) &&
    areTexts(spec['nodeSelector']) &&
    isNone(spec['affinity']) &&
    Array.isArray(spec['containers']) &&
    spec['containers'].length > 0 &&
    spec['containers'].every(isContainer) &&
    (isNone(spec['initContainers']) ||
      (Array.isArray(spec['initContainers']) && spec['initContainers'].every(isContainer)))
  );
}

const areTexts = (value: unknown): boolean => isNone(value) || (isMap(value) && Object.values(value).every(isText));

/**
 * Whether the Pod can run on super nodes only: nodeSelector, or every term of the required node affinity, names the
 * instance type `eklet` alone (spec 001, sample application). A preference or a toleration pins nothing.
 */
export function isPinnedToSuperNodes({ spec }: AdmissionPod): boolean {
  if (spec.nodeSelector[labels.instanceType] === SUPER_NODE_INSTANCE_TYPE) return true;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  // Terms are alternatives: one that leaves another kind of node open unpins the Pod.
  return terms.length > 0 && terms.every(({ matchExpressions }) => (matchExpressions ?? []).some(namesSuperNodesOnly));
}

function namesSuperNodesOnly({ key, operator, values }: z.output<typeof requirementSchema>): boolean {
  return (
    key === labels.instanceType &&
    operator === 'In' &&
    values !== null &&
    values !== undefined &&
    values.length > 0 &&
    values.every((value) => value === SUPER_NODE_INSTANCE_TYPE)
  );
}
