// For tests: the whole agent as a process of its own, which kills itself at a chosen call of the kernel. Argument: its settings as JSON.
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createKubeClient } from '../../kube/client.ts';
import { createKernel, type Kernel } from '../kernel.ts';
import { runAgent } from '../program.ts';
import { builtIpBatch, kernelInside } from './netns-world.ts';

const agentProcessSchema = z.object({
  base: z.string(),
  nodeName: z.string(),
  /** Path of the node's network namespace. */
  node: z.string(),
  server: z.string(),
  caPem: z.string(),
  token: z.string(),
  /** Killed before the kernel call of this number is made, counted from 1, batches without lines left out; 0: never. */
  killAt: z.int(),
});
export type AgentProcess = z.infer<typeof agentProcessSchema>;

const settings = agentProcessSchema.parse(JSON.parse(process.argv[2] ?? ''));
const { base, server, caPem, token } = settings;
const clock = systemClock;
const logger = silentLogger;
const kernel = kernelInside(createKernel(builtIpBatch()), settings.node);

let calls = 0;
const counted = <A extends readonly unknown[], R>(call: (...args: A) => R): ((...args: A) => R) => {
  return (...args) => {
    // A batch without lines changes nothing, so that nothing can be cut off there.
    if (Array.isArray(args[0]) && args[0].length === 0) return call(...args);
    calls += 1;
    if (calls === settings.killAt) process.kill(process.pid, 'SIGKILL');
    return call(...args);
  };
};
const mortal: Kernel = {
  ...kernel,
  ipBatch: counted((...call: Parameters<Kernel['ipBatch']>) => kernel.ipBatch(...call)),
  setSysctl: counted((...call: Parameters<Kernel['setSysctl']>) => kernel.setSysctl(...call)),
  hasLink: counted((...call: Parameters<Kernel['hasLink']>) => kernel.hasLink(...call)),
};

await runAgent({
  client: createKubeClient({
    clock,
    logger,
    connection: { server, caPem, auth: { readToken: () => Promise.resolve(token) } },
  }),
  kernel: mortal,
  clock,
  logger,
  nodeName: settings.nodeName,
  hash: (text) => text,
  binDirectory: join(base, 'bin'),
  conflistDirectory: join(base, 'net.d'),
  socket: join(base, 'agent.sock'),
  stateDirectory: join(base, 'state'),
  netnsDirectory: '/run/netns',
  entries: [join(base, 'cni-entry')],
  linkDriver: 'veth',
  addTimeoutMs: 20_000,
  addressRestMs: 0,
  version: 'v3.6.0',
  signal: new AbortController().signal,
});
