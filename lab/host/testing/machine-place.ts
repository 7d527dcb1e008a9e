// For tests: a folder in which they may leave what programs of the lab then try to harm.
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_DIR } from './test-host.ts';

/** Of these every root has one of its own: what lies there is nobody else's from the beginning. */
const OWN_IN_ROOTS = /^\/(tmp|run|var|opt|etc)\//;

/** A folder of this user that roots see as the machine has it, wherever the project lies. Throws when there is none. */
export function placeOnTheMachine(): string {
  const writable = (folder: string): boolean => {
    try {
      accessSync(folder, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  };
  const found = [join(PROJECT_DIR, 'node_modules'), homedir(), '/srv', '/home'].find(
    (folder) => !OWN_IN_ROOTS.test(`${folder}/`) && writable(folder),
  );
  if (found === undefined) throw new Error('no folder outside /tmp, /run, /var, /opt and /etc may be written to');
  return found;
}
