// Defaults of a Pod's spec, also inside workload templates.
import type { JsonObject } from '../../json.ts';
import { isObject, objectsAt, stringAt, valueAt } from '../../json.ts';

const setDefault = (target: JsonObject, name: string, value: unknown): void => {
  if (target[name] === undefined) target[name] = value;
};

/** Fills a Pod's spec in place. */
export function defaultPodSpec(spec: JsonObject): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'securityContext', {});
  // The older name of the same field; each follows the other.
  const account = stringAt(spec, 'serviceAccountName') || stringAt(spec, 'serviceAccount');
  if (account) {
    spec['serviceAccountName'] = account;
    spec['serviceAccount'] = account;
  }
  const hostNetwork = spec['hostNetwork'] === true;
  for (const container of [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')])
    defaultContainer(container, hostNetwork);
  for (const volume of objectsAt(spec, 'volumes')) defaultVolume(volume);
}

function defaultContainer(container: JsonObject, hostNetwork: boolean): void {
  setDefault(container, 'imagePullPolicy', pullPolicy(stringAt(container, 'image') ?? ''));
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'resources', {});
  requestsFromLimits(container);
  for (const port of objectsAt(container, 'ports')) {
    setDefault(port, 'protocol', 'TCP');
    if (hostNetwork) setDefault(port, 'hostPort', port['containerPort']);
  }
  for (const entry of objectsAt(container, 'env')) {
    const fieldRef = valueAt(entry, 'valueFrom', 'fieldRef');
    if (isObject(fieldRef)) setDefault(fieldRef, 'apiVersion', 'v1');
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    if (isObject(container[name])) defaultProbe(container[name]);
}

function pullPolicy(image: string): string {
  const withoutDigest = image.split('@')[0] ?? '';
  const tag = /:([^:/]+)$/.exec(withoutDigest)?.[1];
  return (tag === undefined && !image.includes('@')) || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

/** What is limited but not requested is requested as limited. */
function requestsFromLimits(container: JsonObject): void {
  const limits = valueAt(container, 'resources', 'limits');
  const resources = container['resources'];
  if (!isObject(limits) || !isObject(resources)) return;
  const requests: JsonObject = isObject(resources['requests']) ? { ...resources['requests'] } : {};
  for (const [name, limit] of Object.entries(limits)) setDefault(requests, name, limit);
  if (Object.keys(requests).length > 0) resources['requests'] = requests;
}

function defaultProbe(probe: JsonObject): void {
  setDefault(probe, 'timeoutSeconds', 1);
  setDefault(probe, 'periodSeconds', 10);
  setDefault(probe, 'successThreshold', 1);
  setDefault(probe, 'failureThreshold', 3);
  const httpGet = probe['httpGet'];
  if (!isObject(httpGet)) return;
  setDefault(httpGet, 'path', '/');
  setDefault(httpGet, 'scheme', 'HTTP');
}

const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3600;

function defaultVolume(volume: JsonObject): void {
  for (const name of ['configMap', 'secret', 'downwardAPI', 'projected']) {
    const source = volume[name];
    if (isObject(source)) setDefault(source, 'defaultMode', FILE_MODE);
  }
  if (isObject(volume['hostPath'])) setDefault(volume['hostPath'], 'type', '');
  for (const source of objectsAt(volume, 'projected', 'sources')) {
    const token = source['serviceAccountToken'];
    if (isObject(token)) setDefault(token, 'expirationSeconds', TOKEN_SECONDS);
  }
  for (const item of [
    ...objectsAt(volume, 'downwardAPI', 'items'),
    ...objectsAt(volume, 'projected', 'sources').flatMap((source) => objectsAt(source, 'downwardAPI', 'items')),
  ]) {
    if (isObject(item['fieldRef'])) setDefault(item['fieldRef'], 'apiVersion', 'v1');
  }
  const known = Object.keys(volume).some((name) => name !== 'name');
  if (!known) volume['emptyDir'] = {};
}
