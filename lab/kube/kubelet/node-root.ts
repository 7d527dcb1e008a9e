// The files of a node: a root of its own, which its kubelet, its system Pods and the shells on it share.
import { rootPath } from '../../host/mounts.ts';
import type { LabHost } from '../../host/types.ts';
import { CNI_BIN_DIR, CNI_CONF_DIR } from './cni-config.ts';

const rootName = (nodeName: string): string => `node-${nodeName}`;

/** Where that root lies in the lab's own view, for terminals that enter it. */
export const nodeRootPath = (nodeName: string): string => rootPath(rootName(nodeName));

/** Where Debian keeps the reference plugins; nodes have them beside the network's own, for those who chain them. */
const MACHINE_PLUGINS = '/usr/lib/cni';
const REFERENCE_PLUGINS = ['portmap', 'bandwidth'] as const;

/** The node's own files: the machine's, with private /etc, /opt, /run, /tmp and /var. */
export async function makeNodeRoot(host: LabHost, nodeName: string): Promise<string> {
  const root = await host.makeRoot({ name: rootName(nodeName), binds: [] });
  // The machine's own CNI files must not become this node's: /etc reads through until it is written.
  const script = `rm -rf "$1" && mkdir -p "$1" "$2" /var/lib/kubelet /var/lib/cni
    for plugin in ${REFERENCE_PLUGINS.join(' ')}; do [ ! -x "$3/$plugin" ] || ln -sf "$3/$plugin" "$2"; done`;
  const argv = ['busybox', 'sh', '-eu', '-c', script, 'sh', CNI_CONF_DIR, CNI_BIN_DIR, MACHINE_PLUGINS];
  const made = await host.exec(argv, { root });
  if (made.code !== 0) throw new Error(`node ${nodeName}: cannot prepare its root: ${made.stderr.trim()}`);
  return root;
}
