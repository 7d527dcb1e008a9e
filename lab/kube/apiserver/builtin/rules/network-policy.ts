// The rules of NetworkPolicies. The lab stores and serves them; nobody enforces them.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { isObject, listAt, numberAt, objectAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import type { Rules } from '../../registry/definition.ts';
import { isCidr, labelSelectorFaults } from './field-checks.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const TYPES = ['Egress', 'Ingress'];
const NOT_A_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

export const networkPolicyRules: Rules = {
  applyDefaults(policy) {
    const { spec } = policy;
    if (!isObject(spec)) return;
    for (const rule of [...objectsAt(spec, 'ingress'), ...objectsAt(spec, 'egress')])
      for (const port of objectsAt(rule, 'ports')) port['protocol'] ??= 'TCP';
    if (listAt(spec, 'policyTypes').length > 0) return;
    spec['policyTypes'] = listAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate: (policy) => [
    ...labelSelectorFaults(objectAt(policy, 'spec', 'podSelector'), 'spec.podSelector'),
    ...ruleFaults(policy, 'ingress', 'from'),
    ...ruleFaults(policy, 'egress', 'to'),
    ...typeFaults(policy),
  ],
};

function ruleFaults(policy: ApiObject, direction: 'ingress' | 'egress', peers: 'from' | 'to'): FieldError[] {
  return objectsAt(policy, 'spec', direction).flatMap((rule, index) => {
    const at = `spec.${direction}[${index}]`;
    return [
      ...objectsAt(rule, 'ports').flatMap((port, position) => portFaults(port, `${at}.ports[${position}]`)),
      ...objectsAt(rule, peers).flatMap((peer, position) => peerFaults(peer, `${at}.${peers}[${position}]`)),
    ];
  });
}

function portFaults(port: JsonObject, at: string): FieldError[] {
  const protocol = stringAt(port, 'protocol') ?? '';
  const number = numberAt(port, 'port');
  const last = numberAt(port, 'endPort');
  return [
    ...(PROTOCOLS.includes(protocol) ? [] : [notSupported(`${at}.protocol`, protocol, PROTOCOLS)]),
    ...(number !== undefined && (number < 1 || number > 65_535)
      ? [invalidValue(`${at}.port`, number, 'must be between 1 and 65535, inclusive')]
      : []),
    ...(last !== undefined && number !== undefined && last < number
      ? [invalidValue(`${at}.endPort`, last, 'must be greater than or equal to `port`')]
      : []),
  ];
}

function peerFaults(peer: JsonObject, at: string): FieldError[] {
  const block = isObject(peer['ipBlock']) ? peer['ipBlock'] : undefined;
  const selectors = (['podSelector', 'namespaceSelector'] as const).filter((name) => isObject(peer[name]));
  if (block === undefined && selectors.length === 0) return [required(at, 'must specify a peer')];
  return [
    ...selectors.flatMap((name) => labelSelectorFaults(objectAt(peer, name), `${at}.${name}`)),
    ...(block !== undefined && selectors.length > 0
      ? [forbiddenField(at, 'may not specify both ipBlock and another peer')]
      : []),
    ...(block === undefined ? [] : blockFaults(block, `${at}.ipBlock`)),
  ];
}

function blockFaults(block: JsonObject, at: string): FieldError[] {
  const cidr = stringAt(block, 'cidr') ?? '';
  if (cidr === '') return [required(`${at}.cidr`)];
  return [
    ...(isCidr(cidr) ? [] : [invalidValue(`${at}.cidr`, cidr, NOT_A_CIDR)]),
    ...stringsAt(block, 'except').flatMap((except, index) =>
      isCidr(except) ? [] : [invalidValue(`${at}.except[${index}]`, except, NOT_A_CIDR)],
    ),
  ];
}

function typeFaults(policy: ApiObject): FieldError[] {
  const types = stringsAt(policy, 'spec', 'policyTypes');
  if (types.length > 2) return [invalidValue('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  return types.flatMap((type, index) =>
    TYPES.includes(type) ? [] : [notSupported(`spec.policyTypes[${index}]`, type, TYPES)],
  );
}
