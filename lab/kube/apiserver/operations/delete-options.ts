// DeleteOptions as a DELETE carries them: in its body, or in its query when there is no body.
import type { FieldError } from '../field-error.ts';
import { goStrings } from '../builtin/rules/go-value.ts';
import { invalidValue, notSupported } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { isObject, numberAt, stringAt, stringsAt } from '../json.ts';
import { badRequest, invalid } from '../status.ts';

export type PropagationPolicy = 'Orphan' | 'Background' | 'Foreground';

/** metav1.DeleteOptions, decoded and checked. */
export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  /** The old form of `propagationPolicy`; never given together with it. */
  readonly orphanDependents: boolean | undefined;
  readonly propagationPolicy: PropagationPolicy | undefined;
  readonly dryRun: boolean;
}

const POLICIES: readonly PropagationPolicy[] = ['Foreground', 'Background', 'Orphan'];

/**
 * Reads the options. A body, when there is one, counts alone; the query is then not looked at, as on a real server.
 * Throws 400 for what is no DeleteOptions and 422 for values outside their range (ValidateDeleteOptions of apimachinery).
 */
export function deleteOptionsOf(query: URLSearchParams, body: unknown): DeleteOptions {
  const given = body === undefined ? fromQuery(query) : fromBody(body);
  const errors: FieldError[] = [];
  const policy = stringAt(given, 'propagationPolicy');
  const orphan = given['orphanDependents'];
  if (orphan !== undefined && policy !== undefined)
    errors.push(
      invalidValue('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  const known = POLICIES.find((name) => name === policy);
  if (policy !== undefined && known === undefined)
    errors.push(notSupported('propagationPolicy', policy, [...POLICIES, 'nil']));
  const dryRun = stringsAt(given, 'dryRun');
  if (dryRun.some((value) => value !== 'All')) errors.push(notSupported('dryRun', goStrings(dryRun), ['All']));
  if (errors.length > 0) throw invalid('meta.k8s.io', 'DeleteOptions', '', errors);
  return {
    gracePeriodSeconds: numberAt(given, 'gracePeriodSeconds'),
    uid: stringAt(given, 'preconditions', 'uid'),
    resourceVersion: stringAt(given, 'preconditions', 'resourceVersion'),
    orphanDependents: typeof orphan === 'boolean' ? orphan : undefined,
    propagationPolicy: known,
    dryRun: dryRun.length > 0,
  };
}

function fromBody(body: unknown): JsonObject {
  if (!isObject(body)) throw badRequest('the body of the request must be an object');
  const kind = stringAt(body, 'kind') ?? '';
  const apiVersion = stringAt(body, 'apiVersion') ?? '';
  // Every group has its own DeleteOptions, so the version alone says nothing.
  if (kind !== '' && kind !== 'DeleteOptions')
    throw badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion === '' ? 'v1' : apiVersion)} in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:30"`,
    );
  for (const [name, type] of [
    ['gracePeriodSeconds', 'number'],
    ['orphanDependents', 'boolean'],
    ['propagationPolicy', 'string'],
  ] as const) {
    const value = body[name];
    if (value === undefined || value === null || typeof value === type) continue;
    const wanted = { number: 'int64', boolean: 'bool', string: 'v1.DeletionPropagation' }[type];
    throw badRequest(
      `json: cannot unmarshal ${typeof value} into Go struct field DeleteOptions.${name} of type ${wanted}`,
    );
  }
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

function fromQuery(query: URLSearchParams): JsonObject {
  const options: JsonObject = {};
  const grace = query.get('gracePeriodSeconds') ?? '';
  if (grace !== '') {
    if (!/^[+-]?\d+$/.test(grace))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
    options['gracePeriodSeconds'] = Number(grace);
  }
  const orphan = query.get('orphanDependents');
  // As Go's conversion of a query parameter to a bool: given and neither false nor 0 is true.
  if (orphan !== null) options['orphanDependents'] = !['false', '0'].includes(orphan.toLowerCase());
  const policy = query.get('propagationPolicy') ?? '';
  if (policy !== '') options['propagationPolicy'] = policy;
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  if (dryRun.length > 0) options['dryRun'] = dryRun;
  return options;
}
