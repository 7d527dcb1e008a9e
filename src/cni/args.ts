// CNI_ARGS as kubelet's runtimes write it: which Pod a sandbox belongs to.
import { cniCodes, CniError } from './error.ts';

/** Whose sandbox it is. */
export interface PodArgs {
  readonly namespace: string;
  readonly name: string;
  /** Absent with old runtimes. */
  readonly uid: string | undefined;
}

/** `KEY=VALUE;KEY=VALUE`; a pair without `=` throws CniError 4. */
export function parseArgs(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of text.split(';')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals < 1) throw new CniError(cniCodes.invalidEnvironment, `CNI_ARGS: "${pair}" is not KEY=VALUE`);
    pairs.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return pairs;
}

// As the API takes them; they become part of paths.
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The Pod of the call, or undefined when the arguments name none. Throws CniError 4 for what can be no name. */
export function podOf(text: string): PodArgs | undefined {
  const pairs = parseArgs(text);
  const namespace = pairs.get('K8S_POD_NAMESPACE') ?? '';
  const name = pairs.get('K8S_POD_NAME') ?? '';
  if (namespace === '' || name === '') return undefined;
  for (const [key, value] of [
    ['K8S_POD_NAMESPACE', namespace],
    ['K8S_POD_NAME', name],
  ] as const)
    if (!NAME.test(value)) throw new CniError(cniCodes.invalidEnvironment, `CNI_ARGS: ${key}=${value} can be no name`);
  const uid = pairs.get('K8S_POD_UID') ?? '';
  return { namespace, name, uid: uid === '' ? undefined : uid };
}
