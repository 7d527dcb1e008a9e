// `lab cloud`: the simulated Tencent Cloud account alone, for SDKs, tccli and tests of other projects, until it is told to end.
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { errorText } from '../../src/base/errors.ts';
import { createLogger, silentLogger } from '../../src/base/logger.ts';
import { layOutNetwork, runInstances } from '../account.ts';
import type { CloudAdmin } from '../cloud/admin.ts';
import { startCloud } from '../cloud/cloud.ts';
import { serveControl } from '../cloud/control/control-server.ts';
import { createManualClock } from '../cloud/control/manual-clock.ts';
import { readScenario, type Scenario } from '../cloud/control/scenario.ts';
import { layOutScenario, playScenario } from '../cloud/control/scenario-run.ts';
import type { SavedCloud } from '../cloud/saved/cloud-schema.ts';
import { createSaver, readSavedFile, requireWritable } from '../cloud/saved/saved-file.ts';
import type { CloudSettings } from '../cloud/settings.ts';
import { planNodes, REGION } from '../layout.ts';
import type { CommandContext } from './context.ts';
import { logLevelOf } from './log-level.ts';

export interface CloudCommandOptions {
  readonly port: number;
  /** Of ids, keys and chances. */
  readonly seed?: number;
  /** YAML; its seed yields to `seed`. */
  readonly scenario?: string;
  /** File of a saved cloud to start from. */
  readonly load?: string;
  /** File to save into, at a clean end and on command. */
  readonly save?: string;
  /** Time moves only by the admin endpoint; also when the scenario says so. */
  readonly manualClock?: boolean;
  /** Whether the account may use the sub-ENI actions; default as the scenario or the loaded cloud says. */
  readonly subEni?: boolean;
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
    const plan = await readPlan(options);
    const { clock, load, scenario } = plan;
    const running = await startCloud({
      clock,
      logger: level === 'silent' ? silentLogger : createLogger('lab', level),
      listen: { host: '127.0.0.1', port: options.port },
      region: REGION,
      settings: plan.settings,
      ...(plan.seed === undefined ? {} : { seed: plan.seed }),
      ...(load === undefined ? {} : { load }),
      // Clients live in real time, whatever this cloud is told.
      ...(clock === systemClock ? {} : { clientTime: () => systemClock.now() }),
    });
    const saveTo =
      options.save === undefined
        ? undefined
        : { file: options.save, save: createSaver(options.save, () => running.save()) };
    const control = await serveControl({
      cloud: running,
      clock,
      listen: { host: '127.0.0.1', port: 0 },
      ...(saveTo === undefined ? {} : { saveTo }),
    });
    try {
      layOut(running.admin, plan);
      if (scenario !== undefined)
        playScenario(
          { cloud: running, clock, onProblem: (problem) => err.write(`lab: scenario: ${problem}\n`) },
          scenario,
        );
      out.write(`endpoint   ${running.endpoint}\n`);
      out.write(`region     ${running.region}\n`);
      out.write(`secretId   ${running.secretId}\n`);
      out.write(`secretKey  ${running.secretKey}\n`);
      out.write(`admin      ${control.url}\n`);
      out.write(`token      ${control.token}\n`);
      out.write(`${style.dim('Ctrl-C ends it')}\n`);
      const code = await end.promise;
      await saveTo?.save();
      return code;
    } finally {
      await control.close();
      await running.close();
    }
  } catch (error) {
    err.write(`lab: ${errorText(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Options that exclude each other. */
class UsageError extends Error {}

interface Plan {
  readonly clock: Clock;
  readonly settings: Partial<CloudSettings>;
  readonly seed: number | undefined;
  readonly scenario: Scenario | undefined;
  readonly load: SavedCloud | undefined;
}

/** Reads the files before anything starts. */
async function readPlan(options: CloudCommandOptions): Promise<Plan> {
  const scenario = options.scenario === undefined ? undefined : await readScenario(options.scenario);
  const seed = options.seed ?? scenario?.seed;
  if (options.load !== undefined && seed !== undefined)
    throw new UsageError('a loaded account goes on with its own seed; leave --seed, and seed in the scenario, out');
  const load = options.load === undefined ? undefined : await readSavedFile(options.load);
  if (options.save !== undefined) await requireWritable(options.save);
  const manual = options.manualClock === true || scenario?.clock === 'manual';
  return {
    clock: manual ? createManualClock(load?.savedAt ?? systemClock.now()) : systemClock,
    settings: {
      ...scenario?.settings,
      ...(options.subEni === undefined ? {} : { subEniAllowed: options.subEni }),
    },
    seed,
    scenario,
    load,
  };
}

/** A loaded account has its network already; what the scenario names comes beside it. */
function layOut(admin: CloudAdmin, { load, scenario }: Plan): void {
  if (load === undefined && scenario?.layout !== 'empty') {
    layOutNetwork(admin);
    runInstances(admin, planNodes(NODES, 0));
  }
  if (scenario !== undefined) layOutScenario(admin, scenario);
}
