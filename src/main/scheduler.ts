// Composition root of the scheduler extender, tke-eni-ip-scheduler.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { objectNames } from '../api/keys.ts';
import { systemClock } from '../base/clock.ts';
import { flagsOrExit } from '../base/flags.ts';
import { createLogger } from '../base/logger.ts';
import { stopOnSignals } from '../base/stop-signal.ts';
import { createKubeClient } from '../kube/client.ts';
import { programConnection } from '../kube/program-connection.ts';
import { schedulerFlags } from '../scheduler/flags.ts';
import { runSchedulerExtender } from '../scheduler/program.ts';
import { runToItsEnd } from '../kube/ending.ts';

const PROGRAM = objectNames.scheduler;

async function main(): Promise<void> {
  const flags = flagsOrExit(PROGRAM, schedulerFlags, process.argv.slice(2));
  const logger = createLogger(PROGRAM, flags['log-level']);
  const signal = stopOnSignals();
  const connection = await programConnection(flags.kubeconfig, process.env);
  const client = createKubeClient({ connection, clock: systemClock, logger, userAgent: PROGRAM });
  try {
    await runSchedulerExtender({
      client,
      clock: systemClock,
      logger,
      listen: flags.listen,
      identity: `${hostname()}_${randomUUID()}`,
      elects: flags['leader-elect'],
      onlyNominated: flags['only-nominated-eni-subnets'],
      signal,
    });
  } finally {
    client.close();
  }
}

await runToItsEnd(PROGRAM, main);
