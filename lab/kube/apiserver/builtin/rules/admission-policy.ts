// The rules of ValidatingAdmissionPolicies and their bindings.
import type { AuditAnnotation, PolicyProgram, PolicyValidation } from '../../admission/policy-program.ts';
import { readPolicy } from '../../admission/policy-program.ts';
import type { FieldError } from '../../field-error.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required, ShownValue } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { ensureObject, isObject, objectAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import { dns1035NameFault, pathSegmentFault, qualifiedNameFaults, subdomainNameFault } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { labelSelectorFaults } from './field-checks.ts';
import {
  defaultMatchResources,
  expressionFaults,
  matchConditionFaults,
  matchResourcesFaults,
} from './operation-rules.ts';

const FAILURE_POLICIES = ['Fail', 'Ignore'];
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];
const RESERVED =
  /^(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)$/;

export const admissionPolicyRules: Rules = {
  tracksGeneration: true,
  needsLock: true,
  applyDefaults(policy) {
    const spec = ensureObject(policy, 'spec');
    spec['failurePolicy'] ??= 'Fail';
    defaultMatchResources(spec, 'matchConstraints');
  },
  prepareCreate(policy) {
    policy['status'] = {};
  },
  validate: (policy) => policyFaults(policy, undefined),
};

export const admissionPolicyBindingRules: Rules = {
  tracksGeneration: true,
  needsLock: true,
  applyDefaults: (binding) => defaultMatchResources(ensureObject(binding, 'spec'), 'matchResources'),
  validate: (binding) => bindingFaults(objectAt(binding, 'spec')),
};

function policyFaults(policy: ApiObject, old: JsonObject | undefined): FieldError[] {
  const spec = objectAt(policy, 'spec');
  const failurePolicy = stringAt(spec, 'failurePolicy') ?? '';
  const constraints = spec['matchConstraints'];
  const program = readPolicy(policy);
  return [
    ...(FAILURE_POLICIES.includes(failurePolicy)
      ? []
      : [notSupported('spec.failurePolicy', failurePolicy, FAILURE_POLICIES)]),
    ...(program.paramKind === undefined ? [] : paramKindFaults(program.paramKind)),
    ...(isObject(constraints) ? [] : [required('spec.matchConstraints')]),
    ...matchResourcesFaults(constraints, 'spec.matchConstraints'),
    ...(isObject(constraints) && objectsAt(constraints, 'resourceRules').length === 0
      ? [required('spec.matchConstraints.resourceRules')]
      : []),
    ...matchConditionFaults(spec, old, 'spec.matchConditions', program.paramKind !== undefined),
    ...objectsAt(spec, 'variables').flatMap((variable, index) => variableFaults(program, variable, index)),
    ...contentFaults(policy, program),
  ];
}

function contentFaults(policy: ApiObject, program: PolicyProgram): FieldError[] {
  const { validations, auditAnnotations } = program;
  if (validations.length === 0 && auditAnnotations.length === 0)
    return ['validations', 'auditAnnotations'].map((member) =>
      required(`spec.${member}`, 'validations or auditAnnotations must contain at least one item'),
    );
  const written = objectsAt(policy, 'spec', 'validations');
  return [
    ...validations.flatMap((validation, index) =>
      validationFaults(validation, written[index] ?? {}, `spec.validations[${index}]`),
    ),
    ...auditAnnotations.flatMap((annotation, index) => {
      const at = `spec.auditAnnotations[${index}]`;
      const isRepeated = auditAnnotations.findIndex(({ key }) => key === annotation.key) < index;
      return [
        ...annotationFaults(policy.metadata.name, annotation, at),
        ...(isRepeated ? [duplicate(`${at}.key`, annotation.key)] : []),
      ];
    }),
  ];
}

function paramKindFaults({ apiVersion, kind }: NonNullable<PolicyProgram['paramKind']>): FieldError[] {
  const at = 'spec.paramKind';
  const version = apiVersion.split('/').at(-1) ?? '';
  const versionFault = version === '' ? undefined : dns1035NameFault(version);
  const kindFault = kind === '' ? undefined : dns1035NameFault(kind.toLowerCase());
  return [
    ...(apiVersion === '' ? [required(`${at}.apiVersion`)] : []),
    ...(apiVersion.split('/').length > 2
      ? [invalidValue(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)]
      : versionFault === undefined
        ? []
        : [invalidValue(`${at}.apiVersion`, version, versionFault)]),
    ...(kind === '' ? [required(`${at}.kind`)] : []),
    ...(kindFault === undefined
      ? []
      : [invalidValue(`${at}.kind`, kind, `may have mixed case, but should otherwise match: ${kindFault}`)]),
  ];
}

function variableFaults(program: PolicyProgram, variable: JsonObject, index: number): FieldError[] {
  const at = `spec.variables[${index}]`;
  const name = stringAt(variable, 'name') ?? '';
  const expression = stringAt(variable, 'expression') ?? '';
  const compiled = program.variables[index]?.compiled;
  return [
    ...(name.trim() === ''
      ? [required(`${at}.name`, 'name is not specified')]
      : !/^[_a-zA-Z]\w*$/.test(name) || RESERVED.test(name)
        ? [invalidValue(`${at}.name`, name, 'name is not a valid CEL identifier')]
        : []),
    ...(expression.trim() === ''
      ? [required(`${at}.expression`, 'expression is not specified')]
      : compiled === undefined
        ? []
        : expressionFaults(compiled, [], expression, `${at}.expression`)),
  ];
}

function validationFaults(validation: PolicyValidation, written: JsonObject, at: string): FieldError[] {
  const { expression, message, compiled, messageCompiled } = validation;
  const messageExpression = stringAt(written, 'messageExpression') ?? '';
  const reason = stringAt(written, 'reason');
  return [
    ...(expression.trim() === ''
      ? [required(`${at}.expression`, 'expression is not specified')]
      : expressionFaults(compiled, ['bool'], expression, `${at}.expression`)),
    ...(messageExpression !== '' && messageExpression.trim() === ''
      ? [invalidValue(`${at}.messageExpression`, messageExpression, 'must be non-empty if specified')]
      : messageCompiled === undefined
        ? []
        : expressionFaults(messageCompiled, ['string'], messageExpression, `${at}.messageExpression`)),
    ...(message !== '' && message.trim() === ''
      ? [invalidValue(`${at}.message`, message, 'message must be non-empty if specified')]
      : /[\n\r]/.test(message.trim())
        ? [invalidValue(`${at}.message`, message, 'message must not contain line breaks')]
        : []),
    ...(reason === undefined || REASONS.includes(reason) ? [] : [notSupported(`${at}.reason`, reason, REASONS)]),
  ];
}

function annotationFaults(
  policy: string,
  { key, valueExpression, compiled }: AuditAnnotation,
  at: string,
): FieldError[] {
  return [
    ...qualifiedNameFaults(`${policy}/${key}`).map((fault) => invalidValue(`${at}.key`, `${policy}/${key}`, fault)),
    ...(valueExpression === ''
      ? [required(`${at}.valueExpression`, 'valueExpression is not specified')]
      : expressionFaults(compiled, ['string', 'null'], valueExpression, `${at}.valueExpression`)),
  ];
}

function bindingFaults(spec: JsonObject): FieldError[] {
  const policyName = stringAt(spec, 'policyName') ?? '';
  const nameFault = policyName === '' ? undefined : subdomainNameFault(policyName);
  return [
    ...(policyName === '' ? [required('spec.policyName')] : []),
    ...(nameFault === undefined ? [] : [invalidValue('spec.policyName', policyName, nameFault)]),
    ...paramRefFaults(spec['paramRef'], 'spec.paramRef'),
    ...matchResourcesFaults(spec['matchResources'], 'spec.matchResources'),
    ...actionFaults(stringsAt(spec, 'validationActions'), 'spec.validationActions'),
  ];
}

function actionFaults(actions: readonly string[], at: string): FieldError[] {
  return [
    ...actions.flatMap((action, index) => [
      ...(ACTIONS.includes(action) ? [] : [notSupported(`${at}[${index}]`, action, ACTIONS)]),
      ...(actions.indexOf(action) < index ? [duplicate(`${at}[${index}]`, action)] : []),
    ]),
    ...(actions.includes('Deny') && actions.includes('Warn')
      ? [
          invalidValue(
            at,
            new ShownValue(
              `[]admissionregistration.ValidationAction{${actions.map((action) => JSON.stringify(action)).join(', ')}}`,
            ),
            'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
          ),
        ]
      : []),
    ...(actions.length === 0 ? [required(at, 'at least one validation action is required')] : []),
  ];
}

function paramRefFaults(reference: unknown, at: string): FieldError[] {
  if (!isObject(reference)) return [];
  const name = stringAt(reference, 'name') ?? '';
  const { selector } = reference;
  const action = stringAt(reference, 'parameterNotFoundAction') ?? '';
  const exclusive = 'name and selector are mutually exclusive';
  const nameFault = name === '' ? undefined : pathSegmentFault(name);
  return [
    ...(nameFault === undefined ? [] : [invalidValue(`${at}.name`, name, nameFault)]),
    ...(name !== '' && isObject(selector) ? [forbiddenField(`${at}.name`, exclusive)] : []),
    ...labelSelectorFaults(selector, `${at}.selector`),
    ...(name !== '' && isObject(selector) ? [forbiddenField(`${at}.selector`, exclusive)] : []),
    ...(name === '' && !isObject(selector) ? [required(at, 'one of name or selector must be specified')] : []),
    ...(action === ''
      ? [required(`${at}.parameterNotFoundAction`)]
      : ['Deny', 'Allow'].includes(action)
        ? []
        : [notSupported(`${at}.parameterNotFoundAction`, action, ['Deny', 'Allow'])]),
  ];
}
