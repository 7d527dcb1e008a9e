// Composition root of the lab's cluster DNS, what runs in the Pods of Deployment kube-system/coredns.
import { z } from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { errorText } from '../../src/base/errors.ts';
import { flagsOrExit, integerFlag, requiredFlag, textFlag } from '../../src/base/flags.ts';
import { createLogger } from '../../src/base/logger.ts';
import { stopOnSignals } from '../../src/base/stop-signal.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { programConnection } from '../../src/kube/program-connection.ts';
import { runDns } from './program.ts';

const PROGRAM = 'coredns';

const FLAGS = {
  listen: requiredFlag()
    .pipe(z.ipv4({ error: 'expected an IPv4 address' }))
    .describe('address to answer at; required'),
  port: integerFlag(53, { min: 1, max: 65_535 }).describe('UDP and TCP port (default 53)'),
  domain: textFlag('cluster.local').describe('domain of the cluster (default cluster.local)'),
  kubeconfig: textFlag().describe('file; default: the ServiceAccount of the Pod'),
};

async function main(): Promise<void> {
  const flags = flagsOrExit(PROGRAM, FLAGS, process.argv.slice(2));
  const logger = createLogger(PROGRAM, 'info');
  const signal = stopOnSignals();
  const connection = await programConnection(flags.kubeconfig, process.env);
  const client = createKubeClient({ connection, clock: systemClock, logger, userAgent: PROGRAM });
  try {
    await runDns({
      client,
      clock: systemClock,
      logger,
      host: flags.listen,
      port: flags.port,
      domain: flags.domain ?? 'cluster.local',
      random: Math.random,
      signal,
    });
  } finally {
    client.close();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${PROGRAM}: ${errorText(error)}\n`);
  process.exitCode = 1;
}
