// Tools that people expect in a Pod and the machine may lack: busybox under their names.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SYSTEM_PATH } from './tool-path.ts';

/** Where they are found in a root; the last of a process' PATH, so that the machine's own come first. */
export const APPLETS_DIR = '/opt/lab/bin';

const APPLETS = ['nslookup', 'ping', 'nc', 'telnet', 'traceroute', 'tftp', 'wget', 'vi'];

/** Name and target of each link that a root needs on this machine; none without busybox. */
export function missingApplets(exists: (path: string) => boolean = existsSync): readonly (readonly [string, string])[] {
  const find = (tool: string): string | undefined =>
    SYSTEM_PATH.split(':')
      .map((directory) => join(directory, tool))
      .find(exists);
  const busybox = find('busybox');
  if (busybox === undefined) return [];
  return APPLETS.filter((tool) => find(tool) === undefined).map((tool) => [tool, busybox]);
}

/** Makes the links in a root that was just made. */
export function linkApplets(root: string, applets: ReturnType<typeof missingApplets>): void {
  const directory = join(root, APPLETS_DIR);
  mkdirSync(directory, { recursive: true });
  for (const [tool, target] of applets) symlinkSync(target, join(directory, tool));
}
