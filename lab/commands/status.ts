// `lab status`: what runs and where.
import { join } from 'node:path';
import { renderTable } from '../table.ts';
import { readState, startingProcess } from '../state-file.ts';
import type { CommandContext } from './context.ts';

/** Exit code 0 when a lab runs, 3 when none does (as `systemctl status`). */
export async function status({ out, ...id }: CommandContext): Promise<number> {
  const state = await readState(id);
  if (state === undefined) {
    const starting = await startingProcess(id);
    out.write(
      starting === undefined
        ? 'no lab is running; start one with: npm start\n'
        : `one is starting (process ${starting}); in a few seconds it is there\n`,
    );
    return 3;
  }
  out.write(`lab of process ${state.pid}, state in ${state.stateDir}\n`);
  out.write(
    renderTable(
      ['NODE', 'KIND', 'NETWORK NAMESPACE'],
      state.nodes.map((node) => [
        node.name,
        node.kind,
        node.netns ?? (node.kind === 'control-plane' ? "the machine's own" : 'none'),
      ]),
    ),
  );
  out.write(`export KUBECONFIG=${state.kubeconfig}\ncloud: ${state.cloud.endpoint}\n`);
  out.write(`all of it, for a shell: . ${join(state.stateDir, 'env')}\n`);
  return 0;
}
