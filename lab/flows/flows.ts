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
