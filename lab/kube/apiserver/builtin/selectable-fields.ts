// The fields that field selectors may name, per kind.
import type { ApiObject } from '../json.ts';
import { valueAt } from '../json.ts';
import { eventView } from './event-view.ts';
import type { FieldReaders } from '../selection/field-selector.ts';

const read =
  (...path: readonly string[]) =>
  (object: ApiObject): string => {
    const value = valueAt(object, ...path);
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  };

const reader = (path: string): [string, (object: ApiObject) => string] => [path, read(...path.split('.'))];

/** Of every kind. */
export const metadataFields = (namespaced: boolean): FieldReaders =>
  Object.fromEntries(['metadata.name', ...(namespaced ? ['metadata.namespace'] : [])].map(reader));

const podFields = [
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'spec.hostNetwork',
  'status.phase',
  'status.podIP',
  'status.nominatedNodeName',
];

const eventFields = [
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
    (name) => `involvedObject.${name}`,
  ),
  'reason',
  'type',
];

/** Names in events.k8s.io/v1, and where core/v1 has them; objects come in either form. */
const viewedEventFields: readonly (readonly [string, string])[] = [
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
    (name) => [`regarding.${name}`, `involvedObject.${name}`] as const,
  ),
  ['reportingController', 'reportingComponent'],
  ['reason', 'reason'],
  ['type', 'type'],
];

const viewedReader = ([shown, stored]: readonly [string, string]): [string, (object: ApiObject) => string] => [
  shown,
  (object) => read(...stored.split('.'))(eventView.toStored(object)),
];

/** Beyond the fields of every kind. */
export const kindFields: Readonly<Record<string, FieldReaders>> = {
  Pod: {
    ...Object.fromEntries(podFields.map(reader)),
    'spec.hostNetwork': (pod) => String(valueAt(pod, 'spec', 'hostNetwork') === true),
  },
  Event: {
    ...Object.fromEntries(eventFields.map(reader)),
    reportingComponent: read('reportingComponent'),
    source: (event) => read('source', 'component')(event) || read('reportingComponent')(event),
  },
  EventOfEvents: Object.fromEntries(viewedEventFields.map(viewedReader)),
  Job: { 'status.successful': read('status', 'succeeded') },
  Node: { 'spec.unschedulable': (node) => String(valueAt(node, 'spec', 'unschedulable') === true) },
  Namespace: { 'status.phase': read('status', 'phase') },
  Secret: { type: read('type') },
  Service: { 'spec.clusterIP': read('spec', 'clusterIP'), 'spec.type': read('spec', 'type') },
  ReplicaSet: { 'status.replicas': read('status', 'replicas') },
};
