// The lab's API is a cluster that a kubeconfig reaches.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../src/base/clock.ts';
import { loadKubeConfig } from '../../../src/kube/config.ts';
import type { ClusterApi } from '../cluster-api.ts';
import { createRealApi } from './real-api.ts';

/** Uses the file's current context. Throws with what is missing in the file; rejects when the server cannot be reached. */
export async function openKubeconfig(path: string, clock: Clock): Promise<ClusterApi> {
  const connection = await loadKubeConfig({ path });
  const { caPem } = connection;
  if (caPem === undefined)
    throw new Error(`kubeconfig ${path}: the lab's nodes need the cluster's certificate-authority-data`);
  return createRealApi({
    connection: { ...connection, caPem },
    clock,
    kubeconfig: await readFile(path, 'utf8'),
    endsWithLab: false,
    close: () => Promise.resolve(),
  });
}
