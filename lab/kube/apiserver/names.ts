// Rules for names, labels and annotations, with Kubernetes' wording.
import type { FieldError } from './field-error.ts';
import { forbiddenField, invalidValue, required, tooManyBytes } from './field-error.ts';
import type { Metadata } from './json.ts';
import { isObject, plainText } from './json.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const SUBDOMAIN_PATTERN = new RegExp(`^${SUBDOMAIN}$`);
const LABEL_PATTERN = new RegExp(`^${LABEL}$`);
const QUALIFIED_PATTERN = new RegExp(`^${QUALIFIED}$`);
const VALUE_PATTERN = new RegExp(`^(${QUALIFIED})?$`);
const none: readonly string[] = [];

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

const dataKeyFault =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', " +
  "regex used for validation is '[-._a-zA-Z0-9]+')";
const environmentFault =
  "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit " +
  "(e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";

/** Why a text is no RFC 1123 subdomain (names of most objects). */
export function subdomainNameFault(name: string): string | undefined {
  if (name.length > 253) return 'must be no more than 253 characters';
  return SUBDOMAIN_PATTERN.test(name) ? undefined : subdomainFault;
}

/** Why a text is no RFC 1123 label (names of containers, ports, Namespaces). */
export function labelNameFault(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters';
  return LABEL_PATTERN.test(name) ? undefined : labelFault;
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

/** Every reason why a text is no label key, annotation key or resource name: `[prefix/]name`. */
export function qualifiedNameFaults(key: string): readonly string[] {
  if (key.length <= 63 && QUALIFIED_PATTERN.test(key)) return none;
  const parts = key.split('/');
  const [prefix = '', name = ''] = parts.length === 1 ? [undefined, key] : parts;
  if (parts.length > 2)
    return [
      `a qualified name ${qualifiedFault.replace('name part ', '')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const faults: string[] = [];
  if (parts.length === 2) {
    if (prefix === '') faults.push('prefix part must be non-empty');
    else {
      const fault = subdomainNameFault(prefix);
      if (fault !== undefined) faults.push(`prefix part ${fault}`);
    }
  }
  if (name === '') faults.push('name part must be non-empty');
  else if (name.length > 63) faults.push('name part must be no more than 63 characters');
  if (!QUALIFIED_PATTERN.test(name)) faults.push(qualifiedFault);
  return faults;
}

/** Faults of a label key at `field`. */
export const labelKeyFaults = (key: string, field: string): FieldError[] =>
  qualifiedNameFaults(key).map((fault) => invalidValue(field, key, fault));

/** Why a text is no key of a ConfigMap or Secret, all reasons. */
export function dataKeyNameFaults(key: string): readonly string[] {
  return [
    ...(key.length > 253 ? ['must be no more than 253 characters'] : []),
    ...(/^[-._a-zA-Z0-9]+$/.test(key) ? [] : [dataKeyFault]),
    ...dotPrefixFaults(key),
  ];
}

/** Why a text is no name of an environment variable, all reasons (the rule of releases before relaxed names). */
export function environmentNameFaults(name: string): readonly string[] {
  return [...(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name) ? [] : [environmentFault]), ...dotPrefixFaults(name)];
}

function dotPrefixFaults(text: string): readonly string[] {
  if (text === '.' || text === '..') return [`must not be '${text}'`];
  return text.startsWith('..') ? ["must not start with '..'"] : [];
}

/** Why a text is no label value. */
export function labelValueFaultOf(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters';
  return VALUE_PATTERN.test(value) ? undefined : labelValueFault;
}

/** Faults of labels or a matchLabels map at `field`. */
export function labelFaults(labels: unknown, field: string): FieldError[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => {
    const valueFault = labelValueFaultOf(String(value));
    return [
      ...labelKeyFaults(key, field),
      ...(valueFault === undefined ? [] : [invalidValue(field, value, valueFault)]),
    ];
  });
}

const ANNOTATION_BYTES = 256 * 1024;

/** Faults of an object's metadata, in the order of a real server. `nameFault` is the rule of its kind. */
export function metadataFaults(
  metadata: Metadata,
  namespaced: boolean,
  nameFault: (name: string) => string | undefined,
  field = 'metadata',
): FieldError[] {
  const namespace = metadata.namespace ?? '';
  const prefix = metadata.generateName ?? '';
  // A prefix may end in a dash: what is drawn follows it.
  const prefixFault = prefix === '' ? undefined : nameFault(prefix.replace(/-$/, 'a'));
  return [
    ...(prefixFault === undefined ? [] : [invalidValue(`${field}.generateName`, prefix, prefixFault)]),
    ...nameFaults(metadata.name, nameFault, `${field}.name`),
    ...(!namespaced && namespace !== '' ? [forbiddenField(`${field}.namespace`, 'not allowed on this type')] : []),
    ...labelFaults(metadata.labels, `${field}.labels`),
    ...annotationFaults(metadata.annotations, `${field}.annotations`),
    ...ownerFaults(metadata.ownerReferences, `${field}.ownerReferences`),
    ...(metadata.finalizers ?? []).flatMap((finalizer) => finalizerFaults(finalizer, `${field}.finalizers`)),
  ];
}

function nameFaults(
  name: string | undefined,
  nameFault: (name: string) => string | undefined,
  field: string,
): FieldError[] {
  if (name === undefined || name === '') return [required(field, 'name or generateName is required')];
  const fault = nameFault(name);
  return fault === undefined ? [] : [invalidValue(field, name, fault)];
}

/** Faults of annotations at `field`: their keys, and 256 KiB for all together. */
export function annotationFaults(annotations: unknown, field: string): FieldError[] {
  if (!isObject(annotations)) return [];
  const entries = Object.entries(annotations);
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  );
  return [
    ...entries.flatMap(([key]) =>
      qualifiedNameFaults(key.toLowerCase()).map((fault) => invalidValue(field, key, fault)),
    ),
    ...(bytes > ANNOTATION_BYTES ? [tooManyBytes(field, ANNOTATION_BYTES)] : []),
  ];
}

function ownerFaults(owners: unknown, field: string): FieldError[] {
  const faults: FieldError[] = [];
  let controller = '';
  for (const owner of Array.isArray(owners) ? owners.filter(isObject) : []) {
    for (const [member, subject] of [
      ['apiVersion', 'version'],
      ['kind', 'kind'],
      ['name', 'name'],
      ['uid', 'uid'],
    ] as const)
      if ((owner[member] ?? '') === '')
        faults.push(invalidValue(`${field}.${member}`, '', `${subject} must not be empty`));
    if (owner['apiVersion'] === 'v1' && owner['kind'] === 'Event')
      faults.push(invalidValue(field, owner, '/v1, Kind=Event is disallowed from being an owner'));
    if (owner['controller'] !== true) continue;
    const name = plainText(owner['name']);
    if (controller === '') controller = name;
    else
      faults.push(
        invalidValue(
          field,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
        ),
      );
  }
  return faults;
}

function finalizerFaults(finalizer: string, field: string): FieldError[] {
  return qualifiedNameFaults(finalizer).map((fault) => invalidValue(field, finalizer, fault));
}

const STANDARD_FINALIZERS = ['orphan', 'foregroundDeletion', 'kubernetes'];

/** What built-in kinds ask of finalizers beyond their form: a domain, unless they are the server's own. */
export const unqualifiedFinalizerFaults = ({ finalizers = [] }: Metadata): FieldError[] =>
  finalizers.flatMap((finalizer, index) =>
    finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)
      ? []
      : [
          invalidValue(
            `metadata.finalizers[${index}]`,
            finalizer,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ],
  );
