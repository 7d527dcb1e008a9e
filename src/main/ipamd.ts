// Composition root of ipamd, tke-eni-ipamd.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import project from '../../package.json' with { type: 'json' };
import { systemClock } from '../base/clock.ts';
import { flagsOrExit } from '../base/flags.ts';
import { createLogger } from '../base/logger.ts';
import { stopOnSignals } from '../base/stop-signal.ts';
import { connectCloud } from '../controllers/cloud-connection.ts';
import { createPlanLog } from '../controllers/dry-run.ts';
import { ipamdErrors } from '../controllers/errors.ts';
import { electionOf, ipamdFlags, policyFlags } from '../controllers/flags.ts';
import { createControllers } from '../controllers/index.ts';
import { runIpamd } from '../controllers/program.ts';
import { createKubeClient } from '../kube/client.ts';
import { programConnection } from '../kube/program-connection.ts';
import { runToItsEnd } from '../kube/ending.ts';

const PROGRAM = 'tke-eni-ipamd';

/** A configuration that cannot be right ends like a wrong flag. */
const WRONG_CONFIGURATION: readonly string[] = [
  ipamdErrors.valuesInvalid.code,
  ipamdErrors.leaseTooShort.code,
  ipamdErrors.credentialsInvalid.code,
];

async function main(): Promise<void> {
  const flags = flagsOrExit(PROGRAM, ipamdFlags, process.argv.slice(2));
  const logger = createLogger(PROGRAM, flags['log-level']);
  const signal = stopOnSignals();
  const connection = await programConnection(flags.kubeconfig, process.env);
  const base = { clock: systemClock, logger };
  const cloudBase = { ...base, callTimeoutMs: flags['cloud-call-timeout'] };
  const { 'kube-api-qps': qps, 'kube-api-burst': burst } = flags;
  const plan = flags['dry-run'] ? createPlanLog(logger) : undefined;
  const onDryRun = plan === undefined ? {} : { onDryRun: plan.write };
  const client = createKubeClient({ ...base, connection, userAgent: PROGRAM, qps, burst, ...onDryRun });
  try {
    await runIpamd({
      ...cloudBase,
      client,
      signal,
      identity: `${hostname()}_${randomUUID()}`,
      // A dry run takes nothing from the one that leads.
      election: flags['leader-elect'] && plan === undefined ? electionOf(flags) : undefined,
      adopt: flags.adopt,
      version: `v${project.version}`,
      eventLines: process.stdout,
      flags: policyFlags(flags),
      controllers: createControllers,
      openCloud: (values, metrics) =>
        connectCloud({
          ...cloudBase,
          region: values.region,
          endpoint: flags['cloud-endpoint'],
          source: flags['credential-source'],
          directory: flags['credentials-dir'],
          metadataUrl: flags['metadata-url'],
          env: process.env,
          metrics,
          plan,
        }),
      health: flags['health-address'],
      metrics: flags['metrics-address'],
    });
  } finally {
    client.close();
  }
}

await runToItsEnd(PROGRAM, main, WRONG_CONFIGURATION);
