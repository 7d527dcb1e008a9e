// One call of the runtime as the entry frames it: CNI_* variables in X-CNI-* headers, the configuration as body.
import { z } from 'zod';
import { cniCodes, CniError } from './error.ts';

export const cniCommands = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC'] as const;
export type CniCommand = (typeof cniCommands)[number];

/** A decoded call; `stdin` is not parsed yet, since what DEL needs of it is nothing. */
export interface CniCall {
  readonly command: CniCommand;
  readonly containerId: string;
  /** Path of the Pod's network namespace; '' when the runtime has lost it (DEL only). */
  readonly netns: string;
  readonly ifName: string;
  readonly args: string;
  readonly stdin: string;
}

// Everything here reaches file names or lines of text for `ip`, so only what can be harmless is let in.
const containerId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/, 'expected a container id');
const netns = z.string().regex(/^\/[A-Za-z0-9_./:@+-]{1,1023}$/, 'expected the absolute path of a network namespace');
const ifName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/, 'expected an interface name of at most 15 characters');
const anything = z.string();

const attachment = { containerId, ifName };
const schemas = {
  ADD: z.object({ ...attachment, netns }),
  CHECK: z.object({ ...attachment, netns }),
  // The sandbox may be gone: an unreadable namespace must not keep its Pod from ending.
  DEL: z.object({ ...attachment, netns: anything }),
  STATUS: z.object({ containerId: anything, ifName: anything, netns: anything }),
  GC: z.object({ containerId: anything, ifName: anything, netns: anything }),
} as const;

const variables = { containerId: 'CNI_CONTAINERID', netns: 'CNI_NETNS', ifName: 'CNI_IFNAME' } as const;

/** `header` gives a header's value by its lower-case name, '' when absent. Throws CniError 4 that names the variable. */
export function decodeCall(header: (name: string) => string, stdin: string): CniCall {
  const command = cniCommands.find((word) => word === header('x-cni-command'));
  if (command === undefined)
    throw new CniError(
      cniCodes.invalidEnvironment,
      `CNI_COMMAND ${JSON.stringify(header('x-cni-command'))} is not known`,
      `expected one of ${cniCommands.join(', ')}`,
    );
  const raw = {
    containerId: header('x-cni-containerid'),
    netns: header('x-cni-netns'),
    ifName: header('x-cni-ifname'),
  };
  const result = schemas[command].safeParse(raw);
  if (!result.success) {
    const issue = result.error.issues[0];
    const field = z.enum(['containerId', 'netns', 'ifName']).parse(issue?.path[0]);
    throw new CniError(
      cniCodes.invalidEnvironment,
      `${variables[field]} ${JSON.stringify(raw[field])}: ${issue?.message ?? 'not accepted'}`,
    );
  }
  return { command, ...result.data, args: header('x-cni-args'), stdin };
}
