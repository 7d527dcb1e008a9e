// Where the agent finds a namespace that the runtime names, and what it takes for one.
import { statfsSync, statSync } from 'node:fs';
import { cniCodes, CniError } from '../cni/error.ts';

/** The file system of namespaces (linux/magic.h, NSFS_MAGIC). */
const NAMESPACES = 0x6e736673;

/**
 * Runtimes keep their namespaces in /run/netns and name them there or below /var/run, which need not be the same directory in the agent's own
 * image: `directory` is where that directory is mounted. Any other path is used as it is.
 */
export const netnsFinder =
  (directory: string) =>
  (path: string): string =>
    path.replace(/^\/(?:var\/)?run\/netns\/(?=[^/]+$)/, `${directory}/`);

/**
 * Throws CniError 4 for what is no namespace, or is `own`, the node's: a Pod's default route would become the node's. Anything else is for the
 * kernel to judge, when it enters it.
 */
export function checkNetns(path: string, own = '/proc/self/ns/net'): void {
  const refuse = (why: string): never => {
    throw new CniError(
      cniCodes.invalidEnvironment,
      `CNI_NETNS ${path}: ${why}`,
      "expected the network namespace of a Pod, as a file that the agent sees (--netns-dir: the runtime's directory)",
    );
  };
  let type: number;
  try {
    type = statfsSync(path).type;
  } catch {
    return refuse('there is no such namespace');
  }
  if (type !== NAMESPACES) return refuse('this is no namespace');
  const [asked, node] = [statSync(path), statSync(own)];
  if (asked.ino === node.ino && asked.dev === node.dev) refuse('this is the namespace of the node itself');
}
