// For tests: ipamd in this process with the real cloud adapter, to be stopped in order or killed without a word.
import type { Cloud } from '../../../lab/cloud/cloud.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { type CredentialSource, staticCredentials } from '../../cloud/credentials.ts';
import { createTencentCloud } from '../../cloud/tencent-cloud.ts';
import type { ClosableKubeClient } from '../../kube/client.ts';
import type { KubeClient } from '../../kube/types.ts';
import { noPolicyFlags, type PolicyFlags } from '../policy-flags.ts';
import type { Timings } from '../deps.ts';
import { dryRunCloud, type PlanLog } from '../dry-run.ts';
import { createControllers } from '../index.ts';
import { type LeaderElection, runIpamd } from '../program.ts';

export interface IpamdTweaks {
  readonly election?: LeaderElection;
  readonly adopt?: boolean;
  readonly timings?: Partial<Timings>;
  readonly callTimeoutMs?: number;
  readonly flags?: Partial<PolicyFlags>;
  /** Default v3.6.0. */
  readonly version?: string;
  /** Told each klog line. */
  readonly onLine?: (line: string) => void;
  /** Default: the root keys of the account. */
  readonly credentials?: CredentialSource;
  /** Nothing is changed, and what would be is told here; the client must know, too. */
  readonly plan?: PlanLog;
  /** Told before each write to either side; what it throws, awaits or kills comes first. */
  readonly beforeWrite?: (what: string) => void | Promise<void>;
  /** Told after each write was answered, before the caller is. */
  readonly afterWrite?: (what: string) => void | Promise<void>;
}

export interface Ipamd {
  /** Resolves when it has ended, with the error it ended with. */
  readonly ended: Promise<unknown>;
  readonly ports: ReadonlyMap<string, number>;
  /** From now on nothing of it reaches anybody, as after SIGKILL. */
  kill(): void;
  stop(): Promise<void>;
}

const FAST: Partial<Timings> = {
  // Pods of tests are marked by hand, in a namespace that is marked by hand.
  policyLabelLingerMs: 3_600_000,
  consistencyWindowMs: 150,
  lookAgainMs: 200,
  askInstanceMs: 200,
  policyStatusMs: 20,
  eipLookMs: 30,
};

export function startIpamd(
  world: { readonly client: ClosableKubeClient; readonly cloud: Cloud },
  tweaks: IpamdTweaks,
): Ipamd {
  const stop = new AbortController();
  const life = { killed: false };
  const { cloud, client } = world;
  const credentials = tweaks.credentials ?? staticCredentials({ secretId: cloud.secretId, secretKey: cloud.secretKey });
  const endpoints = { vpc: cloud.endpoint, cvm: cloud.endpoint, cam: cloud.endpoint };
  const base = { clock: systemClock, logger: silentLogger };
  const callTimeoutMs = tweaks.callTimeoutMs ?? 2_000;
  const real = createTencentCloud({ ...base, credentials, region: cloud.region, endpoints, callTimeoutMs });
  const adapter = tweaks.plan === undefined ? real : dryRunCloud(real, tweaks.plan);
  const ports = new Map<string, number>();
  const running = runIpamd({
    ...base,
    client: severable<KubeClient>(client, life, tweaks),
    signal: stop.signal,
    identity: `ipamd-${Math.random().toString(36).slice(2)}`,
    election: tweaks.election,
    callTimeoutMs,
    adopt: tweaks.adopt ?? false,
    version: tweaks.version ?? 'v3.6.0',
    eventLines: { write: (line) => tweaks.onLine?.(line) },
    flags: { ...noPolicyFlags, ...tweaks.flags },
    controllers: createControllers,
    openCloud: () => Promise.resolve(severable(adapter, life, tweaks)),
    health: { host: '127.0.0.1', port: 0 },
    metrics: { host: '127.0.0.1', port: 0 },
    timings: { ...FAST, ...tweaks.timings },
    onListening: (name, port) => ports.set(name, port),
  });
  const ended = running.then(
    () => undefined,
    (error: unknown) => error,
  );
  const end = async (): Promise<void> => {
    stop.abort(new Error('the test is over'));
    await ended;
    adapter.close();
    client.close();
  };
  return {
    ended,
    ports,
    kill: () => {
      life.killed = true;
      void end();
    },
    stop: end,
  };
}

const WRITES =
  /^(create|replace|patch|delete|attach|detach|assign|unassign|associate|disassociate|allocateEip|releaseEip|modifyEip)/;

/** The same object; once killed, no call of it leaves and no answer of it arrives. */
function severable<T extends object>(target: T, life: { readonly killed: boolean }, tweaks: IpamdTweaks): T {
  const dead = (): Error => new Error('this ipamd was killed');
  return new Proxy(target, {
    get: (object, property) => {
      const member: unknown = Reflect.get(object, property);
      if (typeof member !== 'function') return member;
      const name = String(property);
      const call = (...args: unknown[]): unknown => (member as (...given: unknown[]) => unknown).apply(object, args);
      if (!WRITES.test(name)) return call;
      return async (...args: unknown[]): Promise<unknown> => {
        const what = `${name} ${describe(args)}`;
        await tweaks.beforeWrite?.(what);
        if (life.killed) throw dead();
        const answer = await call(...args);
        await tweaks.afterWrite?.(what);
        if (life.killed) throw dead();
        return answer;
      };
    },
  });
}

/** The kind of a Kubernetes call and whether it is a status; nothing for the cloud's. */
function describe([resource, , , options]: readonly unknown[]): string {
  const { kind = '' } = (resource ?? {}) as { kind?: string };
  const { subresource = '' } = (options ?? {}) as { subresource?: string };
  return `${kind}${subresource === '' ? '' : `/${subresource}`}`;
}
