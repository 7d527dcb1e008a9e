// `lab cloud`: the simulated Tencent Cloud account alone, for SDKs, tccli and tests of other projects, until it is told to end.
import { systemClock } from '../../src/base/clock.ts';
import { errorText } from '../../src/base/errors.ts';
import { createLogger, silentLogger } from '../../src/base/logger.ts';
import { layOutNetwork, runInstances } from '../account.ts';
import type { CloudAdmin } from '../cloud/admin.ts';
import { startCloud } from '../cloud/cloud.ts';
import { serveControl } from '../cloud/control/control-server.ts';
import { readScenario, type Scenario } from '../cloud/control/scenario.ts';
import { layOutScenario, playScenario } from '../cloud/control/scenario-run.ts';
import { planNodes, REGION } from '../layout.ts';
import type { CommandContext } from './context.ts';
import { logLevelOf } from './log-level.ts';

export interface CloudCommandOptions {
  readonly port: number;
  /** Of ids, keys and chances. */
  readonly seed?: number;
  /** YAML; its seed yields to `seed`. */
  readonly scenario?: string;
  readonly logLevel: string;
}

const NODES = 2;

/** Resolves to the exit code when a signal came, or when it could not start. */
export async function cloud({ out, err, style }: CommandContext, options: CloudCommandOptions): Promise<number> {
  const level = logLevelOf(options.logLevel);
  if (typeof level !== 'string') {
    err.write(`lab: ${level.problem}\n`);
    return 2;
  }
  const end = Promise.withResolvers<number>();
  const stop = (): void => end.resolve(0);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  process.once('SIGHUP', stop);
  try {
    const scenario = options.scenario === undefined ? undefined : await readScenario(options.scenario);
    const seed = options.seed ?? scenario?.seed;
    const running = await startCloud({
      clock: systemClock,
      logger: level === 'silent' ? silentLogger : createLogger('lab', level),
      listen: { host: '127.0.0.1', port: options.port },
      region: REGION,
      ...(scenario === undefined ? {} : { settings: scenario.settings }),
      ...(seed === undefined ? {} : { seed }),
    });
    const control = await serveControl({ cloud: running, listen: { host: '127.0.0.1', port: 0 } });
    try {
      layOut(running.admin, scenario);
      if (scenario !== undefined)
        playScenario(
          { cloud: running, clock: systemClock, onProblem: (problem) => err.write(`lab: scenario: ${problem}\n`) },
          scenario,
        );
      out.write(`endpoint   ${running.endpoint}\n`);
      out.write(`region     ${running.region}\n`);
      out.write(`secretId   ${running.secretId}\n`);
      out.write(`secretKey  ${running.secretKey}\n`);
      out.write(`admin      ${control.url}\n`);
      out.write(`token      ${control.token}\n`);
      out.write(`${style.dim('Ctrl-C ends it')}\n`);
      return await end.promise;
    } finally {
      await control.close();
      await running.close();
    }
  } catch (error) {
    err.write(`lab: ${errorText(error)}\n`);
    return 1;
  }
}

function layOut(admin: CloudAdmin, scenario: Scenario | undefined): void {
  if (scenario?.layout !== 'empty') {
    layOutNetwork(admin);
    runInstances(admin, planNodes(NODES, 0));
  }
  if (scenario !== undefined) layOutScenario(admin, scenario);
}
