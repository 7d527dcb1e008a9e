// `lab api`: the embedded Kubernetes API alone, with or without controllers, until it is told to end.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { systemClock } from '../../src/base/clock.ts';
import { errorText } from '../../src/base/errors.ts';
import { createLogger, silentLogger } from '../../src/base/logger.ts';
import { startCluster } from '../cluster.ts';
import type { CommandContext } from './context.ts';
import { logLevelOf } from './log-level.ts';

export interface ApiCommandOptions {
  readonly port: number;
  readonly dataDir?: string;
  readonly controllers: boolean;
  readonly kubeconfig?: string;
  readonly logLevel: string;
}

/** Resolves to the exit code when a signal came, or when a part ended by itself. */
export async function api({ out, err, style }: CommandContext, options: ApiCommandOptions): Promise<number> {
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
  const folder = options.kubeconfig === undefined ? await mkdtemp(join(tmpdir(), 'trunkline-api-')) : undefined;
  try {
    const cluster = await startCluster({
      clock: systemClock,
      logger: level === 'silent' ? silentLogger : createLogger('lab', level),
      port: options.port,
      dataDir: options.dataDir === undefined ? undefined : resolve(options.dataDir),
      controllers: options.controllers,
      onFailure: (error) => {
        err.write(`lab: the cluster ended by itself: ${errorText(error)}\n`);
        end.resolve(1);
      },
    });
    try {
      const kubeconfig = resolve(options.kubeconfig ?? join(folder ?? '', 'kubeconfig'));
      await writeFile(kubeconfig, cluster.api.kubeconfig(), { mode: 0o600 });
      const kept =
        options.dataDir === undefined
          ? 'objects live in memory'
          : `objects are kept in ${resolve(options.dataDir)}: saved every 10 s and at the end; an unclean end loses what changed since`;
      out.write(`${style.dim(`Kubernetes API at ${cluster.api.url}; ${kept}`)}\n`);
      out.write(`${style.bold(`export KUBECONFIG=${kubeconfig}`)}\n`);
      return await end.promise;
    } finally {
      await cluster.close();
    }
  } catch (error) {
    err.write(`lab: ${errorText(error)}\n`);
    return 1;
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}
