// The top-level workload of a Pod, for release with it (spec 004, cascade): found when the claim is made, asked for when the claim is deleted.
import { annotations, objectNames } from '../../api/keys.ts';
import type { VpcIpClaimSpec } from '../../api/vpc-ip-claim.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { configMaps, pods } from '../../kube/resources.ts';
import type { KubeObject, OwnerReference, Resource } from '../../kube/types.ts';
import type { IpamdDeps } from '../deps.ts';

export type ClaimOwner = NonNullable<VpcIpClaimSpec['owner']>;

/** The kinds of workloads that are looked at; ipamd may read these and no others. */
const WORKLOADS: Readonly<Record<string, Resource>> = Object.fromEntries(
  [
    ['apps', 'v1', 'Deployment'],
    ['apps', 'v1', 'ReplicaSet'],
    ['apps', 'v1', 'StatefulSet'],
    ['apps', 'v1', 'DaemonSet'],
    ['batch', 'v1', 'Job'],
    ['batch', 'v1', 'CronJob'],
  ].map(([group = '', version = '', kind = '']) => [
    `${group}/${version}/${kind}`,
    { group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced: true },
  ]),
);

const workloadOf = (ref: { readonly apiVersion: string; readonly kind: string }): Resource | undefined =>
  WORKLOADS[`${ref.apiVersion}/${ref.kind}`];

type Deps = Pick<IpamdDeps, 'client' | 'informers' | 'flags' | 'settings'>;

/** Since when workloads are owners: recorded on the add-on values when the switch was first seen on; undefined while it is off. */
async function ownerRefSince(deps: Deps, signal: AbortSignal): Promise<Date | undefined> {
  if (!(deps.flags.enableOwnerRef ?? deps.settings.current()['vpcCni.enableOwnerRef'])) return undefined;
  const { systemNamespace: namespace, addonValues: name } = objectNames;
  const cached = sinceOf(deps.informers.addonValues.get(`${namespace}/${name}`));
  // The cache may not show yet what was recorded a moment ago.
  return cached ?? sinceOf(await read(deps, configMaps, namespace, name, signal));
}

function sinceOf(map: KubeObject | undefined): Date | undefined {
  const since = Date.parse(map?.metadata.annotations?.[annotations.ownerRefSince] ?? '');
  return Number.isNaN(since) ? undefined : new Date(since);
}

/**
 * The workload at the top of the Pod's chain of controllers, so that a rollout keeps the address; undefined while the switch is off, when the
 * workload is older than the switch (spec 004: only new ones), and when it is of a kind that ipamd does not read.
 */
export async function ownerOfPod(
  deps: Deps,
  pod: { readonly namespace: string; readonly name: string; readonly uid: string },
  signal: AbortSignal,
): Promise<ClaimOwner | undefined> {
  const since = await ownerRefSince(deps, signal);
  if (since === undefined) return undefined;
  const found = await read(deps, pods, pod.namespace, pod.name, signal);
  if (found === undefined || found.metadata.uid !== pod.uid) return undefined;
  let top: { readonly ref: OwnerReference; readonly object: KubeObject } | undefined;
  for (let ref = controllerOf(found); ref !== undefined; ) {
    const resource = workloadOf(ref);
    const object = resource === undefined ? undefined : await read(deps, resource, pod.namespace, ref.name, signal);
    if (object === undefined || object.metadata.uid !== ref.uid) return undefined;
    top = { ref, object };
    ref = controllerOf(object);
  }
  if (top === undefined || !isMadeSince(top.object, since)) return undefined;
  const { apiVersion, kind, name, uid } = top.ref;
  return { apiVersion, kind, name, uid };
}

/** Whether the API knows the workload no more; false for a kind that ipamd does not read. */
export async function isOwnerGone(
  deps: Deps,
  namespace: string,
  owner: ClaimOwner | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const resource = owner === undefined ? undefined : workloadOf(owner);
  if (owner === undefined || resource === undefined) return false;
  const found = await read(deps, resource, namespace, owner.name, signal);
  // In foreground deletion it is still there while its Pods end.
  return found === undefined || found.metadata.uid !== owner.uid || found.metadata.deletionTimestamp !== undefined;
}

const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(({ controller }) => controller === true);

/** Times of creation are whole seconds. */
const isMadeSince = (object: KubeObject, since: Date): boolean =>
  Date.parse(object.metadata.creationTimestamp ?? '') >= Math.floor(since.getTime() / 1000) * 1000;

async function read(
  { client }: Pick<IpamdDeps, 'client'>,
  resource: Resource,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, name, { namespace, signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
