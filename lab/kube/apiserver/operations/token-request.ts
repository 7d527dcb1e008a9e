// POST serviceaccounts/NAME/token: a signed token of limited life, optionally bound to a Pod, a Secret or a Node.
import type { BoundObject } from '../access/bound-object.ts';
import { boundKinds, pluralOf } from '../access/bound-object.ts';
import type { TokenRequest } from '../access/tokens.ts';
import type { Core, Scope } from '../core.ts';
import { timestamp } from '../core.ts';
import { invalidValue } from '../field-error.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, numberAt, objectAt, stringAt, stringsAt } from '../json.ts';
import { collectionId, objectKey } from '../registry/definition.ts';
import { badRequest, conflict, invalid, notFound } from '../status.ts';
import { isDryRun } from './options.ts';
import { getObject } from './read.ts';

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const GROUP = 'authentication.k8s.io';

/**
 * The TokenRequest with its status filled in. Throws 404 without the ServiceAccount or the object to bind to, 422 for a life under 10
 * minutes or over 2^32 seconds, 409 when the object is another one by now, 400 for kinds that tokens are not bound to.
 */
export async function requestToken(core: Core, scope: Scope, body: unknown): Promise<JsonObject> {
  if (!isObject(body)) throw badRequest('the body of the request must be an object');
  const account = getObject(core, scope).object;
  const spec = objectAt(body, 'spec');
  checkIdentity(scope, body);
  const lifetimeSeconds = numberAt(spec, 'expirationSeconds') ?? DEFAULT_SECONDS;
  checkLifetime(lifetimeSeconds);
  const asked = stringsAt(spec, 'audiences');
  const audiences = asked.length === 0 ? [core.tokens.issuer] : asked;
  const request: ApiObject = {
    apiVersion: `${GROUP}/v1`,
    kind: 'TokenRequest',
    metadata: {
      ...objectAt(body, 'metadata'),
      name: scope.name,
      ...(scope.namespace === undefined ? {} : { namespace: scope.namespace }),
      creationTimestamp: timestamp(core.clock.now()),
    },
    spec: { boundObjectRef: null, ...spec, audiences, expirationSeconds: lifetimeSeconds },
  };
  const admitted = { scope, operation: 'CREATE' as const, old: undefined, dryRun: isDryRun(scope.query) };
  await core.admission.validate(admitted, request);
  const binding = isObject(spec['boundObjectRef']) ? bindingOf(core, scope, spec['boundObjectRef']) : {};
  const { token, expiresAt } = core.tokens.issue({ serviceAccount: account, audiences, lifetimeSeconds, ...binding });
  return { ...request, status: { token, expirationTimestamp: timestamp(expiresAt) } };
}

function checkIdentity(scope: Scope, body: JsonObject): void {
  for (const [member, actual, what] of [
    ['name', scope.name, 'name'],
    ['namespace', scope.namespace, 'namespace'],
  ] as const) {
    const given = stringAt(body, 'metadata', member) ?? '';
    if (given !== '' && given !== actual)
      throw invalid(GROUP, 'TokenRequest', scope.name, [
        invalidValue(`metadata.${member}`, given, `must match the service account ${what} if specified`),
      ]);
  }
}

function checkLifetime(seconds: number): void {
  const fault =
    seconds < MIN_SECONDS
      ? 'may not specify a duration less than 10 minutes'
      : seconds > MAX_SECONDS
        ? 'may not specify a duration larger than 2^32 seconds'
        : undefined;
  if (fault !== undefined)
    throw invalid(GROUP, 'TokenRequest', '', [invalidValue('spec.expirationSeconds', seconds, fault)]);
}

/** The object to bind to as it is now, and the node of a Pod. */
function bindingOf(core: Core, scope: Scope, reference: JsonObject): Pick<TokenRequest, 'bound' | 'node'> {
  const apiVersion = stringAt(reference, 'apiVersion') ?? '';
  const given = stringAt(reference, 'kind') ?? '';
  const kind = boundKinds.find((candidate) => candidate === given);
  if (kind === undefined || (apiVersion !== '' && apiVersion !== 'v1'))
    throw badRequest(`cannot bind token to object of type ${kindText(apiVersion, given)}`);
  const name = stringAt(reference, 'name') ?? '';
  const plural = pluralOf[kind];
  const found = find(core, plural, kind === 'Node' ? undefined : scope.namespace, name);
  if (found === undefined) throw notFound({ group: '', plural }, name);
  if (kind === 'Pod' && stringAt(found, 'spec', 'serviceAccountName') !== scope.name)
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(scope.name)} to pod running with different serviceaccount name.`,
    );
  const uid = stringAt(reference, 'uid') ?? '';
  if (uid !== '' && uid !== found.metadata.uid)
    throw conflict(
      { group: '', plural: kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  const bound: BoundObject = { kind, name, uid: found.metadata.uid ?? '' };
  const nodeName = kind === 'Pod' ? (stringAt(found, 'spec', 'nodeName') ?? '') : '';
  return nodeName === '' ? { bound } : { bound, node: nodeReference(core, nodeName) };
}

function nodeReference(core: Core, name: string): NonNullable<TokenRequest['node']> {
  const uid = find(core, 'nodes', undefined, name)?.metadata.uid;
  return uid === undefined ? { name } : { name, uid };
}

const find = (core: Core, plural: string, namespace: string | undefined, name: string): ApiObject | undefined =>
  core.store.collection(collectionId({ group: '', plural })).get(objectKey(namespace, name))?.object;

/** A kind as Go prints it: `apps/v1, Kind=Deployment`, `/v1, Kind=Node`. */
const kindText = (apiVersion: string, kind: string): string =>
  `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
