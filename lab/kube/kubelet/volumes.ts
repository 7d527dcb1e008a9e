// Makes the volumes of a Pod on the machine and says which binds a container's root needs for them.
import { mkdir, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { TrunklineError } from '../../../src/base/errors.ts';
import type { LabHost, RootSpec } from '../../host/types.ts';
import { kubeletError } from './errors.ts';
import type { PodPlace } from './field-ref.ts';
import type { KubeletNode } from './kubelet-types.ts';
import type { LabContainer, LabPod, Volume } from './pod-view.ts';
import type { PodData } from './referenced-data.ts';
import { volumeFiles } from './volume-files.ts';
import { writeVolume } from './volume-writer.ts';

/** Where a volume's content is, and whether containers may write it. */
export interface MountedVolume {
  readonly source: string;
  /** Root that `source` is seen in; absent: the machine. */
  readonly sourceRoot?: string;
  readonly readOnly: boolean;
}

export type PodVolumes = ReadonlyMap<string, MountedVolume>;

export interface VolumeDeps {
  readonly host: LabHost;
  readonly node: KubeletNode;
  readonly nodeRoot: string;
}

/** Makes every volume below `directory`; repeating it writes the files again. Throws KUBELET-MOUNT or KUBELET-UNSUPPORTED. */
export async function mountVolumes(
  deps: VolumeDeps,
  directory: string,
  pod: LabPod,
  place: PodPlace,
  data: PodData,
): Promise<PodVolumes> {
  const mounted = new Map<string, MountedVolume>();
  for (const volume of pod.spec.volumes ?? [])
    try {
      mounted.set(volume.name, await mountVolume(deps, join(directory, volume.name), volume, pod, place, data));
    } catch (error) {
      throw inVolume(volume.name, error);
    }
  return mounted;
}

/** The same error, with the volume that it is about, as the kubelet's events name it. */
function inVolume(name: string, error: unknown): unknown {
  if (!(error instanceof TrunklineError)) return error;
  return new TrunklineError(error.entry, `MountVolume.SetUp failed for volume "${name}" : ${error.message}`, {
    cause: error,
  });
}

/** Forgets the content of a Pod's volumes; paths of the node stay. */
export async function unmountVolumes(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

/** Binds of one container: its mounts. The ServiceAccount's files are among them, since the API adds them to the Pod. */
export function containerBinds(container: LabContainer, volumes: PodVolumes): RootSpec['binds'] {
  return (container.volumeMounts ?? []).map((mount) => {
    const volume = volumes.get(mount.name);
    if (volume === undefined)
      throw kubeletError(
        'config',
        `container ${container.name} mounts volume "${mount.name}", which the Pod does not have`,
      );
    if (mount.subPath?.split('/').includes('..') === true)
      throw kubeletError('unsupported', `subPath "${mount.subPath}" leads out of its volume`);
    return {
      source: posix.join(volume.source, mount.subPath ?? ''),
      ...(volume.sourceRoot === undefined ? {} : { sourceRoot: volume.sourceRoot }),
      target: mount.mountPath,
      readOnly: volume.readOnly || mount.readOnly === true,
    };
  });
}

/** Top directories that every root has for itself, so that nothing has to be asked. */
const PRIVATE_TOPS: ReadonlySet<string> = new Set(['etc', 'opt', 'run', 'tmp', 'var']);

// The nearest directory above $1 that is there, and whether it may be written.
const CAN_BE_MADE =
  'at="$1"; while [ ! -e "$at" ]; do at="${at%/*}"; at="${at:-/}"; done; [ "$at" = "$1" ] || [ -w "$at" ]';

/**
 * Refuses mount points that would have to be made where the machine's own files are read-only, or for an ordinary user
 * somebody else's. Throws KUBELET-UNSUPPORTED.
 */
export async function checkMountPoints({ host, nodeRoot }: VolumeDeps, binds: RootSpec['binds']): Promise<void> {
  for (const { target } of binds) {
    if (PRIVATE_TOPS.has(target.split('/')[1] ?? '')) continue;
    const allowed = await host.exec(['busybox', 'sh', '-c', CAN_BE_MADE, 'sh', target], { root: nodeRoot });
    if (allowed.code !== 0)
      throw kubeletError(
        'unsupported',
        `mountPath ${target}: does not exist, and cannot be made among the machine's own files; use a path below /${[...PRIVATE_TOPS].join(', /')}`,
      );
  }
}

async function mountVolume(
  deps: VolumeDeps,
  directory: string,
  volume: Volume,
  pod: LabPod,
  place: PodPlace,
  data: PodData,
): Promise<MountedVolume> {
  if (volume.hostPath !== undefined) return mountHostPath(deps, volume.hostPath);
  if (volume.emptyDir !== undefined) {
    await mkdir(directory, { recursive: true });
    return { source: directory, readOnly: false };
  }
  const files = volumeFiles(volume, pod, place, data);
  if (files === undefined) {
    const kinds = Object.keys(volume).filter((key) => key !== 'name');
    throw kubeletError(
      'unsupported',
      `volume "${volume.name}" of kind ${kinds.join(', ') || 'nothing'}; the lab has hostPath, emptyDir, configMap, secret, downwardAPI, projected`,
    );
  }
  await writeVolume(directory, files);
  return { source: directory, readOnly: true };
}

async function mountHostPath(
  { host, node, nodeRoot }: VolumeDeps,
  hostPath: { path: string; type?: string },
): Promise<MountedVolume> {
  const { path, type = '' } = hostPath;
  if (node.kind === 'super')
    throw kubeletError('unsupported', `hostPath ${path}: a super node has no files of its own`);
  const inNode = async (script: string): Promise<boolean> =>
    (await host.exec(['busybox', 'sh', '-c', script, 'sh', path], { root: nodeRoot })).code === 0;
  // Without a type nothing is checked, and runtimes make the directory.
  if (type === '' || type === 'DirectoryOrCreate') await inNode('test -e "$1" || mkdir -p "$1"');
  if (type === 'FileOrCreate') await inNode('test -e "$1" || touch "$1"');
  const test = type.startsWith('Directory') ? '-d' : type.startsWith('File') ? '-f' : type === 'Socket' ? '-S' : '-e';
  if (!(await inNode(`test ${test} "$1"`)))
    throw kubeletError(
      'mount',
      `hostPath ${path} (type "${type}") does not exist on node ${node.name}, or is something else`,
    );
  return { source: path, sourceRoot: nodeRoot, readOnly: false };
}
