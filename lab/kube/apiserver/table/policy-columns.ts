// The columns of ValidatingAdmissionPolicies and their bindings.
import { isObject, listAt, objectAt, stringAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { ageColumn, nameColumn, number, text } from './columns.ts';

const UNSET = '<unset>';

export const admissionPolicyColumns: readonly Column[] = [
  nameColumn,
  number(
    'Validations',
    (policy) => listAt(policy, 'spec', 'validations').length,
    'Validations indicates the number of validation rules defined in this configuration',
  ),
  text(
    'ParamKind',
    (policy) => {
      const kind = objectAt(policy, 'spec')['paramKind'];
      return isObject(kind) ? `${stringAt(kind, 'apiVersion') ?? ''}/${stringAt(kind, 'kind') ?? ''}` : UNSET;
    },
    'ParamKind specifies the kind of resources used to parameterize this policy',
  ),
  ageColumn,
];

export const admissionPolicyBindingColumns: readonly Column[] = [
  nameColumn,
  text(
    'PolicyName',
    (binding) => stringAt(binding, 'spec', 'policyName') ?? '',
    'PolicyName indicates the policy definition which the policy binding binded to',
  ),
  text(
    'ParamRef',
    (binding) => {
      const reference = objectAt(binding, 'spec')['paramRef'];
      if (!isObject(reference)) return UNSET;
      const [name, namespace] = [stringAt(reference, 'name') ?? '', stringAt(reference, 'namespace') ?? ''];
      return namespace === '' ? name : `${namespace}/${name}`;
    },
    'ParamRef indicates the param resource which sets the configration param',
  ),
  ageColumn,
];
