// The rules of Events, of core/v1 and of events.k8s.io/v1 (which asks for more).
import type { FieldError } from '../../field-error.ts';
import { invalidValue, required } from '../../field-error.ts';
import type { ApiObject } from '../../json.ts';
import { equalJson, isObject, numberAt, objectAt, plainText, stringAt } from '../../json.ts';
import { qualifiedNameFaults } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { invalid } from '../../status.ts';
import { eventView } from '../event-view.ts';

const WORDS = 128;
const NOTE = 1024;

/** What both groups ask for; `event` in the form of core/v1. */
function commonFaults(event: ApiObject): FieldError[] {
  const about = stringAt(event, 'involvedObject', 'namespace') ?? '';
  const namespace = event.metadata.namespace ?? '';
  const mismatch = invalidValue('involvedObject.namespace', about, 'does not match event.namespace');
  if (stringAt(event, 'eventTime') === undefined) {
    const fits = about === '' ? namespace === 'default' || namespace === '' : about === namespace;
    return fits ? [] : [mismatch];
  }
  const controller = plainText(event['reportingComponent']);
  return [
    ...(about === '' && namespace !== 'default' && namespace !== 'kube-system' ? [mismatch] : []),
    ...(controller === '' ? [required('reportingController')] : []),
    ...qualifiedNameFaults(controller).map((fault) => invalidValue('reportingController', controller, fault)),
    ...wordFaults(event, 'reportingInstance', WORDS),
    ...wordFaults(event, 'action', WORDS),
    ...wordFaults(event, 'reason', WORDS),
    ...tooLongFaults(event, 'message', NOTE),
  ];
}

const wordFaults = (event: ApiObject, name: string, most: number): FieldError[] => [
  ...(plainText(event[name]) === '' ? [required(name)] : []),
  ...tooLongFaults(event, name, most),
];

const tooLongFaults = (event: ApiObject, name: string, most: number): FieldError[] =>
  Buffer.byteLength(plainText(event[name])) > most
    ? [invalidValue(name, '', `can have at most ${most} characters`)]
    : [];

export const eventRules: Rules = {
  applyDefaults(event) {
    // Both are always written, if only as the empty word.
    event['reportingComponent'] ??= '';
    event['reportingInstance'] ??= '';
    event['source'] ??= {};
  },
  validate: commonFaults,
};

const UNSET: readonly (readonly [string, string])[] = [
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

/** Events of events.k8s.io/v1, in the form of that group. */
export const viewedEventRules: Rules = {
  applyDefaults(event) {
    event['deprecatedSource'] ??= {};
    event['deprecatedFirstTimestamp'] ??= null;
    event['deprecatedLastTimestamp'] ??= null;
    event['regarding'] ??= {};
  },
  // New Events only: those of core/v1, and older ones, stay as they are.
  prepareCreate(event) {
    const type = plainText(event['type']);
    const faults = [
      ...commonFaults(eventView.toStored(event)),
      ...seriesFaults(event),
      ...(stringAt(event, 'eventTime') === undefined ? [required('eventTime')] : []),
      ...(type === 'Normal' || type === 'Warning' ? [] : [invalidValue('type', '', `has invalid value: ${type}`)]),
      ...UNSET.filter(([, shown]) => (event[shown] ?? undefined) !== undefined).map(([stored]) =>
        invalidValue(stored, '', 'needs to be unset'),
      ),
      ...(Object.keys(objectAt(event, 'deprecatedSource')).length > 0
        ? [invalidValue('source', '', 'needs to be unset')]
        : []),
    ];
    refuse(event, faults);
  },
  prepareUpdate: (event, old) => refuse(event, updateFaults(event, old)),
};

/** Messages name the stored kind, which is that of core/v1. */
function refuse(event: ApiObject, faults: readonly FieldError[]): void {
  if (faults.length > 0) throw invalid('', 'Event', event.metadata.name, faults);
}

function updateFaults(event: ApiObject, old: ApiObject): FieldError[] {
  return [
    ...commonFaults(eventView.toStored(event)),
    ...(equalJson(event['series'], old['series']) ? [] : seriesFaults(event)),
    ...IMMUTABLE.filter(([shown]) => !equalJson(event[shown], old[shown])).map(([shown, name]) =>
      invalidValue(name, event[shown], 'field is immutable'),
    ),
  ];
}

const IMMUTABLE: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
];

function seriesFaults(event: ApiObject): FieldError[] {
  if (!isObject(event['series'])) return [];
  return [
    ...((numberAt(event, 'series', 'count') ?? 0) < 2
      ? [invalidValue('series.count', '', 'should be at least 2')]
      : []),
    ...(stringAt(event, 'series', 'lastObservedTime') === undefined ? [required('series.lastObservedTime')] : []),
  ];
}
