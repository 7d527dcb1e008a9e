// Validation of security contexts: user and group numbers, and settings that exclude each other.
import type { FieldError } from '../../field-error.ts';
import { invalidValue, notSupported, required } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { isObject, listAt, numberAt, plainText, stringAt, stringsAt } from '../../json.ts';

const MAX_ID = 2_147_483_647;

function idFault(id: number | undefined, field: string): FieldError[] {
  return id === undefined || (id >= 0 && id <= MAX_ID)
    ? []
    : [invalidValue(field, id, `must be between 0 and ${MAX_ID}, inclusive`)];
}

/** Faults of a container's security context. */
export function securityContextFaults(context: unknown, at: string): FieldError[] {
  if (!isObject(context)) return [];
  const noEscalation = context['allowPrivilegeEscalation'] === false;
  const admin = stringsAt(context, 'capabilities', 'add').includes('CAP_SYS_ADMIN');
  return [
    ...idFault(numberAt(context, 'runAsUser'), `${at}.runAsUser`),
    ...idFault(numberAt(context, 'runAsGroup'), `${at}.runAsGroup`),
    ...seccompFaults(context, at),
    ...(noEscalation && context['privileged'] === true
      ? [invalidValue(at, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true')]
      : []),
    ...(noEscalation && admin
      ? [
          invalidValue(
            at,
            context,
            'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
          ),
        ]
      : []),
  ];
}

/** Faults of a Pod's security context, `hostPID` of its spec included. */
export function podSecurityContextFaults(spec: JsonObject, path: string): FieldError[] {
  const context = spec['securityContext'];
  if (!isObject(context)) return [];
  const at = `${path}.securityContext`;
  const policy = context['fsGroupChangePolicy'];
  const policies = ['Always', 'OnRootMismatch'];
  return [
    ...idFault(numberAt(context, 'fsGroup'), `${at}.fsGroup`),
    ...idFault(numberAt(context, 'runAsUser'), `${at}.runAsUser`),
    ...idFault(numberAt(context, 'runAsGroup'), `${at}.runAsGroup`),
    ...listAt(context, 'supplementalGroups').flatMap((group, index) =>
      idFault(Number(group), `${at}.supplementalGroups[${index}]`),
    ),
    ...(spec['shareProcessNamespace'] === true && spec['hostPID'] === true
      ? [invalidValue(`${at}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled')]
      : []),
    ...(policy === undefined || policies.includes(plainText(policy))
      ? []
      : [notSupported(`${at}.fsGroupChangePolicy`, policy, policies)]),
    ...seccompFaults(context, at),
  ];
}

const SECCOMP_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function seccompFaults(context: JsonObject, at: string): FieldError[] {
  const profile = context['seccompProfile'];
  if (!isObject(profile)) return [];
  const type = stringAt(profile, 'type') ?? '';
  const path = stringAt(profile, 'localhostProfile');
  if (type === '') return [required(`${at}.seccompProfile.type`, 'type is required when seccompProfile is set')];
  if (!SECCOMP_TYPES.includes(type)) return [notSupported(`${at}.seccompProfile.type`, type, SECCOMP_TYPES)];
  if (type === 'Localhost' && (path ?? '') === '')
    return [required(`${at}.seccompProfile.localhostProfile`, 'must be set when seccomp type is Localhost')];
  return type !== 'Localhost' && path !== undefined
    ? [invalidValue(`${at}.seccompProfile.localhostProfile`, path, 'can only be set when seccomp type is Localhost')]
    : [];
}
