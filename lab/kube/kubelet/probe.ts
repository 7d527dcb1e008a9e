// Probes: one check of a container as the kubelet makes it from the node, and the thresholds that turn checks into a verdict.
import type { ExecResult, LabHost } from '../../host/types.ts';
import type { RunningContainer } from './container-runtime.ts';
import { kubeletError } from './errors.ts';
import type { LabContainer, Probe } from './pod-view.ts';

export interface ProbeTarget {
  readonly host: LabHost;
  /** Network namespace that checks start from: the node's. */
  readonly netns?: string;
  readonly podIp: string;
  readonly container: LabContainer;
  readonly run: Pick<RunningContainer, 'exec'>;
}

export interface Verdict {
  readonly successes: number;
  readonly failures: number;
  readonly ok: boolean;
}

export interface CheckResult {
  readonly ok: boolean;
  /** What was seen, for the event of a failure. */
  readonly output: string;
}

/** Pure: the verdict after one more check; it turns only when a whole threshold of equal results is reached. */
export function nextVerdict(
  before: Verdict,
  ok: boolean,
  probe: Pick<Probe, 'successThreshold' | 'failureThreshold'>,
): Verdict {
  const successes = ok ? before.successes + 1 : 0;
  const failures = ok ? 0 : before.failures + 1;
  if (successes >= (probe.successThreshold ?? 1)) return { successes, failures, ok: true };
  if (failures >= (probe.failureThreshold ?? 3)) return { successes, failures, ok: false };
  return { successes, failures, ok: before.ok };
}

/** One check. Never rejects for what the container does; throws KUBELET-UNSUPPORTED for a kind of probe that the lab lacks. */
export async function check(target: ProbeTarget, probe: Probe): Promise<CheckResult> {
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  if (probe.httpGet !== undefined) return checkHttp(target, probe.httpGet, timeoutSeconds);
  if (probe.tcpSocket !== undefined) {
    const { host = target.podIp, port } = probe.tcpSocket;
    const argv = [
      'busybox',
      'nc',
      '-w',
      String(timeoutSeconds),
      host,
      String(portNumber(target.container, port)),
      '-e',
      'true',
    ];
    return result(await onNode(target, argv, timeoutSeconds), (each) => each.code === 0);
  }
  if (probe.exec !== undefined) {
    const command = target.run.exec(probe.exec.command, { timeoutMs: timeoutSeconds * 1000 });
    return result(await failed(command), (each) => each.code === 0);
  }
  throw kubeletError('unsupported', `container ${target.container.name}: a probe needs httpGet, tcpSocket or exec`);
}

/** A port by number, or by the name that the container gives it. Throws KUBELET-UNSUPPORTED for an unknown name. */
export function portNumber(container: LabContainer, port: number | string): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find((each) => each.name === port)?.containerPort;
  const number = named ?? Number(port);
  if (Number.isInteger(number)) return number;
  throw kubeletError('unsupported', `container ${container.name} has no port named "${port}"`);
}

async function checkHttp(
  target: ProbeTarget,
  action: NonNullable<Probe['httpGet']>,
  timeoutSeconds: number,
): Promise<CheckResult> {
  const { host = target.podIp, path = '/', scheme = 'HTTP' } = action;
  const address = host.includes(':') ? `[${host}]` : host;
  const url = `${scheme.toLowerCase()}://${address}:${portNumber(target.container, action.port)}${path.startsWith('/') ? '' : '/'}${path}`;
  const options = [
    '-s',
    '-S',
    '-k',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '--noproxy',
    '*',
    '-A',
    'kube-probe/1.32',
  ];
  const answer = await onNode(target, ['curl', ...options, '--max-time', String(timeoutSeconds), url], timeoutSeconds);
  return result(answer, ({ code, stdout }) => code === 0 && Number(stdout) >= 200 && Number(stdout) < 400);
}

function onNode({ host, netns }: ProbeTarget, argv: readonly string[], timeoutSeconds: number): Promise<ExecResult> {
  // The tool's own time-out speaks first; this one is for a tool that hangs.
  return failed(host.exec(argv, { ...(netns === undefined ? {} : { netns }), timeoutMs: (timeoutSeconds + 5) * 1000 }));
}

/** A check that could not be made counts as one that failed. */
async function failed(running: Promise<ExecResult>): Promise<ExecResult> {
  return running.catch((error: unknown) => ({
    code: 1,
    stdout: '',
    stderr: error instanceof Error ? error.message : String(error),
  }));
}

function result(answer: ExecResult, isGood: (answer: ExecResult) => boolean): CheckResult {
  const output = `${answer.stderr.trim()} ${answer.stdout.trim()}`.trim().slice(0, 300);
  return { ok: isGood(answer), output };
}
