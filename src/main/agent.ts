// Composition root of the node agent, tke-eni-agent.
import '../agent/v8-flags.ts';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import project from '../../package.json' with { type: 'json' };
import { askAgent } from '../agent/ask-agent.ts';
import { agentFlags, inspectFlags } from '../agent/flags.ts';
import { createIpBatch } from '../agent/ip-batch.ts';
import { createKernel } from '../agent/kernel.ts';
import { runAgent } from '../agent/program.ts';
import { createReturnPath } from '../agent/return-path.ts';
import { objectNames } from '../api/keys.ts';
import { systemClock } from '../base/clock.ts';
import { flagsOrExit } from '../base/flags.ts';
import { createLogger } from '../base/logger.ts';
import { stopOnSignals } from '../base/stop-signal.ts';
import { createKubeClient } from '../kube/client.ts';
import { programConnection } from '../kube/program-connection.ts';
import { shortHash } from '../planning/eni-identity.ts';
import { runToItsEnd } from '../kube/ending.ts';

const PROGRAM = objectNames.agent;

/** The built entry of the checkout or image, else the fallback beside its source. */
const OWN_ENTRIES = ['build/cni-entry', 'native/cni-entry/cni-entry.sh'].map((path) =>
  fileURLToPath(new URL(`../../${path}`, import.meta.url)),
);

/** Where it was built; without it every batch is a process of its own. */
const IP_BATCH = fileURLToPath(new URL('../../build/ip-batch', import.meta.url));

async function main(): Promise<void> {
  const [command, ...words] = process.argv.slice(2);
  if (command === 'inspect') {
    process.stdout.write(await askAgent(flagsOrExit(`${PROGRAM} inspect`, inspectFlags, words).socket));
    return;
  }
  const flags = flagsOrExit(PROGRAM, agentFlags, process.argv.slice(2));
  const logger = createLogger(PROGRAM, flags['log-level']);
  const signal = stopOnSignals();
  const connection = await programConnection(flags.kubeconfig, process.env);
  const batch = existsSync(IP_BATCH) ? createIpBatch(IP_BATCH) : undefined;
  const client = createKubeClient({ connection, clock: systemClock, logger, userAgent: PROGRAM });
  try {
    await runAgent({
      client,
      kernel: createKernel(batch),
      clock: systemClock,
      logger,
      nodeName: flags['node-name'],
      hash: shortHash,
      binDirectory: flags['cni-bin-dir'],
      conflistDirectory: flags['cni-conf-dir'],
      socket: flags.socket,
      stateDirectory: flags['state-dir'],
      netnsDirectory: flags['netns-dir'],
      entries: flags['cni-entry'] === undefined ? OWN_ENTRIES : [flags['cni-entry']],
      linkDriver: flags['link-driver'],
      addTimeoutMs: flags['add-timeout'],
      addressRestMs: flags['address-rest'],
      version: `v${project.version}`,
      quickRelease: flags['enable-quick-release'],
      chained: (['port-mapping', 'bandwidth'] as const).filter((name) => flags[name]),
      returnPath: createReturnPath(),
      health: flags['health-address'],
      signal,
    });
  } finally {
    client.close();
    batch?.close();
  }
}

await runToItsEnd(PROGRAM, main);
