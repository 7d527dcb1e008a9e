// Rules for the resources of a container: quantities, and what extended resources demand.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, required } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { stringAt, stringMapAt } from '../../json.ts';
import { labelKeyFaults } from '../../names.ts';
import { isWholeQuantity, quantityNanos } from '../../schema/quantity.ts';

const STANDARD = ['cpu', 'memory', 'ephemeral-storage'];

/** Named by a domain other than Kubernetes' own: counted, never overcommitted. */
export function isExtendedResource(name: string): boolean {
  const [domain = '', rest] = name.split('/');
  if (rest === undefined || domain.endsWith('kubernetes.io')) return false;
  return !domain.startsWith('requests.');
}

/** Faults of a container's resources at `path`. */
export function resourceFaults(resources: JsonObject, path: string): FieldError[] {
  const limits = stringMapAt(resources, 'limits');
  const requests = stringMapAt(resources, 'requests');
  return [
    ...Object.entries(limits).flatMap(([name, value]) => quantityFaults(name, value, `${path}.limits`)),
    ...Object.entries(requests).flatMap(([name, value]) => quantityFaults(name, value, `${path}.requests`)),
    ...Object.keys(requests).flatMap((name) => requestFaults(name, limits, requests, path)),
    ...hugePageFaults([...Object.keys(limits), ...Object.keys(requests)], path),
  ];
}

function hugePageFaults(names: readonly string[], path: string): FieldError[] {
  const alone =
    names.some((name) => name.startsWith('hugepages-')) && !names.includes('cpu') && !names.includes('memory');
  return alone ? [forbiddenField(path, 'HugePages require cpu or memory')] : [];
}

function quantityFaults(name: string, value: string, path: string): FieldError[] {
  // Nearly every resource of nearly every container.
  if (STANDARD.includes(name) && !value.startsWith('-')) return [];
  const field = `${path}[${name}]`;
  const known = STANDARD.includes(name) || name.startsWith('hugepages-');
  const nameFaults = labelKeyFaults(name, field);
  const nonStandard = !known && !name.includes('/');
  return [
    ...nameFaults,
    ...(nonStandard && nameFaults.length === 0
      ? [invalidValue(field, name, 'must be a standard resource type or fully qualified')]
      : []),
    ...(nonStandard ? [invalidValue(field, name, 'must be a standard resource for containers')] : []),
    ...(nameFaults.length > 0 && name.includes('/')
      ? [invalidValue(field, name, "doesn't follow extended resource name standard")]
      : []),
    ...((quantityNanos(value) ?? 0n) < 0n ? [invalidValue(field, value, 'must be greater than or equal to 0')] : []),
    ...(isExtendedResource(name) && !isWholeQuantity(value) ? [invalidValue(field, value, 'must be an integer')] : []),
  ];
}

/** Faults of a Node's capacity or of what is allocatable there. */
export const nodeResourceFaults = (resources: JsonObject, path: string): FieldError[] =>
  Object.entries(resources).flatMap(([name, value]) => {
    const field = `${path}.${name}`;
    const quantity = String(value);
    if ((quantityNanos(quantity) ?? 0n) < 0n)
      return [invalidValue(field, quantity, 'must be greater than or equal to 0')];
    return isExtendedResource(name) && !isWholeQuantity(quantity)
      ? [invalidValue(field, quantity, 'must be an integer')]
      : [];
  });

function requestFaults(
  name: string,
  limits: Record<string, string>,
  requests: Record<string, string>,
  path: string,
): FieldError[] {
  const request = requests[name] ?? '0';
  const limit = limits[name];
  if (limit === undefined)
    return isExtendedResource(name) || name.startsWith('hugepages-')
      ? [required(`${path}.limits`, 'Limit must be set for non overcommitable resources')]
      : [];
  if (request === limit) return [];
  const asked = quantityNanos(request) ?? 0n;
  const allowed = quantityNanos(limit) ?? 0n;
  if (isExtendedResource(name) && asked !== allowed)
    return [invalidValue(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`)];
  if (asked > allowed)
    return [invalidValue(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)];
  return [];
}

/** BestEffort, Burstable or Guaranteed, from what the containers ask for. */
export function qosClassOf(containers: readonly JsonObject[]): string {
  let any = false;
  let guaranteed = true;
  for (const container of containers) {
    for (const name of ['cpu', 'memory']) {
      const limit = stringAt(container, 'resources', 'limits', name);
      const request = stringAt(container, 'resources', 'requests', name) ?? limit;
      if (request !== undefined || limit !== undefined) any = true;
      if (limit === undefined || request === undefined) guaranteed = false;
      else if (guaranteed && limit !== request) guaranteed = quantityNanos(limit) === quantityNanos(request);
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
