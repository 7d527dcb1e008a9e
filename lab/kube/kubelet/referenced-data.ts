// Reads the ConfigMaps, Secrets and token that a Pod refers to, so that what is made of them can be pure.
import { isNotFound } from '../../../src/kube/api-error.ts';
import { configMaps, secrets } from '../../../src/kube/resources.ts';
import type { ConfigMap } from '../../../src/kube/resources.ts';
import type { KubeClient, KubeObject, Resource } from '../../../src/kube/types.ts';
import type { ReferencedData } from './environment.ts';
import type { KubeletOptions } from './kubelet-types.ts';
import type { LabContainer, LabPod } from './pod-view.ts';

/** Content by key. */
export type DataBytes = Readonly<Record<string, Buffer>>;

export interface PodData {
  /** `undefined`: does not exist, or was not referred to. */
  readonly configMap: (name: string) => DataBytes | undefined;
  readonly secret: (name: string) => DataBytes | undefined;
  /** The Pod's ServiceAccount token; empty when the Pod wants none. */
  readonly token: string;
}

/** Reads everything anew. A missing ConfigMap or Secret is not an error here: it may be optional. */
export async function loadPodData(deps: Pick<KubeletOptions, 'client' | 'issueToken'>, pod: LabPod): Promise<PodData> {
  const namespace = pod.metadata.namespace ?? 'default';
  const names = referencedNames(pod);
  const [maps, hidden, token] = await Promise.all([
    readAll(deps.client, configMaps, namespace, names.configMaps, configMapBytes),
    readAll(deps.client, secrets, namespace, names.secrets, (secret) => fromBase64(secret.data)),
    wantsToken(pod) ? deps.issueToken(namespace, pod.spec.serviceAccountName ?? 'default') : '',
  ]);
  return { configMap: (name) => maps.get(name), secret: (name) => hidden.get(name), token };
}

/** The same as text, for environment variables. */
export function asText(data: PodData): ReferencedData {
  const text = (bytes: DataBytes | undefined): Record<string, string> | undefined =>
    bytes && Object.fromEntries(Object.entries(bytes).map(([key, value]) => [key, value.toString('utf8')]));
  return { configMap: (name) => text(data.configMap(name)), secret: (name) => text(data.secret(name)) };
}

/** True when a projected volume holds a token: the API adds one to each Pod that does not say no. */
export const wantsToken = (pod: LabPod): boolean =>
  (pod.spec.volumes ?? []).some((volume) =>
    volume.projected?.sources?.some((source) => source.serviceAccountToken !== undefined),
  );

/** Names of every ConfigMap and Secret that volumes and environments of a Pod mention. */
export function referencedNames(pod: LabPod): {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
} {
  const found = { configMaps: new Set<string>(), secrets: new Set<string>() };
  const add = (set: Set<string>, name: string | undefined): void => void (name !== undefined && set.add(name));
  for (const volume of pod.spec.volumes ?? []) {
    add(found.configMaps, volume.configMap?.name);
    add(found.secrets, volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add(found.configMaps, source.configMap?.name);
      add(found.secrets, source.secret?.name);
    }
  }
  for (const container of allContainers(pod)) {
    for (const source of container.envFrom ?? []) {
      add(found.configMaps, source.configMapRef?.name);
      add(found.secrets, source.secretRef?.name);
    }
    for (const variable of container.env ?? []) {
      add(found.configMaps, variable.valueFrom?.configMapKeyRef?.name);
      add(found.secrets, variable.valueFrom?.secretKeyRef?.name);
    }
  }
  return found;
}

function allContainers(pod: LabPod): readonly LabContainer[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
}

async function readAll<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  namespace: string,
  names: ReadonlySet<string>,
  decode: (object: T) => DataBytes,
): Promise<ReadonlyMap<string, DataBytes>> {
  const found = new Map<string, DataBytes>();
  await Promise.all(
    [...names].map(async (name) => {
      try {
        found.set(name, decode(await client.get(resource, name, { namespace })));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }),
  );
  return found;
}

function configMapBytes(map: ConfigMap & { binaryData?: Record<string, string> }): DataBytes {
  const plain = Object.entries(map.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const);
  return { ...Object.fromEntries(plain), ...fromBase64(map.binaryData) };
}

function fromBase64(data: Readonly<Record<string, string>> = {}): DataBytes {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
}
