// The columns of Pods, with the READY, STATUS and RESTARTS that people read first.
import type { ApiObject, JsonObject } from '../json.ts';
import { numberAt, objectsAt, stringAt, valueAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { ageColumn, nameColumn, text, wide } from './columns.ts';
import { fieldDescriptions } from './descriptions.ts';
import { ageOf } from './duration.ts';

const { podSpec, podStatus } = fieldDescriptions;

export const podColumns: readonly Column[] = [
  nameColumn,
  text(
    'Ready',
    (pod) => {
      const { ready, total } = summaryOf(pod);
      return `${ready}/${total}`;
    },
    'The aggregate readiness state of this pod for accepting traffic.',
  ),
  text('Status', podStatusText, 'The aggregate status of the containers in this pod.'),
  text('Restarts', restartsText, 'The number of times the containers in this pod have been restarted.'),
  ageColumn,
  wide(text('IP', (pod) => stringAt(objectsAt(pod, 'status', 'podIPs')[0], 'ip') || '<none>', podStatus.podIP)),
  wide(text('Node', (pod) => stringAt(pod, 'spec', 'nodeName') || '<none>', podSpec.nodeName)),
  wide(
    text(
      'Nominated Node',
      (pod) => stringAt(pod, 'status', 'nominatedNodeName') || '<none>',
      podStatus.nominatedNodeName,
    ),
  ),
  wide(text('Readiness Gates', gatesText, podSpec.readinessGates)),
];

interface Summary {
  readonly ready: number;
  readonly total: number;
  readonly reason: string;
  readonly restarts: number;
  /** When the last container that was restarted had ended. */
  readonly lastRestart: string | undefined;
}

/** Everything that the containers of a Pod say together (printPod of pkg/printers/internalversion). */
function summaryOf(pod: ApiObject): Summary {
  const sidecars = new Set(
    objectsAt(pod, 'spec', 'initContainers')
      .filter((container) => container['restartPolicy'] === 'Always')
      .map((container) => container['name']),
  );
  const isSidecar = (status: JsonObject): boolean => sidecars.has(status['name']);
  const initStatuses = objectsAt(pod, 'status', 'initContainerStatuses');
  const blocking = initStatuses.findIndex(
    (status) =>
      numberAt(status, 'state', 'terminated', 'exitCode') !== 0 && !(isSidecar(status) && status['started'] === true),
  );
  const passed = blocking < 0 ? initStatuses : initStatuses.slice(0, blocking);
  const readySidecars = passed.filter((status) => isSidecar(status) && status['ready'] === true && isUp(status)).length;
  const total = objectsAt(pod, 'spec', 'containers').length + sidecars.size;
  const blocker = initStatuses[blocking];
  const initialized = blocker === undefined || hasCondition(pod, 'Initialized');
  if (!initialized) {
    const seen = initStatuses.slice(0, blocking + 1);
    return { ready: readySidecars, total, reason: initReason(pod, blocker, blocking), ...restartsOf(seen) };
  }
  const statuses = objectsAt(pod, 'status', 'containerStatuses');
  const running = statuses.filter((status) => reasonOf(status) === undefined && isRunning(status));
  const start = blocker === undefined ? phaseReason(pod) : initReason(pod, blocker, blocking);
  // The first container that has something to say has the word.
  const reason = statuses.map(reasonOf).find((said) => said !== undefined) ?? start;
  const corrected =
    reason === 'Completed' && running.length > 0 ? (hasCondition(pod, 'Ready') ? 'Running' : 'NotReady') : reason;
  return {
    ready: readySidecars + running.length,
    total,
    reason: corrected,
    ...restartsOf([...initStatuses.slice(0, blocking < 0 ? undefined : blocking + 1).filter(isSidecar), ...statuses]),
  };
}

const isUp = (status: JsonObject): boolean => numberAt(status, 'state', 'terminated', 'exitCode') !== 0;
const isRunning = (status: JsonObject): boolean =>
  status['ready'] === true && valueAt(status, 'state', 'running') !== undefined;

function phaseReason(pod: ApiObject): string {
  const gated = objectsAt(pod, 'status', 'conditions').some(
    (entry) => entry['type'] === 'PodScheduled' && entry['reason'] === 'SchedulingGated',
  );
  if (gated) return 'SchedulingGated';
  return stringAt(pod, 'status', 'reason') || (stringAt(pod, 'status', 'phase') ?? '');
}

function initReason(pod: ApiObject, status: JsonObject, index: number): string {
  if (valueAt(status, 'state', 'terminated') !== undefined) return `Init:${terminatedReason(status)}`;
  const waiting = stringAt(status, 'state', 'waiting', 'reason') ?? '';
  return waiting !== '' && waiting !== 'PodInitializing'
    ? `Init:${waiting}`
    : `Init:${index}/${objectsAt(pod, 'spec', 'initContainers').length}`;
}

function reasonOf(status: JsonObject): string | undefined {
  const waiting = stringAt(status, 'state', 'waiting', 'reason');
  if (waiting) return waiting;
  return valueAt(status, 'state', 'terminated') === undefined ? undefined : terminatedReason(status);
}

function terminatedReason(status: JsonObject): string {
  const reason = stringAt(status, 'state', 'terminated', 'reason');
  if (reason) return reason;
  const signal = numberAt(status, 'state', 'terminated', 'signal') ?? 0;
  return signal === 0 ? `ExitCode:${numberAt(status, 'state', 'terminated', 'exitCode') ?? 0}` : `Signal:${signal}`;
}

function restartsOf(statuses: readonly JsonObject[]): Pick<Summary, 'restarts' | 'lastRestart'> {
  return {
    restarts: statuses.reduce((sum, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0),
    lastRestart: statuses
      .flatMap((status) => stringAt(status, 'lastState', 'terminated', 'finishedAt') ?? [])
      .sort()
      .at(-1),
  };
}

const hasCondition = (pod: ApiObject, type: string): boolean =>
  objectsAt(pod, 'status', 'conditions').some((entry) => entry['type'] === type && entry['status'] === 'True');

/** What kubectl shows as STATUS: the phase, or the reason that says more. */
export function podStatusText(pod: ApiObject): string {
  const { reason } = summaryOf(pod);
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (stringAt(pod, 'status', 'reason') === 'NodeLost') return 'Unknown';
  const phase = stringAt(pod, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed' ? reason : 'Terminating';
}

function restartsText(pod: ApiObject, now: Date): string {
  const { restarts, lastRestart } = summaryOf(pod);
  return restarts === 0 || lastRestart === undefined
    ? String(restarts)
    : `${restarts} (${ageOf(lastRestart, now)} ago)`;
}

function gatesText(pod: ApiObject): string {
  const gates = objectsAt(pod, 'spec', 'readinessGates');
  if (gates.length === 0) return '<none>';
  const met = gates.filter((gate) => hasCondition(pod, stringAt(gate, 'conditionType') ?? ''));
  return `${met.length}/${gates.length}`;
}

/** The conditions of a Pod's row: kubectl may leave out what has completed. */
export function podRowConditions(pod: ApiObject): readonly JsonObject[] {
  const completed = (reason: string, message: string): readonly JsonObject[] => [
    { type: 'Completed', status: 'True', reason, message },
  ];
  switch (stringAt(pod, 'status', 'phase')) {
    case 'Succeeded':
      return completed('Succeeded', 'The pod has completed successfully.');
    case 'Failed':
      return completed('Failed', 'The pod failed.');
    case undefined:
    default:
      return [];
  }
}
