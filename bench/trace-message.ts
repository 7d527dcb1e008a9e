// What the benchmark `trace` and its child say to each other.
import { z } from 'zod';

export const sizeSchema = z.object({
  pods: z.int(),
  workloads: z.int(),
  groups: z.int(),
  /** Half of them ingress, half egress. */
  rules: z.int(),
  nodes: z.int(),
});
export type AccountSize = z.infer<typeof sizeSchema>;

const measuresSchema = z.object({
  /** Milliseconds of each flow, traced and evaluated plainly. */
  flows: z.object({ times: z.array(z.number()), plain: z.array(z.number()), delivered: z.int() }),
  pairs: z.object({ times: z.array(z.number()), open: z.int() }),
  readMs: z.number(),
  openMs: z.number(),
  /** Of the process, everything included. */
  peakMiB: z.number(),
});
export type TraceMeasures = z.infer<typeof measuresSchema>;

export const messageSchema = z.union([z.object({ progress: z.string() }), measuresSchema]);
export type TraceMessage = z.infer<typeof messageSchema>;
