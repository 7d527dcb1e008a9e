// The columns of the kinds outside core/v1.
import type { ApiObject } from '../json.ts';
import { listAt, numberAt, objectsAt, stringAt, stringMapAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import {
  ageColumn,
  createdColumn,
  labelsText,
  nameColumn,
  number,
  orElse,
  text,
  wide,
  workloadColumns,
} from './columns.ts';

const count = (name: string, ...path: readonly string[]): Column =>
  number(name, (object) => numberAt(object, ...path) ?? 0);

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  text(
    'Ready',
    (object) => `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, 'spec', 'replicas') ?? 0}`,
  ),
  count('Up-to-date', 'status', 'updatedReplicas'),
  count('Available', 'status', 'availableReplicas'),
  ageColumn,
  ...workloadColumns,
];

export const replicaSetColumns: readonly Column[] = [
  nameColumn,
  count('Desired', 'spec', 'replicas'),
  count('Current', 'status', 'replicas'),
  count('Ready', 'status', 'readyReplicas'),
  ageColumn,
  ...workloadColumns,
];

export const daemonSetColumns: readonly Column[] = [
  nameColumn,
  count('Desired', 'status', 'desiredNumberScheduled'),
  count('Current', 'status', 'currentNumberScheduled'),
  count('Ready', 'status', 'numberReady'),
  count('Up-to-date', 'status', 'updatedNumberScheduled'),
  count('Available', 'status', 'numberAvailable'),
  text('Node Selector', (object) => labelsText(object, 'spec', 'template', 'spec', 'nodeSelector')),
  ageColumn,
  ...workloadColumns,
];

export const leaseColumns: readonly Column[] = [
  nameColumn,
  text('Holder', orElse('', 'spec', 'holderIdentity')),
  ageColumn,
];

export const priorityClassColumns: readonly Column[] = [
  nameColumn,
  count('Value', 'value'),
  { name: 'Global-Default', type: 'boolean', value: (object) => object['globalDefault'] === true },
  ageColumn,
];

export const webhookColumns: readonly Column[] = [
  nameColumn,
  number('Webhooks', (object) => listAt(object, 'webhooks').length),
  ageColumn,
];

export const roleColumns: readonly Column[] = [nameColumn, createdColumn];
export const crdColumns: readonly Column[] = [nameColumn, createdColumn];

const subjects =
  (kind: string) =>
  (binding: ApiObject): string =>
    objectsAt(binding, 'subjects')
      .filter((subject) => subject['kind'] === kind)
      .map((subject) => {
        const { namespace, name = '' } = stringMapAt(subject);
        return kind === 'ServiceAccount' && namespace !== undefined ? `${namespace}/${name}` : name;
      })
      .join(', ');

export const bindingColumns: readonly Column[] = [
  nameColumn,
  text('Role', (binding) => `${stringAt(binding, 'roleRef', 'kind')}/${stringAt(binding, 'roleRef', 'name')}`),
  ageColumn,
  wide(text('Users', subjects('User'))),
  wide(text('Groups', subjects('Group'))),
  wide(text('ServiceAccounts', subjects('ServiceAccount'))),
];
