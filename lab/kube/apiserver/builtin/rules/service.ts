// The rules of Services: defaults, what belongs to which type, addresses and ports that are given out, and what stays.
import type { FieldError } from '../../field-error.ts';
import { invalidValue } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { ensureObject, equalJson, numberAt, objectAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import { dns1035NameFault } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { invalid } from '../../status.ts';
import { goStrings } from './go-value.ts';
import { allocate, claimsOf } from './service-allocation.ts';
import { isHeadless, serviceFaults, typeOfService } from './service-validation.ts';

const AFFINITY_SECONDS = 10_800;

export const serviceRules: Rules = {
  nameFault: dns1035NameFault,
  applyDefaults(service) {
    const spec = ensureObject(service, 'spec');
    defaultAffinity(spec);
    spec['type'] ??= 'ClusterIP';
    const type = typeOfService(spec);
    if (type !== 'ExternalName') spec['internalTrafficPolicy'] ??= 'Cluster';
    if (isOutside(spec)) spec['externalTrafficPolicy'] ??= 'Cluster';
    if (type === 'LoadBalancer') spec['allocateLoadBalancerNodePorts'] ??= true;
    for (const port of objectsAt(spec, 'ports')) {
      port['protocol'] ??= 'TCP';
      if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '')
        port['targetPort'] = port['port'];
    }
  },
  prepareCreate(service, context) {
    const spec = ensureObject(service, 'spec');
    service['status'] = { loadBalancer: {} };
    followClusterIp(spec, undefined);
    allocateOrRefuse(service, spec, context);
  },
  prepareUpdate(service, old, context) {
    const spec = ensureObject(service, 'spec');
    const before = objectAt(old, 'spec');
    followClusterIp(spec, before);
    keepAllocated(spec, before);
    dropForeign(spec, before);
    allocateOrRefuse(service, spec, context);
  },
  claims: claimsOf,
  validate: (service) => serviceFaults(service),
  validateUpdate: (service, old) => addressFaults(objectAt(service, 'spec'), objectAt(old, 'spec')),
};

/** Reachable from outside the cluster. */
const isOutside = (spec: JsonObject): boolean =>
  ['NodePort', 'LoadBalancer'].includes(typeOfService(spec)) ||
  (typeOfService(spec) === 'ClusterIP' && stringsAt(spec, 'externalIPs').length > 0);

function defaultAffinity(spec: JsonObject): void {
  spec['sessionAffinity'] ??= 'None';
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
  if (spec['sessionAffinity'] !== 'ClientIP') return;
  const client = ensureObject(ensureObject(spec, 'sessionAffinityConfig'), 'clientIP');
  client['timeoutSeconds'] ??= AFFINITY_SECONDS;
}

/** `clusterIP` and the first of `clusterIPs` are one thing; whoever writes only the first means both. */
function followClusterIp(spec: JsonObject, before: JsonObject | undefined): void {
  const address = stringAt(spec, 'clusterIP') ?? '';
  const addresses = stringsAt(spec, 'clusterIPs');
  if (before === undefined) {
    if (address !== '' && addresses.length === 0) spec['clusterIPs'] = [address];
    else if (address === '' && addresses.length > 0) spec['clusterIP'] = addresses[0];
    return;
  }
  if (address === (stringAt(before, 'clusterIP') ?? '') || !equalJson(addresses, stringsAt(before, 'clusterIPs')))
    return;
  if (address === '') delete spec['clusterIPs'];
  else spec['clusterIPs'] = [address, ...addresses.slice(1)];
}

function allocateOrRefuse(service: ApiObject, spec: JsonObject, context: Parameters<typeof allocate>[2]): void {
  // What is invalid anyway gets nothing; validation says why.
  if (serviceFaults(service).some(({ field }) => field !== 'spec.clusterIPs')) return;
  const faults = allocate(service, spec, context);
  if (faults.length > 0) throw invalid('', 'Service', service.metadata.name, faults);
}

/** Whoever writes a Service without the allocated fields keeps them. */
function keepAllocated(spec: JsonObject, before: JsonObject): void {
  const served = (owner: JsonObject): boolean => typeOfService(owner) !== 'ExternalName';
  if (served(spec) && served(before)) {
    if ((stringAt(spec, 'clusterIP') ?? '') === '' && !equalJson(spec['clusterIPs'], before['clusterIPs']))
      spec['clusterIP'] = before['clusterIP'];
    if (stringsAt(spec, 'clusterIPs').length === 0 && spec['clusterIP'] === before['clusterIP'])
      spec['clusterIPs'] = before['clusterIPs'];
    spec['ipFamilies'] ??= before['ipFamilies'];
    spec['ipFamilyPolicy'] ??= before['ipFamilyPolicy'];
  }
  if (!hasNodePorts(spec) || !hasNodePorts(before)) return;
  for (const port of objectsAt(spec, 'ports')) {
    if ((numberAt(port, 'nodePort') ?? 0) !== 0) continue;
    const same = objectsAt(before, 'ports').find(
      (other) => other['port'] === port['port'] && other['protocol'] === port['protocol'],
    );
    const taken = objectsAt(spec, 'ports').some((other) => other['nodePort'] === same?.['nodePort']);
    if (same?.['nodePort'] !== undefined && !taken) port['nodePort'] = same['nodePort'];
  }
}

const hasNodePorts = (spec: JsonObject): boolean => ['NodePort', 'LoadBalancer'].includes(typeOfService(spec));

/** A change of the type takes away, when it was not touched, what the new type does not have. */
function dropForeign(spec: JsonObject, before: JsonObject): void {
  const dropIfKept = (...names: readonly string[]): void => {
    for (const name of names) if (equalJson(spec[name], before[name])) delete spec[name];
  };
  if (typeOfService(spec) === 'ExternalName' && typeOfService(before) !== 'ExternalName')
    dropIfKept('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy');
  if (hasNodePorts(before) && !hasNodePorts(spec))
    for (const port of objectsAt(spec, 'ports')) {
      const same = objectsAt(before, 'ports').find(
        (other) => other['port'] === port['port'] && other['protocol'] === port['protocol'],
      );
      if (same?.['nodePort'] === port['nodePort']) delete port['nodePort'];
    }
  if (isOutside(before) && !isOutside(spec)) dropIfKept('externalTrafficPolicy');
  if (typeOfService(spec) !== 'LoadBalancer' && typeOfService(before) === 'LoadBalancer')
    dropIfKept('allocateLoadBalancerNodePorts', 'loadBalancerClass', 'healthCheckNodePort');
  if (typeOfService(spec) !== 'ExternalName' && typeOfService(before) === 'ExternalName') dropIfKept('externalName');
}

/** Addresses stay, unless the Service comes from or goes to ExternalName. */
function addressFaults(spec: JsonObject, before: JsonObject): FieldError[] {
  if (typeOfService(spec) === 'ExternalName' || typeOfService(before) === 'ExternalName') return [];
  if (isHeadless(spec) && isHeadless(before)) return [];
  const [now, then] = [stringsAt(spec, 'clusterIPs'), stringsAt(before, 'clusterIPs')];
  if (now.length === 0 && then.length > 0)
    return [invalidValue('spec.clusterIPs[0]', goStrings(now), 'primary clusterIP can not be unset')];
  return then.flatMap((address, index) =>
    address === now[index] || index >= now.length
      ? []
      : [invalidValue(`spec.clusterIPs[${index}]`, goStrings(now), 'may not change once set')],
  );
}
