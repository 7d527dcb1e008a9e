// How another terminal acts on the nodes of a running lab: a socket in its state folder, which only its owner can open.
import { chmod } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

import { z } from 'zod';

import { errorText } from '../src/base/errors.ts';
import { NODE_ACTIONS } from './node-power.ts';
import type { NodeAction, NodePower } from './node-power.ts';

/** A node as this socket needs it. */
export interface ControlledNode {
  readonly name: string;
  readonly power: NodePower;
  act(action: NodeAction): Promise<void>;
}

const order = z.strictObject({ node: z.string(), action: z.enum(NODE_ACTIONS) });
const answer = z.object({ power: z.string().optional(), problem: z.string().optional() });

const socketOf = (stateDir: string): string => join(stateDir, 'control.sock');

/** Serves until `close`. `nodes` may grow meanwhile. */
export async function serveNodeControl(
  stateDir: string,
  nodes: readonly ControlledNode[],
): Promise<{ close(): Promise<void> }> {
  const server = createServer((message, response) => {
    const reply = (code: number, body: z.infer<typeof answer>): void => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const perform = async (): Promise<void> => {
      const { node: name, action } = order.parse(await json(message));
      const node = nodes.find((candidate) => candidate.name === name);
      if (node === undefined)
        return reply(404, { problem: `no node "${name}"; nodes: ${nodes.map((each) => each.name).join(', ')}` });
      await node.act(action);
      reply(200, { power: node.power });
    };
    perform().catch((error: unknown) => reply(409, { problem: errorText(error) }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketOf(stateDir), resolve);
  });
  await chmod(socketOf(stateDir), 0o600);
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Asks the lab of that state folder. Gives the node's state afterwards; throws with the lab's words when it refuses. */
export async function orderNode(stateDir: string, node: string, action: NodeAction): Promise<string> {
  const body = JSON.stringify({ node, action } satisfies z.infer<typeof order>);
  const received = await new Promise<unknown>((resolve, reject) => {
    const sent = request({ socketPath: socketOf(stateDir), method: 'POST', path: '/' }, (response) => {
      json(response).then(resolve, reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
  const { power, problem } = answer.parse(received);
  if (power === undefined) throw new Error(problem ?? 'the lab did not say why');
  return power;
}
