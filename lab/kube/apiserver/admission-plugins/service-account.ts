// Admission plugin ServiceAccount: every Pod has an account that exists, and gets its token as a projected volume.
import type { IdSource } from '../core.ts';
import type { AdmissionRequest } from '../admission/admission.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { frozenJson, ensureObject, isObject, objectsAt, stringAt } from '../json.ts';
import { podReferences } from '../access/node-references.ts';
import type { AdmissionPlugin, Lookup } from './plugin.ts';
import { isAbout, refused } from './plugin.ts';

/** Where programs expect token, CA and namespace. */
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME_PREFIX = 'kube-api-access-';
/** An hour, and the seconds by which kubelets recognise a token that was asked for in this way. */
const TOKEN_SECONDS = 3607;
const MIRROR = 'kubernetes.io/config.mirror';
const ENFORCE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';

/** Source: plugin/pkg/admission/serviceaccount of Kubernetes, with bound tokens as releases from 1.22 on mount them. */
export function serviceAccount({ find }: Lookup, ids: Pick<IdSource, 'nameSuffix'>): AdmissionPlugin {
  const accountOf = (request: AdmissionRequest, pod: ApiObject): ApiObject => {
    const namespace = pod.metadata.namespace ?? '';
    const name = stringAt(pod, 'spec', 'serviceAccountName') ?? '';
    const found = find('', 'serviceaccounts', namespace, name);
    if (found !== undefined) return found;
    const why = `serviceaccount ${JSON.stringify(name)} not found`;
    throw refused(request, pod, `error looking up service account ${namespace}/${name}: ${why}`);
  };
  const concerns = (request: AdmissionRequest): boolean =>
    request.operation === 'CREATE' && isAbout(request, '', 'pods');
  return {
    admit(request, pod) {
      if (!concerns(request)) return;
      if (isMirror(pod)) {
        checkMirror(request, pod);
        return;
      }
      const spec = ensureObject(pod, 'spec');
      const name = stringAt(spec, 'serviceAccountName') || stringAt(spec, 'serviceAccount') || 'default';
      spec['serviceAccountName'] = name;
      spec['serviceAccount'] = name;
      const account = accountOf(request, pod);
      if (mountsToken(account, spec)) mountToken(spec, ids);
      const pullSecrets = objectsAt(account, 'imagePullSecrets');
      if (objectsAt(spec, 'imagePullSecrets').length === 0 && pullSecrets.length > 0)
        spec['imagePullSecrets'] = pullSecrets.map((secret) => ({ name: stringAt(secret, 'name') ?? '' }));
    },
    validate(request, pod) {
      if (!concerns(request) || pod === undefined) return;
      if (isMirror(pod)) {
        checkMirror(request, pod);
        return;
      }
      const account = accountOf(request, pod);
      if (account.metadata.annotations?.[ENFORCE_SECRETS] === 'true') limitSecrets(request, pod, account);
    },
  };
}

const isMirror = (pod: ApiObject): boolean => pod.metadata.annotations?.[MIRROR] !== undefined;

function checkMirror(request: AdmissionRequest, pod: ApiObject): void {
  const { secrets, serviceaccounts } = podReferences(pod);
  if (serviceaccounts.size > 0) throw refused(request, pod, 'a mirror pod may not reference service accounts');
  if (secrets.size > 0) throw refused(request, pod, 'a mirror pod may not reference secrets');
  const projects = objectsAt(pod, 'spec', 'volumes').some((volume) =>
    objectsAt(volume, 'projected', 'sources').some((source) => isObject(source['serviceAccountToken'])),
  );
  if (projects) throw refused(request, pod, 'a mirror pod may not use ServiceAccountToken volume projections');
}

/** The Pod's own wish wins over its account's; without either the token is mounted. */
function mountsToken(account: ApiObject, spec: JsonObject): boolean {
  const wishes = [spec['automountServiceAccountToken'], account['automountServiceAccountToken']];
  return wishes.find((wish) => typeof wish === 'boolean') !== false;
}

function mountToken(spec: JsonObject, ids: Pick<IdSource, 'nameSuffix'>): void {
  const volumes = objectsAt(spec, 'volumes');
  const names = volumes.map((volume) => stringAt(volume, 'name') ?? '');
  const existing = names.find((name) => name.startsWith(VOLUME_PREFIX));
  let name = existing ?? `${VOLUME_PREFIX}${ids.nameSuffix()}`;
  while (existing === undefined && names.includes(name)) name = `${VOLUME_PREFIX}${ids.nameSuffix()}`;
  let isMounted = false;
  // Containers are replaced and not changed: others of a series share them.
  const mounted = (container: JsonObject): JsonObject => {
    const mounts = objectsAt(container, 'volumeMounts');
    if (mounts.some((mount) => mount['mountPath'] === MOUNT_PATH)) return container;
    isMounted = true;
    return { ...container, volumeMounts: [...mounts, { name, readOnly: true, mountPath: MOUNT_PATH }] };
  };
  for (const list of ['initContainers', 'containers'])
    if (Array.isArray(spec[list])) spec[list] = objectsAt(spec, list).map(mounted);
  if (isMounted && existing === undefined) spec['volumes'] = [...volumes, tokenVolume(name)];
}

/** What every token volume holds; all Pods share it. */
const TOKEN_SOURCE = frozenJson({
  defaultMode: 0o644,
  sources: [
    { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: {
        items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
      },
    },
  ],
});

const tokenVolume = (name: string): JsonObject => ({ name, projected: TOKEN_SOURCE });

/** An account may say that its Pods use no Secret but those it lists. */
function limitSecrets(request: AdmissionRequest, pod: ApiObject, account: ApiObject): void {
  const listed = new Set(objectsAt(account, 'secrets').map((secret) => stringAt(secret, 'name') ?? ''));
  const { name } = account.metadata;
  for (const volume of objectsAt(pod, 'spec', 'volumes')) {
    const secret = stringAt(volume, 'secret', 'secretName');
    if (secret !== undefined && !listed.has(secret))
      throw refused(
        request,
        pod,
        `volume with secret.secretName=${JSON.stringify(secret)} is not allowed because service account ${name} does not reference that secret`,
      );
  }
  const pulls = new Set(objectsAt(account, 'imagePullSecrets').map((secret) => stringAt(secret, 'name') ?? ''));
  objectsAt(pod, 'spec', 'imagePullSecrets').forEach((secret, index) => {
    const pull = stringAt(secret, 'name') ?? '';
    if (!pulls.has(pull))
      throw refused(
        request,
        pod,
        `imagePullSecrets[${index}].name=${JSON.stringify(pull)} is not allowed because service account ${name} does not reference that imagePullSecret`,
      );
  });
}
