// `lab status`: what runs and where.
import { renderTable } from '../table.ts';
import { readState } from '../state-file.ts';
import type { CommandContext } from './context.ts';

/** Exit code 0 when a lab runs, 3 when none does (as `systemctl status`). */
export async function status({ out, ...id }: CommandContext): Promise<number> {
  const state = await readState(id);
  if (state === undefined) {
    out.write('no lab is running; start one with: npm start\n');
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
  return 0;
}
