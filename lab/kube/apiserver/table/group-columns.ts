// The columns of the kinds outside core/v1.
import type { ApiObject } from '../json.ts';
import { listAt, numberAt, objectsAt, stringAt, stringMapAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import {
  ageColumn,
  defaultColumns,
  labelsText,
  nameColumn,
  number,
  orElse,
  readyPods,
  text,
  wide,
  workloadColumns,
} from './columns.ts';
import { fieldDescriptions } from './descriptions.ts';

const { clusterRoleBinding, daemonSetSpec, daemonSetStatus, deploymentSpec, deploymentStatus, leaseSpec } =
  fieldDescriptions;
const { podSpec, priorityClass, replicaSetSpec, replicaSetStatus, roleBinding } = fieldDescriptions;

const at =
  (...path: readonly string[]) =>
  (object: ApiObject): number =>
    numberAt(object, ...path) ?? 0;

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  text('Ready', (object) => `${at('status', 'readyReplicas')(object)}/${at('spec', 'replicas')(object)}`, readyPods),
  text('Up-to-date', at('status', 'updatedReplicas'), deploymentStatus.updatedReplicas),
  text('Available', at('status', 'availableReplicas'), deploymentStatus.availableReplicas),
  ageColumn,
  ...workloadColumns(deploymentSpec.selector),
];

export const replicaSetColumns: readonly Column[] = [
  nameColumn,
  number('Desired', at('spec', 'replicas'), replicaSetSpec.replicas),
  number('Current', at('status', 'replicas'), replicaSetStatus.replicas),
  number('Ready', at('status', 'readyReplicas'), replicaSetStatus.readyReplicas),
  ageColumn,
  ...workloadColumns(replicaSetSpec.selector),
];

export const daemonSetColumns: readonly Column[] = [
  nameColumn,
  number('Desired', at('status', 'desiredNumberScheduled'), daemonSetStatus.desiredNumberScheduled),
  number('Current', at('status', 'currentNumberScheduled'), daemonSetStatus.currentNumberScheduled),
  number('Ready', at('status', 'numberReady'), daemonSetStatus.numberReady),
  number('Up-to-date', at('status', 'updatedNumberScheduled'), daemonSetStatus.updatedNumberScheduled),
  number('Available', at('status', 'numberAvailable'), daemonSetStatus.numberAvailable),
  text('Node Selector', (set) => labelsText(set, 'spec', 'template', 'spec', 'nodeSelector'), podSpec.nodeSelector),
  ageColumn,
  ...workloadColumns(daemonSetSpec.selector),
];

export const leaseColumns: readonly Column[] = [
  nameColumn,
  text('Holder', orElse('', 'spec', 'holderIdentity'), leaseSpec.holderIdentity),
  ageColumn,
];

export const priorityClassColumns: readonly Column[] = [
  nameColumn,
  number('Value', at('value'), priorityClass.value),
  {
    name: 'Global-Default',
    type: 'boolean',
    description: priorityClass.globalDefault,
    value: (object) => object['globalDefault'] === true,
  },
  ageColumn,
];

export const webhookColumns: readonly Column[] = [
  nameColumn,
  number(
    'Webhooks',
    (object) => listAt(object, 'webhooks').length,
    'Webhooks indicates the number of webhooks registered in this configuration',
  ),
  ageColumn,
];

export const roleColumns = defaultColumns;
export const crdColumns = defaultColumns;

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

const columnsOfBinding = (word: string, roleDescription: string): readonly Column[] => [
  nameColumn,
  text(
    'Role',
    (binding) => `${stringAt(binding, 'roleRef', 'kind')}/${stringAt(binding, 'roleRef', 'name')}`,
    roleDescription,
  ),
  ageColumn,
  wide(text('Users', subjects('User'), `Users in the ${word}`)),
  wide(text('Groups', subjects('Group'), `Groups in the ${word}`)),
  wide(text('ServiceAccounts', subjects('ServiceAccount'), `ServiceAccounts in the ${word}`)),
];

export const bindingColumns = columnsOfBinding('roleBinding', roleBinding.roleRef);
export const clusterBindingColumns = columnsOfBinding('clusterRoleBinding', clusterRoleBinding.roleRef);
