// Runs a command that `trunkline trace` printed: in a shell where its tool is at hand, otherwise as the same request, read from the same words.
import { securityGroupPolicies } from '../../src/api/security-group-policy.ts';
import { configMaps, deployments, pods, services } from '../../src/kube/resources.ts';
import type { Resource } from '../../src/kube/types.ts';
import { hasTccli } from '../cloud/recorded-tccli.ts';
import { runProgram } from './pod-to-pod-timeout-desk.ts';
import type { StoryContext } from './story.ts';

/** Resolves to how it was run, for people. Rejects with the tool's or the service's words when it fails. */
export async function typePrinted(
  context: StoryContext,
  command: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const tccli = command.startsWith('tccli ');
  const { lab, kubectl } = context;
  if (tccli && !hasTccli()) {
    await sendTccli(context, shellWords(command));
    return 'NOT RUN with tccli, which is not installed: the request that its words mean is sent';
  }
  if (!tccli && kubectl.kind === 'absent') {
    for (const line of command.split(' && ')) await sendKubectl(context, shellWords(line));
    return `NOT RUN with kubectl (${kubectl.reason}): the request that its words mean is sent`;
  }
  const line = tccli ? `${command} --endpoint ${lab.cloudAccess.endpoint}` : command;
  const { code, stdout, stderr } = await runProgram('sh', ['-c', line], env);
  if (code !== 0) throw new Error(`exits ${code}: ${stderr.trim() || stdout.trim()}`);
  return tccli ? 'run with tccli' : 'run with kubectl';
}

/** The words of one POSIX command line with single quotes and backslashes alone. */
export function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  for (const [, word = ''] of line.matchAll(/((?:'[^']*'|\\.|[^\s'\\])+)/g))
    words.push(word.replace(/'([^']*)'|\\(.)/g, (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? ''));
  return words;
}

/** `--A.B.0.C value` words as the nested body that tccli makes of them (`--cli-unfold-argument`). */
export function unfold(words: readonly string[]): Readonly<Record<string, unknown>> {
  const body: Record<string, unknown> = {};
  for (let at = 0; at < words.length; at += 2) {
    const path = (words[at] ?? '').replace(/^--/, '').split('.');
    put(body, path, words[at + 1] ?? '');
  }
  return body;
}

function put(holder: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    holder[name] = value;
    return;
  }
  const inner = (holder[name] ??= /^\d+$/.test(rest[0] ?? '') ? [] : {});
  put(inner as Record<string, unknown>, rest, value);
}

async function sendTccli({ lab }: StoryContext, words: readonly string[]): Promise<void> {
  const [, service = '', action = '', ...options] = words;
  if (service !== 'vpc' && service !== 'tke') throw new Error(`tccli ${service}: expected vpc or tke`);
  await lab.cloud.call(service, action, unfold(options.filter((word) => word !== '--cli-unfold-argument')));
}

const KINDS: Readonly<Record<string, Resource>> = {
  configmap: configMaps,
  service: services,
  pod: pods,
  deployment: deployments,
  securitygrouppolicy: securityGroupPolicies,
};

/** `kubectl patch KIND NAME -n NS --type T -p BODY`, `kubectl scale KIND/NAME -n NS --replicas=N`, `kubectl delete pod NAME -n NS`. */
async function sendKubectl({ lab }: StoryContext, words: readonly string[]): Promise<void> {
  const [, verb, target = '', ...rest] = words;
  const option = (name: string): string => rest[rest.indexOf(name) + 1] ?? '';
  const [kind = '', name = ''] = target.includes('/') ? target.split('/') : [target, rest[0] ?? ''];
  const resource = KINDS[kind];
  if (resource === undefined)
    throw new Error(`kubectl ${verb ?? ''} ${kind}: not one of ${Object.keys(KINDS).join(', ')}`);
  const namespace = option('-n');
  if (verb === 'delete') return lab.client.delete(resource, name, { namespace });
  const replicas = rest.find((word) => word.startsWith('--replicas='))?.slice('--replicas='.length);
  const body: unknown = verb === 'scale' ? { spec: { replicas: Number(replicas) } } : JSON.parse(option('-p'));
  const type = verb === 'patch' && option('--type') === 'json' ? 'json' : 'merge';
  await lab.client.patch(resource, name, { type, body }, { namespace });
}
