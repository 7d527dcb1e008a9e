// What a Service is given from the cluster's ranges: its address in 10.96.0.0/16 and its node ports in 30000-32767.
import { isIPv4 } from 'node:net';
import type { FieldError } from '../../field-error.ts';
import { invalidValue } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { numberAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import type { RuleContext } from '../../registry/definition.ts';
import { internalError } from '../../status.ts';
import { goStrings } from './go-value.ts';
import { isHeadless, typeOfService } from './service-validation.ts';

/** The range of addresses, 10.96.0.0/16; its first 256 are left to those who ask for one until the others are used up (KEP 3070). */
const RANGE = '10.96.0.0/16';
const PREFIX = '10.96.';
const FIRST_FREE = 257;
const LAST = 65_534;
const FIRST_PORT = 30_000;
const LAST_PORT = 32_767;

type Context = Pick<RuleContext, 'all'>;

/** Fills in families, addresses and node ports in place. Gives the faults of what was asked for and cannot be had. */
export function allocate(service: ApiObject, spec: JsonObject, context: Context): FieldError[] {
  if (typeOfService(spec) === 'ExternalName') return [];
  const others = context.all('', 'services').filter((other) => other.metadata.uid !== service.metadata.uid);
  return [...allocateFamilies(spec), ...allocateAddress(spec, others), ...allocateNodePorts(spec, others)];
}

function allocateFamilies(spec: JsonObject): FieldError[] {
  const families = stringsAt(spec, 'ipFamilies');
  // Without a selector nobody but the writer knows the addresses: both families are possible.
  const anyFamily = isHeadless(spec) && Object.keys((spec['selector'] as object | undefined) ?? {}).length === 0;
  if (anyFamily) {
    spec['ipFamilyPolicy'] ??= families.length === 1 ? 'SingleStack' : 'RequireDualStack';
    if (families.length === 0)
      spec['ipFamilies'] = spec['ipFamilyPolicy'] === 'SingleStack' ? ['IPv4'] : ['IPv4', 'IPv6'];
    return [];
  }
  const foreign = families.indexOf('IPv6');
  if (foreign >= 0) return [invalidValue(`spec.ipFamilies[${foreign}]`, 'IPv6', 'not configured on this cluster')];
  if (spec['ipFamilyPolicy'] === 'RequireDualStack')
    return [
      invalidValue('spec.ipFamilyPolicy', 'RequireDualStack', 'this cluster is not configured for dual-stack services'),
    ];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
  spec['ipFamilies'] ??= ['IPv4'];
  return [];
}

function allocateAddress(spec: JsonObject, others: readonly ApiObject[]): FieldError[] {
  const asked = stringAt(spec, 'clusterIP') ?? '';
  if (asked === 'None') return [];
  const used = new Set(others.map((other) => stringAt(other, 'spec', 'clusterIP') ?? ''));
  if (asked === '') {
    const address = freeAddress(used);
    spec['clusterIP'] = address;
    spec['clusterIPs'] = [address];
    return [];
  }
  const refuse = (why: string): FieldError[] => [
    invalidValue('spec.clusterIPs', goStrings(stringsAt(spec, 'clusterIPs')), `failed to allocate IP ${asked}: ${why}`),
  ];
  if (!isIPv4(asked) || !asked.startsWith(PREFIX))
    return refuse(`the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${RANGE}`);
  return used.has(asked) ? refuse('provided IP is already allocated') : [];
}

function freeAddress(used: ReadonlySet<string>): string {
  for (const [first, last] of [
    [FIRST_FREE, LAST],
    [1, FIRST_FREE - 1],
  ] as const)
    for (let number = first; number <= last; number += 1) {
      const address = `${PREFIX}${number >> 8}.${number & 255}`;
      if (!used.has(address)) return address;
    }
  throw internalError('failed to allocate a serviceIP: range is full');
}

function allocateNodePorts(spec: JsonObject, others: readonly ApiObject[]): FieldError[] {
  const type = typeOfService(spec);
  const wanted = type === 'NodePort' || (type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false);
  if (type !== 'NodePort' && type !== 'LoadBalancer') return [];
  const used = new Set(others.flatMap((other) => nodePortsOf(other)));
  const own = new Map<number, string[]>();
  const faults = objectsAt(spec, 'ports').flatMap((port, index) => {
    const number = numberAt(port, 'nodePort') ?? 0;
    if (number === 0) return [];
    const protocols = own.get(number) ?? [];
    own.set(number, [...protocols, stringAt(port, 'protocol') ?? '']);
    const field = `spec.ports[${index}].nodePort`;
    if (number < FIRST_PORT || number > LAST_PORT)
      return [
        invalidValue(
          field,
          number,
          `provided port is not in the valid range. The range of valid ports is ${FIRST_PORT}-${LAST_PORT}`,
        ),
      ];
    return used.has(number) ? [invalidValue(field, number, 'provided port is already allocated')] : [];
  });
  if (faults.length > 0) return faults;
  const taken = new Set([...used, ...own.keys()]);
  const next = (): number => {
    for (let number = FIRST_PORT; number <= LAST_PORT; number += 1)
      if (!taken.has(number)) {
        taken.add(number);
        return number;
      }
    throw internalError('failed to allocate a nodePort: range is full');
  };
  const given = new Map<unknown, number>();
  for (const port of wanted ? objectsAt(spec, 'ports') : []) {
    if ((numberAt(port, 'nodePort') ?? 0) !== 0) continue;
    // The same port of another protocol shares the node port.
    const number = given.get(port['port']) ?? next();
    given.set(port['port'], number);
    port['nodePort'] = number;
  }
  const checked = type === 'LoadBalancer' && spec['externalTrafficPolicy'] === 'Local';
  if (checked && (numberAt(spec, 'healthCheckNodePort') ?? 0) === 0) spec['healthCheckNodePort'] = next();
  return [];
}

function nodePortsOf(service: ApiObject): number[] {
  const check = numberAt(service, 'spec', 'healthCheckNodePort');
  return [
    ...objectsAt(service, 'spec', 'ports').flatMap((port) => numberAt(port, 'nodePort') ?? []),
    ...(check === undefined ? [] : [check]),
  ];
}

/** What a Service holds alone: its address and its node ports. */
export function claimsOf(service: ApiObject): string[] {
  const address = stringAt(service, 'spec', 'clusterIP') ?? '';
  return [
    ...(address === '' || address === 'None' ? [] : [`address ${address}`]),
    ...new Set(nodePortsOf(service).map((port) => `node port ${port}`)),
  ];
}
