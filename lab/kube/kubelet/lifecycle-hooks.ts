// postStart and preStop hooks of a container: a command inside it, a request to it, or a pause.
import type { Clock } from '../../../src/base/clock.ts';
import { errorText } from '../../../src/base/errors.ts';
import { requestHttp } from './probe.ts';
import type { ProbeTarget } from './probe.ts';
import type { LabContainer, LabPod, LifecycleHandler } from './pod-view.ts';

export interface HookTarget extends ProbeTarget {
  readonly clock: Clock;
  readonly pod: LabPod;
}

/** What kinds of hooks the lab runs. Gives the refusal of another, in words. */
export function unsupportedHook(container: LabContainer): string | undefined {
  const handlers = [container.lifecycle?.postStart, container.lifecycle?.preStop];
  const isRun = (handler: LifecycleHandler): boolean =>
    handler.exec !== undefined || handler.httpGet !== undefined || handler.sleep !== undefined;
  return handlers.some((handler) => handler !== undefined && !isRun(handler))
    ? 'lifecycle hooks of the lab are exec, httpGet and sleep'
    : undefined;
}

/** Resolves when the hook is done and was well. Throws what was seen otherwise, also after `timeoutMs`. */
export async function runHook(target: HookTarget, handler: LifecycleHandler, timeoutMs: number): Promise<void> {
  const { clock, container, pod } = target;
  const { name, namespace = 'default', uid = '' } = pod.metadata;
  const whose = `for Container "${container.name}" in Pod "${name}_${namespace}(${uid})" failed - error:`;
  if (handler.exec !== undefined) {
    const { command } = handler.exec;
    const what = `Exec lifecycle hook (${JSON.stringify(command)}) ${whose}`;
    const { code, stdout, stderr } = await target.run.exec(command, { timeoutMs }).catch((error: unknown) => {
      throw new Error(`${what} ${errorText(error)}`, { cause: error });
    });
    if (code !== 0)
      throw new Error(
        `${what} command '${command.join(' ')}' exited with ${code}: ${stderr}, message: ${JSON.stringify(stdout + stderr)}`,
      );
  }
  if (handler.httpGet !== undefined) {
    const { path = '' } = handler.httpGet;
    const answer = await requestHttp(target, handler.httpGet, Math.max(1, Math.ceil(timeoutMs / 1000)));
    // Any answer will do, as with real kubelets: only a request without one has failed.
    if (answer.status === undefined) throw new Error(`HTTP lifecycle hook (${path}) ${whose} ${answer.problem}`);
  }
  if (handler.sleep !== undefined) await clock.sleep(handler.sleep.seconds * 1000);
}
