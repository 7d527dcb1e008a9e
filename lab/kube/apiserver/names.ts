// Rules for names, labels and annotations, with Kubernetes' wording.
import type { FieldError } from './field-error.ts';
import { forbiddenField, invalidValue, required, tooLong } from './field-error.ts';
import type { Metadata } from './json.ts';
import { isObject } from './json.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const subdomainFault =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an " +
  `alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
const labelFault =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  `alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
const dns1035Fault =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an " +
  "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const qualifiedFault =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. " +
  `'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;
const labelValueFault =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
  `alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${QUALIFIED})?')`;

/** Why a text is no RFC 1123 subdomain (names of most objects). */
export function subdomainNameFault(name: string): string | undefined {
  if (name.length > 253) return 'must be no more than 253 characters';
  return new RegExp(`^${SUBDOMAIN}$`).test(name) ? undefined : subdomainFault;
}

/** Why a text is no RFC 1123 label (names of containers, ports, Namespaces). */
export function labelNameFault(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters';
  return new RegExp(`^${LABEL}$`).test(name) ? undefined : labelFault;
}

/** Why a text is no DNS-1035 label (names of Services). */
export function dns1035NameFault(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters';
  return /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) ? undefined : dns1035Fault;
}

/** Why a text cannot be part of a path (names in RBAC). */
export function pathSegmentFault(name: string): string | undefined {
  if (name === '.' || name === '..') return `may not be '${name}'`;
  if (name.includes('/')) return "may not contain '/'";
  return name.includes('%') ? "may not contain '%'" : undefined;
}

/** Why a text is no label key, annotation key or resource name: `[prefix/]name`. */
export function qualifiedNameFault(key: string): string | undefined {
  const slash = key.indexOf('/');
  const name = slash < 0 ? key : key.slice(slash + 1);
  if (slash === 0) return 'prefix part must be non-empty';
  if (slash > 0) {
    const fault = subdomainNameFault(key.slice(0, slash));
    if (fault !== undefined) return `prefix part ${fault}`;
  }
  if (name.length === 0) return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 characters';
  return new RegExp(`^${QUALIFIED}$`).test(name) ? undefined : qualifiedFault;
}

/** Why a text is no label value. */
export function labelValueFaultOf(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters';
  return new RegExp(`^(${QUALIFIED})?$`).test(value) ? undefined : labelValueFault;
}

/** Faults of labels or a matchLabels map at `field`. */
export function labelFaults(labels: unknown, field: string): FieldError[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => {
    const keyFault = qualifiedNameFault(key);
    const valueFault = labelValueFaultOf(String(value));
    return [
      ...(keyFault === undefined ? [] : [invalidValue(field, key, keyFault)]),
      ...(valueFault === undefined ? [] : [invalidValue(field, value, valueFault)]),
    ];
  });
}

const ANNOTATION_BYTES = 256 * 1024;

/** Faults of an object's metadata. `nameFault` is the rule of its kind. */
export function metadataFaults(
  metadata: Metadata,
  namespaced: boolean,
  nameFault: (name: string) => string | undefined,
  field = 'metadata',
): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.name === undefined || metadata.name === '')
    errors.push(required(`${field}.name`, 'name or generateName is required'));
  else {
    const fault = nameFault(metadata.name);
    if (fault !== undefined) errors.push(invalidValue(`${field}.name`, metadata.name, fault));
  }
  if (!namespaced && metadata.namespace !== undefined && metadata.namespace !== '')
    errors.push(forbiddenField(`${field}.namespace`, 'not allowed on this type'));
  errors.push(...labelFaults(metadata.labels, `${field}.labels`));
  const annotations = metadata.annotations ?? {};
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    const fault = qualifiedNameFault(key.toLowerCase());
    if (fault !== undefined) errors.push(invalidValue(`${field}.annotations`, key, fault));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > ANNOTATION_BYTES) errors.push(tooLong(`${field}.annotations`, ANNOTATION_BYTES));
  for (const finalizer of metadata.finalizers ?? []) {
    const fault = qualifiedNameFault(finalizer);
    if (fault !== undefined) errors.push(invalidValue(`${field}.finalizers`, finalizer, fault));
    else if (!finalizer.includes('/') && !['orphan', 'foregroundDeletion'].includes(finalizer))
      errors.push(
        invalidValue(
          `${field}.finalizers`,
          finalizer,
          'name is neither a standard finalizer name nor is it fully qualified',
        ),
      );
  }
  return errors;
}
