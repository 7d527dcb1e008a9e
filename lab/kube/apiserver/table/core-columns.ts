// The columns of the other kinds of core/v1.
import type { ApiObject, JsonObject } from '../json.ts';
import { listAt, numberAt, objectAt, objectsAt, stringAt, stringMapAt, stringsAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { ageColumn, labelsText, nameColumn, number, orElse, text, wide } from './columns.ts';
import { ageOf } from './duration.ts';

export const namespaceColumns: readonly Column[] = [
  nameColumn,
  text('Status', orElse('', 'status', 'phase')),
  ageColumn,
];

export const nodeColumns: readonly Column[] = [
  nameColumn,
  text('Status', nodeStatus),
  text('Roles', nodeRoles),
  ageColumn,
  text('Version', orElse('', 'status', 'nodeInfo', 'kubeletVersion')),
  wide(text('Internal-IP', (node) => nodeAddress(node, 'InternalIP'))),
  wide(text('External-IP', (node) => nodeAddress(node, 'ExternalIP'))),
  wide(text('OS-Image', orElse('<unknown>', 'status', 'nodeInfo', 'osImage'))),
  wide(text('Kernel-Version', orElse('<unknown>', 'status', 'nodeInfo', 'kernelVersion'))),
  wide(text('Container-Runtime', orElse('<unknown>', 'status', 'nodeInfo', 'containerRuntimeVersion'))),
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
  text('Type', orElse('', 'spec', 'type')),
  text('Cluster-IP', orElse('<none>', 'spec', 'clusterIP')),
  text('External-IP', (service) => stringsAt(service, 'spec', 'externalIPs').join(',') || '<none>'),
  text('Port(s)', (service) => objectsAt(service, 'spec', 'ports').map(portText).join(',') || '<none>'),
  ageColumn,
  wide(text('Selector', (service) => labelsText(service, 'spec', 'selector'))),
];

function portText(port: JsonObject): string {
  const nodePort = numberAt(port, 'nodePort') ?? 0;
  return `${numberAt(port, 'port')}${nodePort > 0 ? `:${nodePort}` : ''}/${stringAt(port, 'protocol')}`;
}

export const endpointsColumns: readonly Column[] = [nameColumn, text('Endpoints', endpointsText), ageColumn];

function endpointsText(endpoints: ApiObject): string {
  const shown = objectsAt(endpoints, 'subsets').flatMap((subset) => {
    const ports = objectsAt(subset, 'ports');
    return objectsAt(subset, 'addresses').flatMap((address) =>
      ports.length === 0
        ? [String(address['ip'])]
        : ports.map((port) => `${String(address['ip'])}:${numberAt(port, 'port')}`),
    );
  });
  if (shown.length === 0) return '<none>';
  return shown.length <= 3 ? shown.join(',') : `${shown.slice(0, 3).join(',')} + ${shown.length - 3} more...`;
}

const countOf = (object: ApiObject, ...members: readonly string[]): number =>
  members.reduce((sum, member) => sum + Object.keys(objectAt(object, member)).length, 0);

export const configMapColumns: readonly Column[] = [
  nameColumn,
  number('Data', (map) => countOf(map, 'data', 'binaryData')),
  ageColumn,
];

export const secretColumns: readonly Column[] = [
  nameColumn,
  text('Type', orElse('', 'type')),
  number('Data', (secret) => countOf(secret, 'data')),
  ageColumn,
];

export const serviceAccountColumns: readonly Column[] = [
  nameColumn,
  number('Secrets', (account) => listAt(account, 'secrets').length),
  ageColumn,
];

export const eventColumns: readonly Column[] = [
  text('Last Seen', (event, now) => ageOf(lastSeen(event), now)),
  text('Type', orElse('', 'type')),
  text('Reason', orElse('', 'reason')),
  text('Object', (event) => involvedText(objectAt(event, 'involvedObject'))),
  wide(text('Subobject', orElse('', 'involvedObject', 'fieldPath'))),
  wide(text('Source', sourceText)),
  text('Message', (event) => (stringAt(event, 'message') ?? '').trim()),
  wide(
    text('First Seen', (event, now) => ageOf(stringAt(event, 'firstTimestamp') ?? stringAt(event, 'eventTime'), now)),
  ),
  wide(number('Count', (event) => numberAt(event, 'series', 'count') ?? numberAt(event, 'count') ?? 1)),
  wide({ ...nameColumn, format: '' }),
];

function lastSeen(event: ApiObject): string | undefined {
  return (
    stringAt(event, 'series', 'lastObservedTime') ?? stringAt(event, 'lastTimestamp') ?? stringAt(event, 'eventTime')
  );
}

function involvedText(involved: JsonObject): string {
  const kind = (stringAt(involved, 'kind') ?? '').toLowerCase();
  return `${kind}/${stringAt(involved, 'name') ?? ''}`;
}

function sourceText(event: ApiObject): string {
  const { component, host } = stringMapAt(event, 'source');
  const shown = component || (stringAt(event, 'reportingComponent') ?? '');
  return host === undefined || host === '' ? shown : `${shown}, ${host}`;
}
