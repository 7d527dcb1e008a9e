// What the child of the benchmark `cni` tells its parent.
import { z } from 'zod';

export const contenders = ['trunkline', 'ptp', 'bridge'] as const;
export type Contender = (typeof contenders)[number];

const callsSchema = z.object({
  /** Milliseconds from start to exit of each call. */
  add: z.array(z.number()),
  del: z.array(z.number()),
});
export type Calls = z.infer<typeof callsSchema>;

const turnSchema = z.object({
  serial: callsSchema,
  burst: callsSchema,
  /** Milliseconds of processor time per ADD and its DEL, over the plugin, what it started, and the agent with what it started. */
  cpuMs: z.number(),
});
export type Turn = z.infer<typeof turnSchema>;

/** One turn of each contender, over the same namespaces. */
const blockSchema = z.object({ trunkline: turnSchema, ptp: turnSchema, bridge: turnSchema });
export type Block = z.infer<typeof blockSchema>;

const guestsSchema = z.object({
  /** Of each ADD, one after the other. */
  ms: z.array(z.number()),
  /** Mean milliseconds of the parts of our agent's ADDs, for each group of Pods that came. */
  phases: z.array(z.record(z.string(), z.number())),
});

/** On the empty node and on the full one. */
const endsSchema = z.object({ first: guestsSchema, last: guestsSchema });
export type Ends = z.infer<typeof endsSchema>;

const fullNodeSchema = z.object({
  /** Pods. */
  count: z.number(),
  /** Each time that the node was filled, by us and by who tells what a full node costs in the kernel alone. */
  fills: z.array(z.object({ trunkline: endsSchema, ptp: endsSchema })),
  /** Of the agent with this many Pods. */
  rssMb: z.number(),
  /** Share of one processor that the agent and what it keeps running take while nothing happens. */
  idleCpu: z.number(),
});
export type FullNode = z.infer<typeof fullNodeSchema>;

export const messageSchema = z.union([
  z.object({ progress: z.string() }),
  z.object({ block: blockSchema }),
  z.object({ fullNode: fullNodeSchema, fileSystem: z.string() }),
]);
export type Message = z.infer<typeof messageSchema>;
