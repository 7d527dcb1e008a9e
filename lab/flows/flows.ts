// Whether flows get through, by real packets from inside Pods of the lab.
import { join } from 'node:path';
import { z } from 'zod';
import type { Pod } from '../../src/kube/resources.ts';
import type { Lab } from '../lab.ts';

export interface Flow {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  /** An address. */
  readonly to: string;
  /** Of TCP and UDP; whatever listens there answers at once (`server.ts`). */
  readonly port: number;
  /** Tried again and again until then. */
  readonly limitMs: number;
}

/** One answer per flow: true when something came back. A Pod of the node's own network asks for the node. */
export async function tryFlows(
  { lab, projectDir }: { readonly lab: Pick<Lab, 'exec'>; readonly projectDir: string },
  from: Pod,
  flows: readonly Flow[],
): Promise<readonly boolean[]> {
  const program = join(projectDir, 'lab', 'flows', 'probe.ts');
  const { code, stdout, stderr } = await lab.exec(from, [process.execPath, program, JSON.stringify(flows)]);
  if (code !== 0) throw new Error(`${program} exits ${code}: ${stderr.trim()}`);
  return z.array(z.boolean()).length(flows.length).parse(JSON.parse(stdout));
}

/** The command of a container that answers on `address` and `port`. */
export const serverCommand = (projectDir: string, address: string, port: number): readonly string[] => [
  process.execPath,
  join(projectDir, 'lab', 'flows', 'server.ts'),
  address,
  String(port),
];

/** What became of a connection that was open when the groups changed, and of those begun after it. */
export interface Conversation {
  readonly began: boolean;
  /** A later connection got no answer, within the limit. */
  readonly shut: boolean;
  /** The first one got one after that. */
  readonly goesOn: boolean;
}

/** Begins at once; ends when a new connection to `echoCommand` gets no answer, or after `limitMs`. */
export async function converse(
  { lab, projectDir }: { readonly lab: Pick<Lab, 'exec'>; readonly projectDir: string },
  from: Pod,
  { to, port, limitMs }: Omit<Flow, 'protocol'>,
): Promise<Conversation> {
  const program = join(projectDir, 'lab', 'flows', 'conversation.ts');
  const argv = [process.execPath, program, to, String(port), String(limitMs)];
  const { code, stdout, stderr } = await lab.exec(from, argv);
  if (code !== 0) throw new Error(`${program} exits ${code}: ${stderr.trim()}`);
  return z.object({ began: z.boolean(), shut: z.boolean(), goesOn: z.boolean() }).parse(JSON.parse(stdout));
}

/** The command of a container that says back what it is told on `address` and `port`. */
export const echoCommand = (projectDir: string, address: string, port: number): readonly string[] => [
  process.execPath,
  join(projectDir, 'lab', 'flows', 'echo.ts'),
  address,
  String(port),
];
