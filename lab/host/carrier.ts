// The command lines of container-io, the small program that carries input and output of one process of a container.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TrunklineError } from '../../src/base/errors.ts';
import { NETNS_DIR } from './enter.ts';
import { HOST_ERRORS } from './errors.ts';
import type { DialRequest, OpenRequest, Place, SpawnRequest } from './protocol.ts';

/** Where tools/setup.sh puts it. */
export function carrierPath(projectDir: string): string {
  return join(projectDir, 'build', 'container-io');
}

/** Command lines by the way the process is run. They throw `HOST-NO-CARRIER` when the program was not built. */
export interface Carrier {
  run(request: SpawnRequest & { readonly console: NonNullable<SpawnRequest['console']> }): readonly string[];
  exec(request: OpenRequest): readonly string[];
  dial(request: DialRequest): readonly string[];
}

/** Looks for the program at each use, so that it may be built while the lab runs. */
export function createCarrier(projectDir: string): Carrier {
  const program = carrierPath(projectDir);
  const command = (mode: string, ...rest: readonly string[]): readonly string[] => {
    if (!existsSync(program))
      throw new TrunklineError(HOST_ERRORS.noCarrier, `${program} does not exist; run: sh tools/setup.sh`);
    return [program, mode, ...rest];
  };
  return {
    run: ({ console: io, logFile, ...place }) =>
      command(
        'run',
        `--log=${logFile}`,
        `--socket=${io.socket}`,
        ...flag('stdin', io.stdin),
        ...flag('stdin-once', io.stdinOnce),
        ...flag('tty', io.tty),
        ...hostnameFlag(io.hostname),
        ...placeFlags(place),
        '--',
        ...place.argv,
      ),
    exec: ({ socket, token, stdin, tty, hostname, ...place }) =>
      command(
        'exec',
        `--socket=${socket}`,
        `--token=${token}`,
        ...flag('stdin', stdin),
        ...flag('tty', tty),
        ...hostnameFlag(hostname),
        ...placeFlags(place),
        '--',
        ...place.argv,
      ),
    dial: ({ socket, token, netns, port }) =>
      command('dial', `--socket=${socket}`, `--token=${token}`, ...netFlag(netns), '--', String(port)),
  };
}

const flag = (name: string, wanted: boolean): readonly string[] => (wanted ? [`--${name}`] : []);

const hostnameFlag = (hostname: string | undefined): readonly string[] =>
  hostname === undefined ? [] : [`--hostname=${hostname}`];

const netFlag = (netns: string | undefined): readonly string[] =>
  netns === undefined ? [] : [`--net=${NETNS_DIR}/${netns}`];

const placeFlags = ({ netns, root, cwd }: Omit<Place, 'argv' | 'env'>): readonly string[] => [
  ...netFlag(netns),
  ...(root === undefined ? [] : [`--root=${root}`]),
  ...(cwd === undefined ? [] : [`--wd=${cwd}`]),
];
