// The connection of a program of ours: the kubeconfig it was given, else the ServiceAccount of its Pod.
import { inClusterConfig, loadKubeConfig } from './config.ts';
import type { KubeConnection } from './connection.ts';

/** Throws as `loadKubeConfig` and `inClusterConfig` do. */
export async function programConnection(
  kubeconfig: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<KubeConnection> {
  return kubeconfig === undefined ? await inClusterConfig({ env }) : await loadKubeConfig({ path: kubeconfig });
}
