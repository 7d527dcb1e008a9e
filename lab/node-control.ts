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

/** How nodes come and go, as terraform's local commands ask for it (examples/pod-to-pod-timeout). */
export interface NodeMaker {
  /** One more native node; its name, once it takes Pods. */
  addNative(): Promise<string>;
  remove(name: string): Promise<void>;
}

const order = z.union([
  z.strictObject({ action: z.literal('add-native') }),
  z.strictObject({ action: z.literal('remove'), node: z.string() }),
  z.strictObject({ node: z.string(), action: z.enum(NODE_ACTIONS) }),
]);
const answer = z.object({ power: z.string().optional(), node: z.string().optional(), problem: z.string().optional() });

const socketOf = (stateDir: string): string => join(stateDir, 'control.sock');

/** Serves until `close`. `nodes` may grow meanwhile; nodes are made and removed one at a time. */
export async function serveNodeControl(
  stateDir: string,
  nodes: readonly ControlledNode[],
  maker?: NodeMaker,
): Promise<{ close(): Promise<void> }> {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: (maker: NodeMaker) => Promise<T>): Promise<T> => {
    if (maker === undefined) return Promise.reject(new Error('this lab neither makes nor removes nodes'));
    const done = last.then(() => work(maker));
    last = done.catch(() => undefined);
    return done;
  };
  const server = createServer((message, response) => {
    const reply = (code: number, body: z.infer<typeof answer>): void => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const perform = async (): Promise<void> => {
      const wish = order.parse(await json(message));
      if (wish.action === 'add-native') return reply(200, { node: await inTurn((own) => own.addNative()) });
      if (wish.action === 'remove') {
        await inTurn((own) => own.remove(wish.node));
        return reply(200, { node: wish.node });
      }
      const { node: name, action } = wish;
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
  const body = JSON.stringify({ node, action });
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
