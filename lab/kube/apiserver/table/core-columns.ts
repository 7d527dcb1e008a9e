// The columns of the other kinds of core/v1.
import type { ApiObject, JsonObject } from '../json.ts';
import { listAt, numberAt, objectAt, objectsAt, stringAt, stringMapAt, stringsAt, valueAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { ageColumn, labelsText, nameColumn, orElse, text, wide } from './columns.ts';
import { fieldDescriptions } from './descriptions.ts';
import { ageOf } from './duration.ts';

const {
  configMap,
  endpoints: endpointsFields,
  event: eventFields,
  nodeStatus: statusOfNode,
  nodeSystemInfo,
  objectReference,
} = fieldDescriptions;
const { secret: secretFields, serviceAccount: accountFields, serviceSpec } = fieldDescriptions;

export const namespaceColumns: readonly Column[] = [
  nameColumn,
  text('Status', orElse('', 'status', 'phase'), 'The status of the namespace'),
  ageColumn,
];

export const nodeColumns: readonly Column[] = [
  nameColumn,
  text('Status', nodeStatus, 'The status of the node'),
  text('Roles', nodeRoles, 'The roles of the node'),
  ageColumn,
  text('Version', orElse('', 'status', 'nodeInfo', 'kubeletVersion'), nodeSystemInfo.kubeletVersion),
  wide(text('Internal-IP', (node) => nodeAddress(node, 'InternalIP'), statusOfNode.addresses)),
  wide(text('External-IP', (node) => nodeAddress(node, 'ExternalIP'), statusOfNode.addresses)),
  wide(text('OS-Image', orElse('<unknown>', 'status', 'nodeInfo', 'osImage'), nodeSystemInfo.osImage)),
  wide(
    text('Kernel-Version', orElse('<unknown>', 'status', 'nodeInfo', 'kernelVersion'), nodeSystemInfo.kernelVersion),
  ),
  wide(
    text(
      'Container-Runtime',
      orElse('<unknown>', 'status', 'nodeInfo', 'containerRuntimeVersion'),
      nodeSystemInfo.containerRuntimeVersion,
    ),
  ),
];

function nodeStatus(node: ApiObject): string {
  const ready = objectsAt(node, 'status', 'conditions').find((condition) => condition['type'] === 'Ready');
  const parts = [ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'];
  if (objectAt(node, 'spec')['unschedulable'] === true) parts.push('SchedulingDisabled');
  return parts.join(',');
}

function nodeRoles(node: ApiObject): string {
  const labels = node.metadata.labels ?? {};
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(prefix) && key.length > prefix.length) return [key.slice(prefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return roles.length === 0 ? '<none>' : [...new Set(roles)].sort().join(',');
}

function nodeAddress(node: ApiObject, type: string): string {
  const found = objectsAt(node, 'status', 'addresses').find((address) => address['type'] === type);
  return stringAt(found, 'address') ?? '<none>';
}

export const serviceColumns: readonly Column[] = [
  nameColumn,
  text('Type', orElse('', 'spec', 'type'), serviceSpec.type),
  text('Cluster-IP', (service) => stringsAt(service, 'spec', 'clusterIPs')[0] ?? '<none>', serviceSpec.clusterIP),
  text('External-IP', externalAddress, serviceSpec.externalIPs),
  text(
    'Port(s)',
    (service) => objectsAt(service, 'spec', 'ports').map(portText).join(',') || '<none>',
    serviceSpec.ports,
  ),
  ageColumn,
  wide(text('Selector', (service) => labelsText(service, 'spec', 'selector'), serviceSpec.selector)),
];

function externalAddress(service: ApiObject): string {
  const given = stringsAt(service, 'spec', 'externalIPs');
  switch (stringAt(service, 'spec', 'type')) {
    case 'ClusterIP':
    case 'NodePort':
      return given.join(',') || '<none>';
    case 'LoadBalancer': {
      const ingress = objectsAt(service, 'status', 'loadBalancer', 'ingress').flatMap((entry) => {
        const address = stringAt(entry, 'ip') || (stringAt(entry, 'hostname') ?? '');
        return address === '' ? [] : [address];
      });
      return [...[...new Set(ingress)].sort(), ...given].join(',') || '<pending>';
    }
    case 'ExternalName':
      return stringAt(service, 'spec', 'externalName') ?? '';
    case undefined:
    default:
      return '<unknown>';
  }
}

function portText(port: JsonObject): string {
  const nodePort = numberAt(port, 'nodePort') ?? 0;
  return `${numberAt(port, 'port')}${nodePort > 0 ? `:${nodePort}` : ''}/${stringAt(port, 'protocol')}`;
}

export const endpointsColumns: readonly Column[] = [
  nameColumn,
  text('Endpoints', endpointsText, endpointsFields.subsets),
  ageColumn,
];

/** The first three addresses, port by port. */
function endpointsText(endpoints: ApiObject): string {
  if (objectsAt(endpoints, 'subsets').length === 0) return '<none>';
  const found = objectsAt(endpoints, 'subsets').flatMap((subset) => {
    const ports = objectsAt(subset, 'ports');
    const addresses = objectsAt(subset, 'addresses').map((address) => stringAt(address, 'ip') ?? '');
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) =>
      addresses.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${numberAt(port, 'port')}`),
    );
  });
  return found.length <= 3 ? found.join(',') : `${found.slice(0, 3).join(',')} + ${found.length - 3} more...`;
}

const countOf = (object: ApiObject, ...members: readonly string[]): number =>
  members.reduce((sum, member) => sum + Object.keys(objectAt(object, member)).length, 0);

export const configMapColumns: readonly Column[] = [
  nameColumn,
  text('Data', (map) => countOf(map, 'data', 'binaryData'), configMap.data),
  ageColumn,
];

export const secretColumns: readonly Column[] = [
  nameColumn,
  text('Type', orElse('', 'type'), secretFields.type),
  text('Data', (secret) => countOf(secret, 'data'), secretFields.data),
  ageColumn,
];

export const serviceAccountColumns: readonly Column[] = [
  nameColumn,
  text('Secrets', (account) => listAt(account, 'secrets').length, accountFields.secrets),
  ageColumn,
];

const timeOf = (event: ApiObject, name: string): string | undefined => stringAt(event, name) || undefined;
const firstSeen = (event: ApiObject): string | undefined =>
  timeOf(event, 'firstTimestamp') ?? timeOf(event, 'eventTime');
const lastSeen = (event: ApiObject): string | undefined =>
  valueAt(event, 'series') === undefined
    ? (timeOf(event, 'lastTimestamp') ?? firstSeen(event))
    : stringAt(event, 'series', 'lastObservedTime');

/** A series begins with the event that came before it. */
function countOfEvent(event: ApiObject): number {
  const series = numberAt(event, 'series', 'count');
  return series === undefined ? numberAt(event, 'count') || 1 : series + 1;
}

export const eventColumns: readonly Column[] = [
  text('Last Seen', (event, now) => ageOf(lastSeen(event), now), eventFields.lastTimestamp),
  text('Type', orElse('', 'type'), eventFields.type),
  text('Reason', orElse('', 'reason'), eventFields.reason),
  text('Object', (event) => involvedText(objectAt(event, 'involvedObject')), eventFields.involvedObject),
  wide(text('Subobject', orElse('', 'involvedObject', 'fieldPath'), objectReference.fieldPath)),
  wide(text('Source', sourceText, eventFields.source)),
  text('Message', (event) => (stringAt(event, 'message') ?? '').trim(), eventFields.message),
  wide(text('First Seen', (event, now) => ageOf(firstSeen(event), now), eventFields.firstTimestamp)),
  wide(text('Count', countOfEvent, eventFields.count)),
  wide(nameColumn),
];

function involvedText(involved: JsonObject): string {
  const kind = (stringAt(involved, 'kind') ?? '').toLowerCase();
  const name = stringAt(involved, 'name') ?? '';
  return name === '' ? kind : `${kind}/${name}`;
}

function sourceText(event: ApiObject): string {
  const { component, host } = stringMapAt(event, 'source');
  const source = component || (stringAt(event, 'reportingComponent') ?? '');
  const instance = host || (stringAt(event, 'reportingInstance') ?? '');
  return instance === '' ? source : `${source}, ${instance}`;
}
