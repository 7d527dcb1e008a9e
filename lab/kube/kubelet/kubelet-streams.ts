// What the API server asks of this node for exec, attach, port-forward and logs.
import type { Clock } from '../../../src/base/clock.ts';
import { errorText, TrunklineError } from '../../../src/base/errors.ts';
import { StreamRefusal } from '../apiserver/index.ts';
import type { NodeStreams, StreamTarget } from '../apiserver/index.ts';
import { HOST_ERRORS } from '../../host/errors.ts';
import type { LabHost, LiveProcess } from '../../host/types.ts';
import type { RunningContainer } from './container-runtime.ts';
import { chooseLog } from './logs/choose-log.ts';
import type { LogStore } from './logs/log-store.ts';
import { readLog } from './logs/read-log.ts';
import { allSlots, viewOf } from './pod-state.ts';
import type { PodState } from './pod-state.ts';
import type { LabPod } from './pod-view.ts';

export interface KubeletStreamsDeps {
  readonly host: Pick<LabHost, 'carriesIo' | 'dial'>;
  readonly clock: Clock;
  readonly logs: LogStore;
  readonly find: (pod: Pick<LabPod, 'metadata'>) => PodState | undefined;
}

export function createKubeletStreams(deps: KubeletStreamsDeps): NodeStreams {
  const { host, clock, logs } = deps;
  const stateOf = ({ namespace, pod, uid }: StreamTarget): PodState | undefined => {
    const state = deps.find({ metadata: { namespace, name: pod, uid } });
    return state?.uid === uid ? state : undefined;
  };
  const runOf = (target: StreamTarget): RunningContainer => {
    assertCarried(host);
    const state = stateOf(target);
    const run = state && allSlots(state).find((slot) => slot.spec.name === target.container)?.run;
    if (run === undefined) throw new StreamRefusal(404, `container not found (${JSON.stringify(target.container)})`);
    return run;
  };

  return {
    exec: async (target, { command, stdin, tty }) => {
      const run = runOf(target);
      return await run.open(command, { stdin, tty }).catch((error: unknown) => {
        throw execRefusal(run, error);
      });
    },
    attach: async (target) => {
      const run = runOf(target);
      return await run.attach().catch(() => {
        throw new StreamRefusal(404, `container not found (${JSON.stringify(target.container)})`);
      });
    },
    forward: async (target, port) => {
      assertCarried(host);
      return await dial(host, stateOf(target), target, port);
    },
    logs: (target, options, signal) => {
      try {
        assertCarried(host);
        const state = stateOf(target);
        if (state === undefined)
          throw new StreamRefusal(400, `pod ${JSON.stringify(target.pod)} cannot be found - no logs available`);
        const view = viewOf(state, '', clock.now());
        const containers = [...view.main, ...view.init];
        const id = chooseLog(
          containers.find(({ name }) => name === target.container),
          target,
          options.previous,
        );
        const run = allSlots(state).find((slot) => slot.run?.containerID === id)?.run;
        const file = logs.find(id);
        if (file === undefined) return Promise.resolve(textOf(`unable to retrieve container logs for ${id}`));
        const until = options.follow ? (run?.ended ?? Promise.resolve()) : undefined;
        return Promise.resolve(readLog(clock, file, { ...options, until }, signal));
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(errorText(error)));
      }
    },
  };
}

function assertCarried({ carriesIo }: Pick<LabHost, 'carriesIo'>): void {
  if (!carriesIo) throw new StreamRefusal(500, `${HOST_ERRORS.noCarrier.title}: ${HOST_ERRORS.noCarrier.cure}`);
}

/** In the words of containerd and runc. */
function execRefusal({ containerID }: RunningContainer, error: unknown): StreamRefusal {
  const words = errorText(error);
  if (!(error instanceof TrunklineError) || error.code !== HOST_ERRORS.startProcess.code)
    return new StreamRefusal(500, `failed to exec in container: ${words}`);
  const id = containerID.replace(/^.*:\/\//, '');
  return new StreamRefusal(
    500,
    `failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: exec failed: unable to start container process: ${words}: unknown`,
  );
}

async function dial(
  host: Pick<LabHost, 'dial'>,
  state: PodState | undefined,
  { namespace, pod }: StreamTarget,
  port: number,
): Promise<LiveProcess> {
  const sandbox = state?.sandboxReady === true ? state.sandbox : undefined;
  if (sandbox === undefined) throw new StreamRefusal(404, `pod not found (${JSON.stringify(`${pod}_${namespace}`)})`);
  return await host.dial(sandbox.netns, port).catch((error: unknown) => {
    const where = sandbox.netns === undefined ? 'host' : `/var/run/netns/${sandbox.netns}`;
    throw new StreamRefusal(
      500,
      `failed to execute portforward in network namespace ${JSON.stringify(where)}: failed to connect to localhost:${port} inside namespace "${sandbox.id}", ${errorText(error)}`,
    );
  });
}

async function* textOf(text: string): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}
