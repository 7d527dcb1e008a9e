// Validation of probes and lifecycle hooks of containers.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { isObject, numberAt, objectAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import { negativeFault, portFault, portOrNameFaults } from './field-checks.ts';

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'];

/** Faults of what a probe or a hook does: exactly one handler, and its own fields. */
export function handlerFaults(handler: JsonObject, path: string): FieldError[] {
  const given = HANDLERS.filter((name) => isObject(handler[name]));
  const [first, ...more] = given;
  if (first === undefined) return [required(path, 'must specify a handler type')];
  return [
    ...oneHandlerFaults(first, objectAt(handler, first), `${path}.${first}`),
    ...more.map((name) => forbiddenField(`${path}.${name}`, 'may not specify more than 1 handler type')),
  ];
}

function oneHandlerFaults(name: string, handler: JsonObject, path: string): FieldError[] {
  switch (name) {
    case 'exec':
      return stringsAt(handler, 'command').length === 0 ? [required(`${path}.command`)] : [];
    case 'httpGet':
      return httpFaults(handler, path);
    case 'tcpSocket':
      return portOrNameFaults(handler['port'], `${path}.port`);
    case 'grpc':
      return portFault(numberAt(handler, 'port') ?? 0, `${path}.port`);
    default:
      return [];
  }
}

function httpFaults(http: JsonObject, path: string): FieldError[] {
  const scheme = stringAt(http, 'scheme') ?? '';
  return [
    ...((stringAt(http, 'path') ?? '') === '' ? [required(`${path}.path`)] : []),
    ...portOrNameFaults(http['port'], `${path}.port`),
    ...(['HTTP', 'HTTPS'].includes(scheme) ? [] : [notSupported(`${path}.scheme`, scheme, ['HTTP', 'HTTPS'])]),
    ...objectsAt(http, 'httpHeaders').flatMap((header) => {
      const name = stringAt(header, 'name') ?? '';
      return /^[-A-Za-z0-9]+$/.test(name)
        ? []
        : [
            invalidValue(
              `${path}.httpHeaders`,
              name,
              "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
            ),
          ];
    }),
  ];
}

/** Faults of the hooks `postStart` and `preStop`. */
export const lifecycleFaults = (lifecycle: unknown, path: string): FieldError[] =>
  isObject(lifecycle)
    ? ['postStart', 'preStop'].flatMap((name) =>
        isObject(lifecycle[name]) ? handlerFaults(objectAt(lifecycle, name), `${path}.${name}`) : [],
      )
    : [];

/** Faults of the three probes of a container. */
export function probesFaults(container: JsonObject, path: string): FieldError[] {
  return ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) => {
    const probe = container[name];
    if (!isObject(probe)) return [];
    const at = `${path}.${name}`;
    const once = name !== 'readinessProbe' && numberAt(probe, 'successThreshold') !== 1;
    return [
      ...handlerFaults(probe, at),
      ...['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'].flatMap(
        (field) => negativeFault(probe, field, at),
      ),
      ...graceFault(probe, name, at),
      ...(once ? [invalidValue(`${at}.successThreshold`, numberAt(probe, 'successThreshold') ?? 0, 'must be 1')] : []),
    ];
  });
}

function graceFault(probe: JsonObject, name: string, at: string): FieldError[] {
  const seconds = numberAt(probe, 'terminationGracePeriodSeconds');
  if (seconds === undefined) return [];
  if (name === 'readinessProbe')
    return [invalidValue(`${at}.terminationGracePeriodSeconds`, seconds, 'must not be set for readinessProbes')];
  return seconds <= 0 ? [invalidValue(`${at}.terminationGracePeriodSeconds`, seconds, 'must be greater than 0')] : [];
}
