// A container's environment, and the $(NAME) references in its command, arguments and values.
import { TrunklineError } from '../../../src/base/errors.ts';
import { fieldValue } from './downward.ts';
import { KUBELET_ERRORS } from './errors.ts';
import type { EnvVar, LabContainer, LabPod } from './pod-view.ts';

/** Reads ConfigMaps and Secrets of the Pod's namespace; `undefined` when there is none of that name. */
export interface ConfigSource {
  configMap(name: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Values decoded from base64. */
  secret(name: string): Promise<Readonly<Record<string, Uint8Array>> | undefined>;
}

/** Addresses that `status.*` references give; as in Kubernetes, those known when the container starts. */
export interface PodAddresses {
  readonly hostIP: string;
  readonly podIPs: readonly string[];
}

/**
 * Expands `$(NAME)` from `variables`; `$$` is one `$`, and a reference to an unknown name stays as written
 * (Kubernetes, "Use Environment Variables to Define Arguments").
 */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? whole),
  );
}

/** The whole environment in order: `base`, then envFrom, then env, later ones winning and seeing the earlier. Throws KUBELET-CONFIG. */
export async function containerEnv(
  container: LabContainer,
  pod: LabPod,
  addresses: PodAddresses,
  source: ConfigSource,
  base: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const env = new Map<string, string>(Object.entries(base));
  for (const from of container.envFrom ?? []) {
    const { name = '', optional = false } = from.configMapRef ?? from.secretRef ?? {};
    const values =
      from.configMapRef === undefined ? await secretText(source, name) : await source.configMap(name);
    if (values === undefined && !optional)
      throw configError(`${from.configMapRef === undefined ? 'secret' : 'configmap'} "${name}" not found`);
    for (const [key, value] of Object.entries(values ?? {})) env.set(`${from.prefix ?? ''}${key}`, value);
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, pod, addresses, source, env);
    if (value !== undefined) env.set(variable.name, value);
  }
  return env;
}

async function valueOf(
  variable: EnvVar,
  pod: LabPod,
  addresses: PodAddresses,
  source: ConfigSource,
  known: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const from = variable.valueFrom;
  if (from === undefined) return expand(variable.value ?? '', known);
  if (from.fieldRef !== undefined) return fieldValue(pod, from.fieldRef.fieldPath, addresses);
  const ref = from.configMapKeyRef ?? from.secretKeyRef;
  if (ref === undefined)
    throw configError(
      `env ${variable.name}: valueFrom has ${Object.keys(from).join(', ') || 'nothing'}; the lab's kubelet knows fieldRef, configMapKeyRef, secretKeyRef`,
    );
  const kind = from.configMapKeyRef === undefined ? 'secret' : 'configmap';
  const values = kind === 'secret' ? await secretText(source, ref.name) : await source.configMap(ref.name);
  const value = values?.[ref.key];
  if (value !== undefined || ref.optional === true) return value;
  throw configError(
    values === undefined ? `${kind} "${ref.name}" not found` : `couldn't find key ${ref.key} in ${kind} "${ref.name}"`,
  );
}

async function secretText(source: ConfigSource, name: string): Promise<Record<string, string> | undefined> {
  const values = await source.secret(name);
  if (values === undefined) return undefined;
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('utf8')]));
}

function configError(message: string): TrunklineError {
  return new TrunklineError(KUBELET_ERRORS.config, message);
}
