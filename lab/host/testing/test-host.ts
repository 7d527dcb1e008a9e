// A lab host for tests: in a temporary state directory, with the project that the tests belong to.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../../../src/base/logger.ts';
import { startLabHost } from '../lab-host.ts';
import type { HostProbe } from '../probe.ts';
import type { LabHost } from '../types.ts';

/** The project that holds this file. */
export const PROJECT_DIR = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** A running lab host and its way out. */
export interface TestHost {
  readonly host: LabHost;
  readonly stateDir: string;
  /** Ends the host and removes its state directory. */
  readonly stop: () => Promise<void>;
}

/** Started in the mode that the machine allows, unless one is given. */
export async function startTestHost(
  options: { mode?: 'root' | 'rootless'; projectDir?: string } = {},
): Promise<TestHost> {
  const stateDir = await mkdtemp(join(tmpdir(), 'trunkline-host-'));
  const host = await startLabHost({ logger: silentLogger, projectDir: PROJECT_DIR, stateDir, ...options });
  return {
    host,
    stateDir,
    stop: async () => {
      await host.close();
      await rm(stateDir, { recursive: true });
    },
  };
}

/** Whether tests with packets can run here; `why` completes the name of the skipped ones. */
export function packetsPossible(probe: HostProbe): { readonly possible: boolean; readonly why: string } {
  if (probe.missing.length > 0) {
    return { possible: false, why: ` (skipped: ${probe.missing.map(({ tool }) => tool).join(', ')} not installed)` };
  }
  if (!probe.root && !probe.userns) return { possible: false, why: ' (skipped: neither root nor user namespaces)' };
  return { possible: true, why: '' };
}
