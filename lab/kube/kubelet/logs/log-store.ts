// Where the logs of containers lie: a file for each run, as on a node, and by each container's name the latest of them.
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { LabPod } from '../pod-view.ts';

/** A Pod, as far as the names of its logs go. */
export type LoggedPod = Pick<LabPod, 'metadata'>;

export interface LogStore {
  /** The file of a new run, in a directory that exists; the run before keeps its file, older ones go. */
  begin(pod: LoggedPod, container: string, containerId: string): Promise<string>;
  /** The file of a run by `containerID` as in the Pod's status; `undefined` when it is gone. */
  find(containerId: string): string | undefined;
  /** Removes every log of a Pod. */
  forget(pod: LoggedPod): Promise<void>;
}

/** Runs of a container whose logs are kept: the present one and the one before, as `--previous` shows it. */
const KEPT = 2;

/** A link with the container's name that leads to the log of its latest run. */
export function containerLogFile(stateDir: string, pod: LoggedPod, container: string): string {
  return join(stateDir, 'logs', `${pod.metadata.namespace ?? 'default'}_${pod.metadata.name}_${container}.log`);
}

interface Run {
  readonly containerId: string;
  readonly file: string;
}

export function createLogStore(stateDir: string): LogStore {
  const runs = new Map<string, Run[]>();
  const files = new Map<string, string>();
  const counts = new Map<string, number>();
  const podDir = ({ metadata }: LoggedPod): string =>
    join(stateDir, 'logs', 'pods', `${metadata.namespace ?? 'default'}_${metadata.name}_${metadata.uid ?? ''}`);

  const drop = async ({ containerId, file }: Run): Promise<void> => {
    files.delete(containerId);
    const rotated = (await readdir(dirname(file)).catch(() => [])).filter((name) =>
      name.startsWith(`${basename(file)}.`),
    );
    for (const name of [basename(file), ...rotated]) await rm(join(dirname(file), name), { force: true });
  };

  return {
    begin: async (pod, container, containerId) => {
      const directory = join(podDir(pod), container);
      const number = counts.get(directory) ?? 0;
      counts.set(directory, number + 1);
      const file = join(directory, `${number}.log`);
      await mkdir(directory, { recursive: true });
      const known = [...(runs.get(directory) ?? []), { containerId, file }];
      for (const old of known.splice(0, Math.max(0, known.length - KEPT))) await drop(old);
      runs.set(directory, known);
      files.set(containerId, file);
      const link = containerLogFile(stateDir, pod, container);
      await rm(link, { force: true });
      await symlink(relative(dirname(link), file), link);
      return file;
    },
    find: (containerId) => files.get(containerId),
    forget: async (pod) => {
      const directory = podDir(pod);
      for (const [key, known] of runs) {
        if (dirname(key) !== directory) continue;
        for (const { containerId } of known) files.delete(containerId);
        runs.delete(key);
        counts.delete(key);
        await rm(containerLogFile(stateDir, pod, basename(key)), { force: true });
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}
