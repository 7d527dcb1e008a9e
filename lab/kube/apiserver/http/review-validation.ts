// Which reviews are no questions: the checks of pkg/apis/authorization/validation, with their wording.
import type { FieldError } from '../field-error.ts';
import { invalidValue, ShownValue } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { isObject, stringAt, stringsAt } from '../json.ts';
import { badRequest, invalid } from '../status.ts';

const GROUP = 'authorization.k8s.io';

/** Throws 400 or 422. `bodyNamespace` is metadata.namespace of the body, `namespace` that of the path. */
export function checkReview(
  kind: string,
  spec: JsonObject,
  bodyNamespace: string | undefined,
  namespace: string | undefined,
): void {
  if (kind === 'TokenReview' && !stringAt(spec, 'token'))
    throw badRequest('token is required for TokenReview in authentication');
  if (kind === 'SelfSubjectRulesReview' && !stringAt(spec, 'namespace')) throw badRequest('no namespace on request');
  if (!kind.endsWith('AccessReview')) return;
  const errors = accessFaults(spec, !kind.startsWith('Self'));
  const local = kind === 'LocalSubjectAccessReview';
  if (local) {
    const asked = stringAt(spec, 'resourceAttributes', 'namespace') ?? '';
    if (isObject(spec['resourceAttributes']) && asked !== (bodyNamespace ?? ''))
      errors.push(invalidValue('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'));
    if (isObject(spec['nonResourceAttributes']))
      errors.push(pathFault(spec['nonResourceAttributes'], 'disallowed on this kind of request'));
  }
  if (errors.length > 0) throw invalid(GROUP, '', '', errors);
  const asked = stringAt(spec, 'resourceAttributes', 'namespace') ?? '';
  if (local && asked !== namespace)
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace ?? ''}`);
}

function accessFaults(spec: JsonObject, namesUser: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const onResource = isObject(spec['resourceAttributes']);
  if (onResource && isObject(spec['nonResourceAttributes']))
    errors.push(pathFault(spec['nonResourceAttributes'], 'cannot be specified in combination with resourceAttributes'));
  if (!onResource && !isObject(spec['nonResourceAttributes']))
    errors.push(
      invalidValue(
        'spec.resourceAttributes',
        'null',
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    );
  if (namesUser && !stringAt(spec, 'user') && stringsAt(spec, 'groups').length === 0)
    errors.push(
      invalidValue('spec.user', stringAt(spec, 'user') ?? '', 'at least one of user or group must be specified'),
    );
  return errors;
}

/** Shows the attributes as Go prints the struct they are there. */
function pathFault(attributes: JsonObject, detail: string): FieldError {
  const shown = `authorization.NonResourceAttributes{Path:${JSON.stringify(stringAt(attributes, 'path') ?? '')}, Verb:${JSON.stringify(stringAt(attributes, 'verb') ?? '')}}`;
  return invalidValue('spec.nonResourceAttributes', new ShownValue(shown), detail);
}
