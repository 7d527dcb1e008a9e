// `lab node`: stops, freezes, cuts off or loses a node of the running lab, or recovers it.
import { errorText } from '../../src/base/errors.ts';
import { orderNode } from '../node-control.ts';
import type { NodeAction } from '../node-power.ts';
import { readState } from '../state-file.ts';
import type { CommandContext } from './context.ts';

/** Exit code 1 when no lab with nodes runs, or it refuses. */
export async function node({ out, err, ...id }: CommandContext, action: NodeAction, name: string): Promise<number> {
  const state = await readState(id);
  if (state === undefined) {
    err.write('lab: no lab is running; start one with: npm start\n');
    return 1;
  }
  if (state.helperPid === null) {
    err.write('lab: this lab computes its data plane; its nodes are no machines\n');
    return 1;
  }
  try {
    out.write(`node ${name} is ${await orderNode(state.stateDir, name, action)}\n`);
    return 0;
  } catch (error) {
    err.write(`lab: ${errorText(error)}\n`);
    return 1;
  }
}
