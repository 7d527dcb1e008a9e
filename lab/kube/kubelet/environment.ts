// The environment and command line of a container: references resolved, `$(NAME)` expanded. Pure.
import { kubeletError } from './errors.ts';
import { fieldValue } from './field-ref.ts';
import type { PodPlace } from './field-ref.ts';
import { resourceValue } from './resource-ref.ts';
import type { EnvFrom, EnvVar, KeyRef, LabContainer, LabPod } from './pod-view.ts';

/** The data of the ConfigMaps and Secrets that a Pod refers to, decoded; `undefined` for one that does not exist. */
export interface ReferencedData {
  readonly configMap: (name: string) => Readonly<Record<string, string>> | undefined;
  readonly secret: (name: string) => Readonly<Record<string, string>> | undefined;
}

export interface EnvironmentInput {
  readonly pod: LabPod;
  readonly container: LabContainer;
  readonly place: PodPlace;
  readonly data: ReferencedData;
  /** What the image and the cluster set; the container's own variables win and may refer to these. */
  readonly base: Readonly<Record<string, string>>;
}

/**
 * Variables in the order of the Pod: base, envFrom, env; later ones win, and `$(NAME)` sees what was set before it.
 * Throws KUBELET-CONTAINER-CONFIG for a reference that does not resolve, KUBELET-UNSUPPORTED for a kind the lab lacks.
 */
export function containerEnvironment(input: EnvironmentInput): Record<string, string> {
  const env: Record<string, string> = { ...input.base };
  for (const source of input.container.envFrom ?? []) Object.assign(env, wholeSource(source, input.data));
  for (const variable of input.container.env ?? []) {
    const value = variableValue(variable, input, env);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

/** Replaces `$(NAME)` by its value; `$$(NAME)` stands for the text `$(NAME)`; unknown names stay as written (Kubernetes' rule). */
export function expandVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, inner: string, name: string | undefined) => {
    if (inner === '$') return '$';
    return name !== undefined && Object.hasOwn(env, name) ? (env[name] ?? whole) : whole;
  });
}

function variableValue(
  variable: EnvVar,
  input: EnvironmentInput,
  env: Readonly<Record<string, string>>,
): string | undefined {
  const from = variable.valueFrom;
  const { namespace = 'default' } = input.pod.metadata;
  if (from === undefined) return expandVariables(variable.value ?? '', env);
  if (from.fieldRef !== undefined) return fieldValue(input.pod, input.place, from.fieldRef.fieldPath);
  if (from.resourceFieldRef !== undefined)
    return resourceValue(input.pod, input.container.name, from.resourceFieldRef, input.place.allocatable ?? {});
  if (from.configMapKeyRef !== undefined)
    return keyValue('ConfigMap', from.configMapKeyRef, input.data.configMap, namespace);
  if (from.secretKeyRef !== undefined) return keyValue('Secret', from.secretKeyRef, input.data.secret, namespace);
  throw kubeletError('unsupported', `env ${variable.name}: valueFrom ${Object.keys(from).join(', ') || 'is empty'}`);
}

function keyValue(
  kind: string,
  ref: KeyRef,
  read: (name: string) => Readonly<Record<string, string>> | undefined,
  namespace: string,
): string | undefined {
  const value = read(ref.name)?.[ref.key];
  if (value !== undefined || ref.optional === true) return value;
  throw kubeletError(
    'config',
    read(ref.name) === undefined
      ? `${kind.toLowerCase()} "${ref.name}" not found`
      : `couldn't find key ${ref.key} in ${kind} ${namespace}/${ref.name}`,
  );
}

function wholeSource(source: EnvFrom, data: ReferencedData): Record<string, string> {
  const ref = source.configMapRef ?? source.secretRef;
  if (ref === undefined) return {};
  const values = source.configMapRef === undefined ? data.secret(ref.name) : data.configMap(ref.name);
  if (values === undefined && ref.optional !== true)
    throw kubeletError(
      'config',
      `${source.configMapRef === undefined ? 'secret' : 'configmap'} "${ref.name}" not found`,
    );
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, value]) => [`${source.prefix ?? ''}${name}`, value]),
  );
}
