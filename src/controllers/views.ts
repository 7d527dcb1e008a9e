// The Pod as ipamd keeps it in memory: only what decides, so that a hundred thousand fit.
import { identityOf } from '../kube/identity.ts';
import type { Namespace, Pod } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { listensOf, type PodListens } from './pod-listens.ts';
import { requestsExclusiveEni } from '../planning/exclusive-pod.ts';
import type { PodFacts } from '../planning/pod-intent.ts';
import type { TextPool } from './text-pool.ts';

/** Its Kubernetes metadata is cut to names, versions, times, labels and our annotations. */
export interface WorkingPod extends KubeObject {
  /** "default" when the Pod names none, as the API server fills it in. */
  serviceAccountName: string;
  nodeName: string | undefined;
  hostNetwork: boolean;
  ended: boolean;
  /** Absent until the kubelet has told it. */
  podIp: string | undefined;
  /** Ports that it names and is probed at; shared by Pods of one template. */
  listens: PodListens;
  scheduledAt: string | undefined;
  /** It counts against `direct-eni`. */
  requestsExclusive: boolean;
}

const KEPT = 'tke.cloud.tencent.com/';
/** Of every object that has none of a thing; nobody changes what informers hold. */
const NONE: Record<string, string> = Object.freeze({});

/** Those that this project reads or writes; undefined: none. */
export function ownAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined {
  const ours = Object.entries(annotations ?? NONE).filter(([key]) => key.includes(KEPT));
  return ours.length === 0 ? undefined : Object.fromEntries(ours);
}

/** Keeps name, uid, version, labels, our annotations and what decides about release; `pooled` shares equal labels, `text` equal words. */
export function projectPod(
  pod: Pod,
  pooled: (labels: Record<string, string>) => Record<string, string>,
  shared: (listens: PodListens) => PodListens = (listens) => listens,
  text: TextPool = (word) => word,
): WorkingPod {
  const { creationTimestamp, deletionTimestamp, labels, annotations } = pod.metadata;
  const { name, namespace = '', uid = '', resourceVersion = '' } = pod.metadata;
  const own = ownAnnotations(annotations) ?? NONE;
  const shownLabels = labels === undefined ? NONE : pooled(labels);
  const where = text(namespace);
  // One literal makes objects of one shape without spare room, which spreads and later fields do not.
  const metadata: WorkingPod['metadata'] =
    creationTimestamp === undefined
      ? { name, namespace: where, uid, resourceVersion, labels: shownLabels, annotations: own }
      : {
          name,
          namespace: where,
          uid,
          resourceVersion,
          labels: shownLabels,
          annotations: own,
          creationTimestamp: text(creationTimestamp),
        };
  if (deletionTimestamp !== undefined) metadata.deletionTimestamp = deletionTimestamp;
  const { nodeName, serviceAccountName = 'default' } = pod.spec;
  const scheduledAt = pod.status?.conditions?.find(
    (condition) => condition.type === 'PodScheduled' && condition.status === 'True',
  )?.lastTransitionTime;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    nodeName: nodeName === undefined ? undefined : text(nodeName),
    serviceAccountName: text(serviceAccountName),
    hostNetwork: pod.spec.hostNetwork === true,
    ended: pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed',
    podIp: pod.status?.podIP,
    listens: shared(listensOf(pod)),
    scheduledAt: scheduledAt === undefined ? undefined : text(scheduledAt),
    requestsExclusive: requestsExclusiveEni(pod),
  };
}

/** The facts that the planner of intents decides on. */
export function podFacts(pod: WorkingPod): PodFacts {
  return {
    namespace: pod.metadata.namespace ?? 'default',
    name: pod.metadata.name,
    uid: pod.metadata.uid ?? '',
    nodeName: pod.nodeName,
    annotations: pod.metadata.annotations ?? {},
    ended: pod.ended || pod.metadata.deletionTimestamp !== undefined,
    hostNetwork: pod.hostNetwork,
  };
}

/** Keeps name, uid, version, labels, finalizers and whether it is on its way out; no status. */
export function projectNamespace({ metadata }: Namespace): Namespace {
  const { deletionTimestamp, labels, finalizers } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      ...identityOf(metadata),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(labels === undefined ? {} : { labels }),
      ...(finalizers === undefined ? {} : { finalizers }),
    },
  };
}
