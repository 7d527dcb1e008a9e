// Defaults of a Pod's spec, also inside workload templates.
import type { JsonObject } from '../../json.ts';
import { isObject, objectsAt, stringAt, valueAt } from '../../json.ts';

const setDefault = (target: JsonObject, name: string, value: unknown): void => {
  if (target[name] === undefined) target[name] = value;
};

/** Fills in what only Pods get, not the templates of workloads: service links, requests from limits, ports of the Node. */
export function defaultPod(spec: JsonObject): void {
  setDefault(spec, 'enableServiceLinks', true);
  for (const container of [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')]) {
    requestsFromLimits(container);
    if (spec['hostNetwork'] !== true) continue;
    for (const port of objectsAt(container, 'ports')) setDefault(port, 'hostPort', port['containerPort']);
  }
}

/** Fills a Pod's spec in place, also that of a template. */
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
  for (const container of [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')])
    defaultContainer(container);
  for (const volume of objectsAt(spec, 'volumes')) defaultVolume(volume);
}

function defaultContainer(container: JsonObject): void {
  setDefault(container, 'imagePullPolicy', pullPolicy(stringAt(container, 'image') ?? ''));
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'resources', {});
  for (const port of objectsAt(container, 'ports')) {
    setDefault(port, 'protocol', 'TCP');
  }
  for (const entry of objectsAt(container, 'env')) {
    const fieldRef = valueAt(entry, 'valueFrom', 'fieldRef');
    if (isObject(fieldRef)) setDefault(fieldRef, 'apiVersion', 'v1');
    const resourceRef = valueAt(entry, 'valueFrom', 'resourceFieldRef');
    if (isObject(resourceRef)) setDefault(resourceRef, 'divisor', '0');
  }
  for (const name of ['postStart', 'preStop']) defaultHttpGet(valueAt(container, 'lifecycle', name, 'httpGet'));
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    if (isObject(container[name])) defaultProbe(container[name]);
}

const REFERENCE =
  /^([a-zA-Z0-9][-a-zA-Z0-9.]*(:[0-9]+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@[a-z0-9]+:[0-9a-fA-F]{32,})?$/;

/** A name that is no image reference has no tag either. */
function pullPolicy(image: string): string {
  if (!REFERENCE.test(image)) return 'IfNotPresent';
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
  defaultHttpGet(probe['httpGet']);
  const grpc = probe['grpc'];
  if (isObject(grpc)) setDefault(grpc, 'service', '');
}

function defaultHttpGet(httpGet: unknown): void {
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
    if (isObject(item['resourceFieldRef'])) setDefault(item['resourceFieldRef'], 'divisor', '0');
  }
  const known = Object.keys(volume).some((name) => name !== 'name');
  if (!known) volume['emptyDir'] = {};
}
