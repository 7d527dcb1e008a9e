// Composition root of ip-masq-agent.
import { objectNames } from '../api/keys.ts';
import { systemClock } from '../base/clock.ts';
import { flagsOrExit } from '../base/flags.ts';
import { createLogger } from '../base/logger.ts';
import { stopOnSignals } from '../base/stop-signal.ts';
import { createKubeClient } from '../kube/client.ts';
import { programConnection } from '../kube/program-connection.ts';
import { masqFlags } from '../masquerade/flags.ts';
import { createMarkRule } from '../masquerade/mark-rule.ts';
import { createNft } from '../masquerade/nft.ts';
import { runMasquerade } from '../masquerade/program.ts';
import { shortHash } from '../planning/eni-identity.ts';
import { runToItsEnd } from '../kube/ending.ts';

const PROGRAM = objectNames.masq;

async function main(): Promise<void> {
  const flags = flagsOrExit(PROGRAM, masqFlags, process.argv.slice(2));
  const logger = createLogger(PROGRAM, flags['log-level']);
  const signal = stopOnSignals();
  const connection = await programConnection(flags.kubeconfig, process.env);
  const client = createKubeClient({ connection, clock: systemClock, logger, userAgent: PROGRAM });
  try {
    await runMasquerade({
      client,
      nft: createNft(),
      markRule: createMarkRule(),
      clock: systemClock,
      logger,
      nodeName: flags['node-name'],
      hash: shortHash,
      podInterfaces: flags['pod-interfaces'],
      metrics: flags['metrics-address'],
      signal,
    });
  } finally {
    client.close();
  }
}

await runToItsEnd(PROGRAM, main);
