// Where the documents are typed: a lab, a folder for their files, and terminals in which kubectl and tccli reach it.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packetsPossible, PROJECT_DIR } from '../../../lab/host/testing/test-host.ts';
import { probeHost } from '../../../lab/host/probe.ts';
import { findKubectl } from '../../../lab/kubectl.ts';
import type { Lab, LabOptions } from '../../../lab/lab.ts';
import { startLab } from '../../../lab/lab.ts';
import { openTerminal } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export interface Desk {
  readonly lab: Lab;
  /** bash on the user's machine. */
  terminal(): Terminal;
  /** What a command line gives at a terminal of its own, such as `kubectl exec -it POD -- /bin/bash`. */
  terminalOf(command: string): Terminal;
  /**
   * The editor that `kubectl edit` opens from here on runs `sed -i` with this expression, as somebody's typing. In a terminal that is open
   * already, set `KUBE_EDITOR` to the path it resolves to.
   */
  editor(expression: string): Promise<string>;
  close(): Promise<void>;
}

/** Whether the documents can be typed here; `why` completes the name of the skipped suites. */
export async function typingPossible(): Promise<{ readonly possible: boolean; readonly why: string }> {
  const packets = packetsPossible(probeHost());
  if (!packets.possible) return packets;
  const kubectl = await findKubectl('/dev/null', process.env);
  if (kubectl.kind === 'absent') return { possible: false, why: ` (skipped: ${kubectl.reason})` };
  // It gives a program the terminal that a person would have.
  const script = spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0;
  return script
    ? { possible: true, why: '' }
    : { possible: false, why: ' (skipped: script of util-linux is not installed)' };
}

export async function openDesk(options: Pick<LabOptions, 'nodes' | 'superNodes' | 'grants' | 'ipMode'>): Promise<Desk> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-desk-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const lab = await startLab({ ...options, projectDir: PROJECT_DIR, progress: () => undefined });
    stack.defer(() => lab.close());
    const bin = join(folder, 'bin');
    await mkdir(bin);
    const standIn = join(import.meta.dirname, 'tccli.ts');
    await writeFile(join(bin, 'tccli'), `#!/bin/sh\nexec '${process.execPath}' '${standIn}' "$@"\n`, { mode: 0o755 });
    const { endpoint, secretId, secretKey, region } = lab.cloudAccess;
    const env = {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      TERM: 'dumb',
      KUBECONFIG: lab.kubeconfig,
      LAB_CLOUD_ENDPOINT: endpoint,
      TENCENTCLOUD_SECRET_ID: secretId,
      TENCENTCLOUD_SECRET_KEY: secretKey,
      TENCENTCLOUD_REGION: region,
    };
    const open = (argv: readonly [string, ...string[]]): Terminal => {
      const terminal = openTerminal(argv, { cwd: folder, env });
      stack.defer(() => terminal.close());
      return terminal;
    };
    let editors = 0;
    return {
      lab,
      terminal: () => open(['bash', '--norc', '-s']),
      terminalOf: (command) => open(['script', '--quiet', '--flush', '--return', '--command', command, '/dev/null']),
      editor: async (expression) => {
        const path = join(bin, `editor-${(editors += 1)}`);
        const quoted = expression.replaceAll("'", "'\\''");
        await writeFile(path, `#!/bin/sh\nexec sed -i -e '${quoted}' "$1"\n`, { mode: 0o755 });
        return path;
      },
      close: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
