// The rules of Nodes: they register with their status; taints, ranges and the provider's name are checked.
import type { FieldError } from '../../field-error.ts';
import { duplicate, forbiddenField, invalidValue, ShownValue } from '../../field-error.ts';
import type { ApiObject } from '../../json.ts';
import { ensureObject, equalJson, isObject, objectAt, objectsAt, plainText, stringAt, stringsAt } from '../../json.ts';
import type { Rules } from '../../registry/definition.ts';
import { nodeResourceFaults } from './container-resources.ts';
import { isCidr } from './field-checks.ts';
import { goStrings } from './go-value.ts';
import { taintsFaults } from './scheduling-validation.ts';

const ONLY =
  'node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)';
/** How messages name the object as a whole. */
const WHOLE = '[]';

export const nodeRules: Rules = {
  keepsStatusOnCreate: true,
  applyDefaults(node) {
    const spec = ensureObject(node, 'spec');
    const status = ensureObject(node, 'status');
    if (isObject(status['capacity']) && status['allocatable'] === undefined)
      status['allocatable'] = { ...status['capacity'] };
    // The first of podCIDRs and podCIDR are one thing.
    const [first] = stringsAt(spec, 'podCIDRs');
    const range = stringAt(spec, 'podCIDR') ?? '';
    if (range !== '' && first === undefined) spec['podCIDRs'] = [range];
    if (range === '' && first !== undefined) spec['podCIDR'] = first;
    const daemon = ensureObject(ensureObject(status, 'daemonEndpoints'), 'kubeletEndpoint');
    daemon['Port'] ??= 0;
    const info = ensureObject(status, 'nodeInfo');
    for (const name of NODE_INFO) info[name] ??= '';
  },
  validate: (node) => [
    // A real server gives taints this path.
    ...taintsFaults(objectsAt(node, 'spec', 'taints'), 'metadata.taints'),
    ...nodeResourceFaults(objectAt(node, 'status', 'capacity'), 'status.capacity'),
    ...nodeResourceFaults(objectAt(node, 'status', 'allocatable'), 'status.allocatable'),
    ...rangeFaults(node),
  ],
  validateUpdate: (node, old) => updateFaults(node, old),
  validateStatus: (node) => [
    ...nodeResourceFaults(objectAt(node, 'status', 'capacity'), 'status.capacity'),
    ...nodeResourceFaults(objectAt(node, 'status', 'allocatable'), 'status.allocatable'),
    ...repeatedAddresses(node),
  ],
};

const NODE_INFO = [
  'architecture',
  'bootID',
  'containerRuntimeVersion',
  'kernelVersion',
  'kubeProxyVersion',
  'kubeletVersion',
  'machineID',
  'operatingSystem',
  'osImage',
  'systemUUID',
];

function rangeFaults(node: ApiObject): FieldError[] {
  const ranges = stringsAt(node, 'spec', 'podCIDRs');
  return ranges.flatMap((range, index) =>
    isCidr(range) ? [] : [invalidValue(`spec.podCIDRs[${index}]`, goStrings(ranges), 'must be valid CIDR')],
  );
}

function updateFaults(node: ApiObject, old: ApiObject): FieldError[] {
  const [spec, before] = [objectAt(node, 'spec'), objectAt(old, 'spec')];
  const ranges = stringsAt(before, 'podCIDRs');
  const provider = plainText(before['providerID']);
  const isFixed =
    equalJson(spec['externalID'], before['externalID']) &&
    (provider === '' || plainText(spec['providerID']) === provider) &&
    (ranges.length === 0 || equalJson(ranges, stringsAt(spec, 'podCIDRs')));
  return [
    ...repeatedAddresses(node),
    ...(ranges.length > 0 && !equalJson(ranges, stringsAt(spec, 'podCIDRs'))
      ? [forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')]
      : []),
    ...(provider !== '' && plainText(spec['providerID']) !== provider
      ? [forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid')]
      : []),
    ...(isFixed ? [] : [forbiddenField(WHOLE, ONLY)]),
  ];
}

function repeatedAddresses(node: ApiObject): FieldError[] {
  const seen = new Set<string>();
  return objectsAt(node, 'status', 'addresses').flatMap((address, index) => {
    const [type, value] = [plainText(address['type']), plainText(address['address'])];
    const shown = `core.NodeAddress{Type:${JSON.stringify(type)}, Address:${JSON.stringify(value)}}`;
    if (seen.has(shown)) return [duplicate(`status.addresses[${index}]`, new ShownValue(shown))];
    seen.add(shown);
    return [];
  });
}
