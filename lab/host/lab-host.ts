// Starts the helper and gives the lab its corner of the machine.
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TrunklineError } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import type { Channel } from './channel.ts';
import { openChannel } from './channel.ts';
import { HOST_ERRORS } from './errors.ts';
import { createLiveCalls } from './live/live-calls.ts';
import type { HostProbe } from './probe.ts';
import { installHint, probeHost } from './probe.ts';
import type { HelperOptions } from './protocol.ts';
import { execResultSchema, spawnResultSchema } from './protocol.ts';
import { requestPlace } from './request-place.ts';
import { APPLETS_DIR } from './applets.ts';
import { SYSTEM_PATH } from './tool-path.ts';
import type { LabHost } from './types.ts';

/** What a lab host needs to know to start. */
export interface LabHostOptions {
  readonly logger: Logger;
  /** Absolute; stays visible at its own path in every root. */
  readonly projectDir: string;
  /** Absolute; made when absent, left empty. Log files usually lie below it. */
  readonly stateDir: string;
  /** Absent: root when this process may, else rootless. */
  readonly mode?: 'root' | 'rootless';
}

const DEFAULT_EXEC_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Resolves once namespaces and mounts are there. Throws `HOST-MISSING-TOOLS` with the packages to install,
 * `HOST-NO-NAMESPACES`, or `HOST-START`. The helper ends when this process does, however that happens.
 */
export async function startLabHost(options: LabHostOptions): Promise<LabHost> {
  const mode = chooseMode(probeHost(), options.mode);
  await mkdir(options.stateDir, { recursive: true });
  const child = spawnHelper(mode, {
    projectDir: options.projectDir,
    stateDir: options.stateDir,
    path: [dirname(process.execPath), join(options.projectDir, 'node_modules/.bin'), SYSTEM_PATH, APPLETS_DIR].join(
      ':',
    ),
  });
  const channel = openChannel(child);
  const helperPid = await channel.ready;
  options.logger.debug({ mode, helperPid }, 'lab host started');
  const servers = new Set<Server>();
  const live = createLiveCalls(channel, options);

  return {
    mode,
    helperPid,
    ended: channel.ended,
    ...processCalls(channel),
    ...live.calls,
    ...rootCalls(channel),
    addNetns: async (name) => void (await channel.request({ op: 'addNetns', name })),
    deleteNetns: async (name) => void (await channel.request({ op: 'deleteNetns', name })),

    listen: async (netns, { host, port }) => {
      const { server } = await channel.request({ op: 'listen', netns, host, port });
      if (server === undefined)
        throw new TrunklineError(HOST_ERRORS.listen, `listen in netns ${netns}: no socket came`);
      servers.add(server);
      server.once('close', () => servers.delete(server));
      return server;
    },

    close: async () => {
      for (const server of servers) server.close();
      live.close();
      // The helper ends at this; with it its pid namespace, and only then unshare, whose exit is awaited.
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
      await channel.ended;
      clearTimeout(timer);
    },
  };
}

function processCalls(channel: Channel): Pick<LabHost, 'exec' | 'spawn'> {
  return {
    exec: async (argv, options = {}) => {
      const timeoutMs = options.timeoutMs ?? DEFAULT_EXEC_TIMEOUT_MS;
      const { value } = await channel.request({
        op: 'exec',
        ...requestPlace(argv, options),
        stdin: options.stdin,
        timeoutMs,
      });
      return execResultSchema.parse(value);
    },

    spawn: async (argv, options) => {
      const answer = await channel.request({
        op: 'spawn',
        ...requestPlace(argv, options),
        logFile: options.logFile,
        console: options.console,
      });
      const { pid } = spawnResultSchema.parse(answer.value);
      return {
        pid,
        exited: channel.exitOf(answer.id),
        carried: channel.carriedOf(answer.id),
        kill: (signal) => {
          // A helper that is gone took the process along, which is more than any signal asks for.
          channel.request({ op: 'kill', process: answer.id, signal }).catch(() => undefined);
        },
      };
    },
  };
}

function rootCalls(channel: Channel): Pick<LabHost, 'makeRoot' | 'removeRoot' | 'writeFile' | 'readFile'> {
  return {
    makeRoot: async ({ name, binds }) => {
      const { value } = await channel.request({ op: 'makeRoot', name, binds: binds.map((bind) => ({ ...bind })) });
      return String(value);
    },
    removeRoot: async (root) => void (await channel.request({ op: 'removeRoot', root })),
    writeFile: async (root, path, content, mode) => {
      const base64 = Buffer.from(content).toString('base64');
      await channel.request({ op: 'writeFile', root, path, base64, mode });
    },
    readFile: async (root, path, maxBytes) => {
      const { value } = await channel.request({ op: 'readFile', root, path, maxBytes });
      return typeof value === 'string' ? value : undefined;
    },
  };
}

function chooseMode(probe: HostProbe, wanted: 'root' | 'rootless' | undefined): 'root' | 'rootless' {
  const hint = installHint(probe.missing);
  if (hint !== undefined) throw new TrunklineError(HOST_ERRORS.missingTools, hint);
  const mode = wanted ?? (probe.root ? 'root' : 'rootless');
  if (mode === 'root' ? probe.root : probe.userns) return mode;
  throw new TrunklineError(
    HOST_ERRORS.noNamespaces,
    mode === 'root'
      ? 'mode root: this process may not make namespaces (not user 0, or a container without the right)'
      : 'mode rootless: this kernel does not let this user make user namespaces',
  );
}

function spawnHelper(mode: 'root' | 'rootless', options: HelperOptions): ReturnType<typeof spawn> {
  const helper = fileURLToPath(new URL('./helper.ts', import.meta.url));
  const userNamespace = mode === 'rootless' ? ['--user', '--map-root-user'] : [];
  // --pdeathsig: killed by the kernel when this process dies, however it dies; --kill-child passes that on.
  const unshare = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child', ...userNamespace];
  // A shell as pid 1: waiting for the helper it also reaps orphans, which Node would leave as zombies.
  const init = ['/bin/sh', '-c', '"$@" & wait $!', 'sh', process.execPath, helper, JSON.stringify(options)];
  return spawn('setpriv', [...unshare, ...init], {
    cwd: '/',
    env: { PATH: SYSTEM_PATH },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Out of the terminal's group: Ctrl-C is for the lab, which ends the helper when it is done with it.
    detached: true,
  });
}
