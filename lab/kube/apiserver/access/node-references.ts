// Which Secrets, ConfigMaps, claims and ServiceAccounts a Pod refers to: what its node may therefore read.
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, objectAt, objectsAt, stringAt } from '../json.ts';

/** Names in the Pod's namespace. */
export interface PodReferences {
  readonly secrets: ReadonlySet<string>;
  readonly configmaps: ReadonlySet<string>;
  readonly persistentvolumeclaims: ReadonlySet<string>;
  readonly serviceaccounts: ReadonlySet<string>;
}

/** Volumes, projections, environments, image pull secrets and the ServiceAccount, of all kinds of containers. */
export function podReferences(pod: ApiObject): PodReferences {
  const found = {
    secrets: new Set<string>(),
    configmaps: new Set<string>(),
    persistentvolumeclaims: new Set<string>(),
    serviceaccounts: new Set<string>(),
  };
  const note = (set: Set<string>, name: string | undefined): void => void (name && set.add(name));
  const spec = objectAt(pod, 'spec');
  note(found.serviceaccounts, stringAt(spec, 'serviceAccountName'));
  for (const secret of objectsAt(spec, 'imagePullSecrets')) note(found.secrets, stringAt(secret, 'name'));
  for (const volume of objectsAt(spec, 'volumes')) {
    note(found.persistentvolumeclaims, stringAt(volume, 'persistentVolumeClaim', 'claimName'));
    if (isObject(volume['ephemeral']))
      note(found.persistentvolumeclaims, `${pod.metadata.name}-${stringAt(volume, 'name')}`);
    note(found.configmaps, stringAt(volume, 'configMap', 'name'));
    note(found.secrets, stringAt(volume, 'secret', 'secretName'));
    for (const name of driverSecrets(volume)) note(found.secrets, name);
    for (const source of objectsAt(volume, 'projected', 'sources')) {
      note(found.configmaps, stringAt(source, 'configMap', 'name'));
      note(found.secrets, stringAt(source, 'secret', 'name'));
    }
  }
  for (const container of ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) =>
    objectsAt(spec, list),
  )) {
    for (const source of objectsAt(container, 'envFrom')) {
      note(found.configmaps, stringAt(source, 'configMapRef', 'name'));
      note(found.secrets, stringAt(source, 'secretRef', 'name'));
    }
    for (const variable of objectsAt(container, 'env')) {
      note(found.configmaps, stringAt(variable, 'valueFrom', 'configMapKeyRef', 'name'));
      note(found.secrets, stringAt(variable, 'valueFrom', 'secretKeyRef', 'name'));
    }
  }
  return found;
}

/** Secrets of volume drivers, each under `secretRef` or a name of its own. */
function driverSecrets(volume: JsonObject): (string | undefined)[] {
  return Object.values(volume)
    .filter(isObject)
    .flatMap((source) => [
      stringAt(source, 'secretRef', 'name'),
      stringAt(source, 'nodePublishSecretRef', 'name'),
      stringAt(source, 'secretName'),
    ]);
}
