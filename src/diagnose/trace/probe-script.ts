// What is run inside a Pod to send real packets: a shell script that uses whichever tool its image has, and what its answer means. Pure.
import type { FlowProtocol, TraceVerdict } from './trace.ts';

/** Seconds that a connection is waited for. */
const PATIENCE = 5;

/**
 * Prints one line: an outcome and the tool. curl tells a refusal from silence by its exit code (curl(1), EXIT CODES) and by the time of the
 * connection; bash and nc by how long they wait.
 */
const TCP = `h=$1 p=$2 w=${PATIENCE}
if command -v curl >/dev/null 2>&1; then
  t=$(curl -s -o /dev/null --noproxy '*' --connect-timeout $w --max-time $((w+1)) -w '%{time_connect}' "http://$h:$p/" 2>/dev/null); c=$?
  case $c in
    0|1|3|8|18|52|55|56) echo delivered curl ;;
    6) echo dropped curl: the name is not resolved ;;
    7) echo refused curl ;;
    28) case $t in 0|0.000000|'') echo dropped curl ;; *) echo delivered curl ;; esac ;;
    *) echo unknown curl exits $c ;;
  esac
elif command -v bash >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
  timeout $w bash -c "exec 3<>/dev/tcp/$h/$p" 2>/dev/null; c=$?
  case $c in 0) echo delivered bash ;; 124|143) echo dropped bash ;; *) echo refused bash ;; esac
elif command -v nc >/dev/null 2>&1; then
  s=$(date +%s); nc -w $w "$h" "$p" </dev/null >/dev/null 2>&1; c=$?; e=$(( $(date +%s) - s ))
  if [ $c -eq 0 ]; then echo delivered nc; elif [ $e -ge $((w-1)) ]; then echo dropped nc; else echo refused nc; fi
else
  echo unknown it has none of curl, bash with timeout, and nc
fi`;

const PING = `if command -v ping >/dev/null 2>&1; then
  if ping -c 1 -W ${PATIENCE} "$1" >/dev/null 2>&1; then echo delivered ping; else echo dropped ping; fi
else echo unknown it has no ping; fi`;

/** The command for one flow; undefined where no tool tells what became of it (UDP). */
export function probeCommand(
  protocol: FlowProtocol,
  host: string,
  port: number | undefined,
): readonly string[] | undefined {
  if (protocol === 'TCP' && port !== undefined) return ['sh', '-c', TCP, 'probe', host, String(port)];
  return protocol === 'ICMP' ? ['sh', '-c', PING, 'probe', host] : undefined;
}

/** Longer than any tool waits. */
export const PROBE_LIMIT_MS = (PATIENCE + 10) * 1000;

export function readProbe(answer: { readonly code: number; readonly stdout: string; readonly stderr: string }): {
  readonly outcome: TraceVerdict;
  readonly text: string;
} {
  const [word = '', ...tool] = answer.stdout.trim().split(' ');
  const outcome = (['delivered', 'dropped', 'refused', 'unknown'] as const).find((known) => known === word);
  if (outcome !== undefined) return { outcome, text: tool.join(' ') };
  const why = answer.stderr.trim().split('\n')[0] ?? '';
  return {
    outcome: 'unknown',
    text: `no shell to send from (exit code ${answer.code}${why === '' ? '' : `: ${why}`})`,
  };
}

/** What a Pod's kernel lists of its sockets. */
export const SOCKETS_COMMAND = ['cat', '/proc/net/tcp', '/proc/net/tcp6', '/proc/net/udp', '/proc/net/udp6'] as const;

/**
 * `TCP/80` for each port that callers from outside the Pod find somebody on (proc(5)): listening for TCP (state 0A), not connected for UDP (07).
 * What is bound to the loopback alone is left out.
 */
export function openPorts(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  let table = -1;
  for (const line of text.split('\n')) {
    if (line.includes('local_address')) {
      table += 1;
      continue;
    }
    const [, local = '', remote = '', state = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    const protocol = table < 2 ? 'TCP' : 'UDP';
    const waits = protocol === 'TCP' ? state === '0A' : state === '07' && remote.endsWith(':0000');
    // 127.0.0.1 and ::1, each word in the byte order of the host.
    const loopback = /^0?[0-9A-F]{6}7F$/i.test(address) || /^0{24}01000000$/.test(address);
    if (waits && !loopback && port !== '') found.add(`${protocol}/${Number.parseInt(port, 16)}`);
  }
  return found;
}
