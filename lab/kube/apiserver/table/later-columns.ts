// The columns of StatefulSets, Jobs, ControllerRevisions, EndpointSlices and NetworkPolicies.
import type { ApiObject } from '../json.ts';
import { listAt, numberAt, objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { ageColumn, containerColumns, nameColumn, orElse, readyPods, text, workloadColumns } from './columns.ts';
import { fieldDescriptions } from './descriptions.ts';
import { formatSelector, selectorFromObject } from '../selection/label-selector.ts';
import { humanDuration } from './duration.ts';

const { controllerRevision, endpointSlice, jobSpec, jobStatus: statusOfJob } = fieldDescriptions;

export const statefulSetColumns: readonly Column[] = [
  nameColumn,
  text(
    'Ready',
    (set) => `${numberAt(set, 'status', 'readyReplicas') ?? 0}/${numberAt(set, 'spec', 'replicas') ?? 0}`,
    readyPods,
  ),
  ageColumn,
  ...containerColumns,
];

const hasCondition = (job: ApiObject, type: string): boolean =>
  objectsAt(job, 'status', 'conditions').some(
    (condition) => condition['type'] === type && condition['status'] === 'True',
  );

function jobStatus(job: ApiObject): string {
  if (hasCondition(job, 'Complete')) return 'Complete';
  if (hasCondition(job, 'Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (hasCondition(job, 'Suspended')) return 'Suspended';
  if (hasCondition(job, 'FailureTarget')) return 'FailureTarget';
  return 'Running';
}

function jobCompletions(job: ApiObject): string {
  const done = numberAt(job, 'status', 'succeeded') ?? 0;
  const completions = numberAt(job, 'spec', 'completions');
  if (completions !== undefined) return `${done}/${completions}`;
  const parallelism = numberAt(job, 'spec', 'parallelism') ?? 0;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function jobDuration(job: ApiObject, now: Date): string {
  const start = stringAt(job, 'status', 'startTime');
  if (start === undefined) return '';
  const end = stringAt(job, 'status', 'completionTime');
  return humanDuration((end === undefined ? now.getTime() : Date.parse(end)) - Date.parse(start));
}

export const jobColumns: readonly Column[] = [
  nameColumn,
  text('Status', jobStatus, 'Status of the job.'),
  text('Completions', jobCompletions, statusOfJob.succeeded),
  text('Duration', jobDuration, 'Time required to complete the job.'),
  ageColumn,
  ...workloadColumns(jobSpec.selector),
];

function controllerOf(revision: ApiObject): string {
  const owner = objectsAt(revision.metadata, 'ownerReferences').find((reference) => reference['controller'] === true);
  if (owner === undefined) return '<none>';
  const { apiVersion, kind, name } = owner;
  const group = String(apiVersion).includes('/') ? `.${String(apiVersion).split('/')[0] ?? ''}` : '';
  return `${String(kind).toLowerCase()}${group}/${String(name)}`;
}

export const controllerRevisionColumns: readonly Column[] = [
  nameColumn,
  text('Controller', controllerOf, 'Controller of the object'),
  text('Revision', (revision) => numberAt(revision, 'revision') ?? 0, controllerRevision.revision),
  ageColumn,
];

const SHOWN = 3;

/** The first three, and how many more there are. */
function listed(items: readonly string[], none: string): string {
  if (items.length === 0) return none;
  const more = items.length > SHOWN ? ` + ${items.length - SHOWN} more...` : '';
  return items.slice(0, SHOWN).join(',') + more;
}

const portText = (port: unknown): string => {
  const name = stringAt(port, 'name') ?? '';
  const number_ = numberAt(port, 'port');
  return number_ === undefined ? name || '*' : String(number_);
};

export const endpointSliceColumns: readonly Column[] = [
  nameColumn,
  text('AddressType', orElse('', 'addressType'), endpointSlice.addressType),
  text('Ports', (slice) => listed(listAt(slice, 'ports').map(portText), '<unset>'), endpointSlice.ports),
  text(
    'Endpoints',
    (slice) =>
      listed(
        objectsAt(slice, 'endpoints').flatMap((endpoint) => stringsAt(objectAt(endpoint), 'addresses')),
        '<unset>',
      ),
    endpointSlice.endpoints,
  ),
  ageColumn,
];

export const networkPolicyColumns: readonly Column[] = [
  nameColumn,
  text(
    'Pod-Selector',
    (policy) => formatSelector(selectorFromObject(objectAt(policy, 'spec', 'podSelector'))) || '<none>',
    'Pods of the namespace that the policy is about; without labels, all of them.',
  ),
  ageColumn,
];
