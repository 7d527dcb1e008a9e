// Composition root of the admission webhook, add-pod-eni-ip-limit-webhook.
import { randomUUID } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import { flagsOrExit } from '../base/flags.ts';
import { createLogger } from '../base/logger.ts';
import { stopOnSignals } from '../base/stop-signal.ts';
import { createKubeClient } from '../kube/client.ts';
import { programConnection } from '../kube/program-connection.ts';
import { webhookFlags } from '../webhook/flags.ts';
import { runWebhook } from '../webhook/program.ts';
import { runToItsEnd } from '../kube/ending.ts';

const PROGRAM = 'add-pod-eni-ip-limit-webhook';

async function main(): Promise<void> {
  const flags = flagsOrExit(PROGRAM, webhookFlags, process.argv.slice(2));
  const logger = createLogger(PROGRAM, flags['log-level']);
  const signal = stopOnSignals();
  const connection = await programConnection(flags.kubeconfig, process.env);
  const client = createKubeClient({ connection, clock: systemClock, logger, userAgent: PROGRAM });
  try {
    await runWebhook({
      client,
      clock: systemClock,
      logger,
      listen: flags.listen,
      advertiseAddress: flags['advertise-address'],
      identity: randomUUID().slice(0, 8),
      serviceName: flags['service-name'],
      serviceNamespace: flags['service-namespace'],
      servingNames: flags['serving-names'],
      defaultCni: flags['default-cni'],
      servesEip: flags['enable-eip-resource'],
      signal,
    });
  } finally {
    client.close();
  }
}

await runToItsEnd(PROGRAM, main);
