// Probes: one check of a container as the kubelet makes it from the node, and the thresholds that turn checks into a verdict.
import { TrunklineError } from '../../../src/base/errors.ts';
import { HOST_ERRORS } from '../../host/errors.ts';
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

/** Real kubelets keep 10 KiB of what a command says; an event has room for less. */
const MAX_OUTPUT = 900;
const USER_AGENT = 'kube-probe/1.32';
/** Exit codes of curl. */
const CURL_NOT_CONNECTED = 7;
const CURL_TIMED_OUT = 28;

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
    const number = portNumber(target.container, port);
    const argv = ['busybox', 'nc', '-w', String(timeoutSeconds), host, String(number), '-e', 'true'];
    const answer = await onNode(target, argv, timeoutSeconds);
    return answer.code === 0
      ? { ok: true, output: '' }
      : { ok: false, output: dialProblem(host, number, answer.stderr) };
  }
  if (probe.exec !== undefined) {
    const { command } = probe.exec;
    const answer = await failed(target.run.exec(command, { timeoutMs: timeoutSeconds * 1000 }));
    if (isTimeout(answer)) return { ok: false, output: `command ${JSON.stringify(command.join(' '))} timed out` };
    return { ok: answer.code === 0, output: `${answer.stdout}${answer.stderr}`.trim().slice(0, MAX_OUTPUT) };
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
  const { status, problem } = await requestHttp(target, action, timeoutSeconds);
  if (status === undefined) return { ok: false, output: problem };
  const ok = status >= 200 && status < 400;
  return { ok, output: ok ? '' : `HTTP probe failed with statuscode: ${status}` };
}

/** A GET from the node. `status` is absent when there was no answer; `problem` says why, in the words of real kubelets. */
export async function requestHttp(
  target: ProbeTarget,
  action: NonNullable<Probe['httpGet']>,
  timeoutSeconds: number,
): Promise<{ readonly status?: number; readonly problem: string }> {
  const { host = target.podIp, path = '/', scheme = 'HTTP', httpHeaders = [] } = action;
  const port = portNumber(target.container, action.port);
  const address = host.includes(':') ? `[${host}]` : host;
  const url = `${scheme.toLowerCase()}://${address}:${port}${path.startsWith('/') ? '' : '/'}${path}`;
  const words = ['-s', '-S', '-k', '-o', '/dev/null', '-w', '%{http_code} %{time_connect}', '--noproxy', '*'];
  const headers = httpHeaders.flatMap(({ name, value }) => ['-H', `${name}: ${value}`]);
  const argv = ['curl', ...words, '-A', USER_AGENT, ...headers, '--max-time', String(timeoutSeconds), url];
  const answer = await onNode(target, argv, timeoutSeconds);
  const [status = '0', connected = '0'] = answer.stdout.trim().split(' ');
  if (answer.code === 0 && Number(status) > 0) return { status: Number(status), problem: '' };
  const awaiting = '(Client.Timeout exceeded while awaiting headers)';
  const why =
    answer.code === CURL_TIMED_OUT
      ? Number(connected) > 0
        ? `context deadline exceeded ${awaiting}`
        : `dial tcp ${address}:${port}: i/o timeout ${awaiting}`
      : answer.code === CURL_NOT_CONNECTED
        ? dialProblem(address, port, answer.stderr)
        : answer.stderr.trim().slice(0, MAX_OUTPUT);
  return { problem: `Get "${url}": ${why}` };
}

/** Why a connection was not made, in Go's words. */
function dialProblem(address: string, port: number, toolWords: string): string {
  const reason = /no route to host/i.test(toolWords)
    ? 'connect: no route to host'
    : /network is unreachable/i.test(toolWords)
      ? 'connect: network is unreachable'
      : /timed out|timeout/i.test(toolWords)
        ? 'i/o timeout'
        : 'connect: connection refused';
  return `dial tcp ${address}:${port}: ${reason}`;
}

function onNode({ host, netns }: ProbeTarget, argv: readonly string[], timeoutSeconds: number): Promise<ExecResult> {
  // The tool's own time-out speaks first; this one is for a tool that hangs.
  return failed(host.exec(argv, { ...(netns === undefined ? {} : { netns }), timeoutMs: (timeoutSeconds + 5) * 1000 }));
}

/** A check that could not be made counts as one that failed. */
async function failed(running: Promise<ExecResult>): Promise<ExecResult & { readonly error?: unknown }> {
  return running.catch((error: unknown) => ({
    code: 1,
    stdout: '',
    stderr: error instanceof Error ? error.message : String(error),
    error,
  }));
}

function isTimeout({ error }: { readonly error?: unknown }): boolean {
  return error instanceof TrunklineError && error.code === HOST_ERRORS.timeout.code;
}
