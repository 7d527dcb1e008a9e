// The columns of Pods, with the STATUS and RESTARTS that people read first.
import type { ApiObject, JsonObject } from '../json.ts';
import { numberAt, objectsAt, stringAt, valueAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { ageColumn, nameColumn, text, wide } from './columns.ts';
import { ageOf } from './duration.ts';

export const podColumns: readonly Column[] = [
  nameColumn,
  text('Ready', readyText),
  text('Status', podStatusText),
  text('Restarts', restartsText),
  ageColumn,
  wide(text('IP', (pod) => stringAt(pod, 'status', 'podIP') || '<none>')),
  wide(text('Node', (pod) => stringAt(pod, 'spec', 'nodeName') || '<none>')),
  wide(text('Nominated Node', (pod) => stringAt(pod, 'status', 'nominatedNodeName') || '<none>')),
  wide(text('Readiness Gates', gatesText)),
];

function readyText(pod: ApiObject): string {
  const ready = objectsAt(pod, 'status', 'containerStatuses').filter((status) => status['ready'] === true).length;
  return `${ready}/${objectsAt(pod, 'spec', 'containers').length}`;
}

/** What kubectl shows as STATUS: the phase, or the reason that says more. */
export function podStatusText(pod: ApiObject): string {
  const phase = stringAt(pod, 'status', 'phase') ?? '';
  let reason = stringAt(pod, 'status', 'reason') || phase;
  if (
    objectsAt(pod, 'status', 'conditions').some(
      (entry) => entry['type'] === 'PodScheduled' && entry['reason'] === 'SchedulingGated',
    )
  )
    reason = 'SchedulingGated';
  const initializing = initReason(pod);
  if (initializing === undefined) {
    let running = false;
    for (const status of objectsAt(pod, 'status', 'containerStatuses').toReversed()) {
      reason = containerReason(status) ?? reason;
      if (status['ready'] === true && valueAt(status, 'state', 'running') !== undefined) running = true;
    }
    if (reason === 'Completed' && running) reason = isReady(pod) ? 'Running' : 'NotReady';
  } else reason = initializing;
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  return stringAt(pod, 'status', 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
}

function initReason(pod: ApiObject): string | undefined {
  const statuses = objectsAt(pod, 'status', 'initContainerStatuses');
  const total = objectsAt(pod, 'spec', 'initContainers').length;
  for (const [index, status] of statuses.entries()) {
    if (numberAt(status, 'state', 'terminated', 'exitCode') === 0 || status['started'] === true) continue;
    if (valueAt(status, 'state', 'terminated') !== undefined) return `Init:${containerReason(status) ?? 'Error'}`;
    const waiting = stringAt(status, 'state', 'waiting', 'reason') ?? '';
    return waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${total}`;
  }
  return undefined;
}

function containerReason(status: JsonObject): string | undefined {
  const waiting = stringAt(status, 'state', 'waiting', 'reason');
  if (waiting) return waiting;
  const terminated = valueAt(status, 'state', 'terminated');
  if (terminated === undefined) return undefined;
  const reason = stringAt(terminated, 'reason');
  if (reason) return reason;
  const signal = numberAt(terminated, 'signal') ?? 0;
  return signal === 0 ? `ExitCode:${numberAt(terminated, 'exitCode') ?? 0}` : `Signal:${signal}`;
}

function isReady(pod: ApiObject): boolean {
  return objectsAt(pod, 'status', 'conditions').some(
    (entry) => entry['type'] === 'Ready' && entry['status'] === 'True',
  );
}

function restartsText(pod: ApiObject, now: Date): string {
  const statuses = objectsAt(pod, 'status', 'containerStatuses');
  const count = statuses.reduce((sum, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0);
  const last = statuses
    .map((status) => stringAt(status, 'lastState', 'terminated', 'finishedAt') ?? '')
    .sort()
    .at(-1);
  return count === 0 || last === undefined || last === '' ? String(count) : `${count} (${ageOf(last, now)} ago)`;
}

function gatesText(pod: ApiObject): string {
  const gates = objectsAt(pod, 'spec', 'readinessGates');
  if (gates.length === 0) return '<none>';
  const met = gates.filter((gate) =>
    objectsAt(pod, 'status', 'conditions').some(
      (entry) => entry['type'] === gate['conditionType'] && entry['status'] === 'True',
    ),
  );
  return `${met.length}/${gates.length}`;
}
