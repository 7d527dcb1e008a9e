// The rules of Services: cluster addresses, ports, and the types that the lab's network serves.
import type { FieldError } from '../../field-error.ts';
import { duplicate, invalidValue, required } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { ensureObject, numberAt, objectAt, objectsAt, stringAt } from '../../json.ts';
import { dns1035NameFault } from '../../names.ts';
import type { RuleContext, Rules } from '../../registry/definition.ts';
import { internalError, invalid, notImplemented } from '../../status.ts';

/** 10.96.0.0/16, as addresses 10.96.x.y; x = 0, y < 10 stays free for fixed addresses. */
const FIRST_FREE = 10;
const LAST = 65_534;

export const serviceRules: Rules = {
  nameFault: dns1035NameFault,
  applyDefaults(service) {
    const spec = ensureObject(service, 'spec');
    spec['type'] ??= 'ClusterIP';
    spec['sessionAffinity'] ??= 'None';
    spec['internalTrafficPolicy'] ??= 'Cluster';
    for (const port of objectsAt(spec, 'ports')) {
      port['protocol'] ??= 'TCP';
      port['targetPort'] ??= port['port'];
    }
  },
  prepareCreate(service, context) {
    const spec = ensureObject(service, 'spec');
    refuseUnserved(spec);
    spec['ipFamilies'] ??= ['IPv4'];
    spec['ipFamilyPolicy'] ??= 'SingleStack';
    const asked = stringAt(spec, 'clusterIP') ?? '';
    const address = asked === '' ? freeAddress(context) : asked;
    if (asked !== '' && asked !== 'None' && taken(context).has(asked))
      throw invalid('', 'Service', service.metadata.name, [
        invalidValue('spec.clusterIPs', [asked], `failed to allocate IP ${asked}: provided IP is already allocated`),
      ]);
    spec['clusterIP'] = address;
    spec['clusterIPs'] = [address];
    service['status'] = { loadBalancer: {} };
  },
  prepareUpdate(service, old) {
    const spec = ensureObject(service, 'spec');
    refuseUnserved(spec);
    for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'])
      spec[name] ??= objectAt(old, 'spec')[name];
  },
  validate: (service) => portFaults(service),
  validateUpdate(service, old) {
    const address = stringAt(service, 'spec', 'clusterIP');
    return address === stringAt(old, 'spec', 'clusterIP')
      ? []
      : [invalidValue('spec.clusterIPs[0]', address, 'may not change once set')];
  },
};

function refuseUnserved(spec: JsonObject): void {
  const type = stringAt(spec, 'type');
  if (type !== 'ClusterIP') throw notImplemented(`Services of type ${type}; use ClusterIP`);
}

function taken({ all }: RuleContext): Set<string> {
  return new Set(all('', 'services').map((service) => stringAt(service, 'spec', 'clusterIP') ?? ''));
}

function freeAddress(context: RuleContext): string {
  const used = taken(context);
  for (let number = FIRST_FREE; number <= LAST; number += 1) {
    const address = `10.96.${number >> 8}.${number & 255}`;
    if (!used.has(address)) return address;
  }
  throw internalError('failed to allocate a serviceIP: range is full');
}

function portFaults(service: ApiObject): FieldError[] {
  const ports = objectsAt(service, 'spec', 'ports');
  const headless = stringAt(service, 'spec', 'clusterIP') === 'None';
  if (ports.length === 0) return headless ? [] : [required('spec.ports')];
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`;
    const number = numberAt(port, 'port') ?? 0;
    const name = stringAt(port, 'name') ?? '';
    return [
      ...(ports.length > 1 && name === '' ? [required(`${at}.name`)] : []),
      ...(name !== '' && ports.findIndex((other) => other['name'] === name) < index
        ? [duplicate(`${at}.name`, name)]
        : []),
      ...(number < 1 || number > 65535
        ? [invalidValue(`${at}.port`, number, 'must be between 1 and 65535, inclusive')]
        : []),
    ];
  });
}
