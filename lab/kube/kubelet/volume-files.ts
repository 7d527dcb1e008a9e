// Which files a volume consists of: ConfigMap, Secret, downward API and projections. Pure.
import { kubeletError } from './errors.ts';
import { fieldValue } from './field-ref.ts';
import type { PodPlace } from './field-ref.ts';
import type { DownwardFile, KeyToPath, LabPod, ProjectedSource, Volume } from './pod-view.ts';
import { resourceValue } from './resource-ref.ts';
import type { DataBytes, PodData } from './referenced-data.ts';

export interface VolumeFile {
  /** Relative, inside the volume. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

const DEFAULT_MODE = 0o644;

/** Files of a volume that has them; `undefined` for hostPath, emptyDir and kinds that the lab lacks. Throws KUBELET-MOUNT for what is missing. */
export function volumeFiles(
  volume: Volume,
  pod: LabPod,
  place: PodPlace,
  data: PodData,
): readonly VolumeFile[] | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    const source = { kind: 'ConfigMap', bytes: data.configMap(configMap.name), ...configMap };
    return keyedFiles(source, configMap.defaultMode ?? DEFAULT_MODE);
  }
  if (secret !== undefined) {
    const source = { kind: 'Secret', bytes: data.secret(secret.secretName), ...secret, name: secret.secretName };
    return keyedFiles(source, secret.defaultMode ?? DEFAULT_MODE);
  }
  if (downwardAPI !== undefined) return downwardFiles(downwardAPI.items ?? [], pod, place);
  if (projected !== undefined) {
    const mode = projected.defaultMode ?? DEFAULT_MODE;
    return (projected.sources ?? []).flatMap((source) => projectedFiles(source, mode, pod, place, data));
  }
  return undefined;
}

function projectedFiles(
  source: ProjectedSource,
  mode: number,
  pod: LabPod,
  place: PodPlace,
  data: PodData,
): readonly VolumeFile[] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap !== undefined)
    return keyedFiles({ kind: 'ConfigMap', bytes: data.configMap(configMap.name), ...configMap }, mode);
  if (secret !== undefined) return keyedFiles({ kind: 'Secret', bytes: data.secret(secret.name), ...secret }, mode);
  if (downwardAPI !== undefined) return downwardFiles(downwardAPI.items ?? [], pod, place);
  if (serviceAccountToken === undefined)
    throw kubeletError('unsupported', `projected volume source ${Object.keys(source).join(', ') || 'without a kind'}`);
  if (serviceAccountToken.audience !== undefined && serviceAccountToken.audience !== '')
    throw kubeletError(
      'unsupported',
      `serviceAccountToken with audience "${serviceAccountToken.audience}"; only the API server's own`,
    );
  return [{ path: insidePath(serviceAccountToken.path), content: Buffer.from(data.token), mode }];
}

interface KeyedSource {
  readonly kind: string;
  readonly name: string;
  readonly bytes: DataBytes | undefined;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

function keyedFiles({ kind, name, bytes, items, optional }: KeyedSource, mode: number): readonly VolumeFile[] {
  if (bytes === undefined) {
    if (optional === true) return [];
    throw kubeletError('mount', `${kind.toLowerCase()} "${name}" not found`);
  }
  if (items === undefined || items.length === 0)
    return Object.entries(bytes).map(([key, content]) => ({ path: insidePath(key), content, mode }));
  return items.flatMap((item) => {
    const content = bytes[item.key];
    if (content !== undefined) return [{ path: insidePath(item.path), content, mode: item.mode ?? mode }];
    if (optional === true) return [];
    throw kubeletError('mount', `references non-existent ${kind === 'Secret' ? 'secret' : 'config'} key: ${item.key}`);
  });
}

function downwardFiles(items: readonly DownwardFile[], pod: LabPod, place: PodPlace): readonly VolumeFile[] {
  return items.map(({ path, fieldRef, resourceFieldRef }) => {
    if (fieldRef === undefined && resourceFieldRef === undefined)
      throw kubeletError('unsupported', `downward API file "${path}" without fieldRef and resourceFieldRef`);
    const text =
      fieldRef === undefined
        ? resourceFieldRef && resourceValue(pod, '', resourceFieldRef, place.allocatable ?? {})
        : fieldValue(pod, place, fieldRef.fieldPath);
    return { path: insidePath(path), content: Buffer.from(text ?? ''), mode: DEFAULT_MODE };
  });
}

function insidePath(path: string): string {
  if (path === '' || path.startsWith('/') || path.split('/').includes('..'))
    throw kubeletError('unsupported', `file "${path}" of a volume: expected a relative path without ".."`);
  return path;
}
