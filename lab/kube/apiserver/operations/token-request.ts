// POST serviceaccounts/NAME/token: a signed token of limited life, optionally bound to a Pod.
import type { BoundPod } from '../access/tokens.ts';
import type { Core, Scope } from '../core.ts';
import { collectionOf, timestamp } from '../core.ts';
import type { JsonObject } from '../json.ts';
import { numberAt, objectAt, stringAt, stringsAt } from '../json.ts';
import { objectKey } from '../registry/definition.ts';
import { invalidValue } from '../field-error.ts';
import { badRequest, conflict, invalid, notFound, notImplemented } from '../status.ts';
import { getObject } from './read.ts';

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;

/** The TokenRequest with its status filled in. Throws 404 without the ServiceAccount, 422 for a life under 10 minutes. */
export function requestToken(core: Core, scope: Scope, body: unknown): JsonObject {
  const account = getObject(core, scope).object;
  const spec = objectAt(body, 'spec');
  const lifetimeSeconds = numberAt(spec, 'expirationSeconds') ?? DEFAULT_SECONDS;
  if (lifetimeSeconds < MIN_SECONDS)
    throw invalid('authentication.k8s.io', 'TokenRequest', scope.name, [
      invalidValue('spec.expirationSeconds', lifetimeSeconds, 'may not specify a duration less than 10 minutes'),
    ]);
  const audiences = stringsAt(spec, 'audiences');
  const pod = boundPod(core, scope, objectAt(spec, 'boundObjectRef'));
  const { token, expiresAt } = core.tokens.issue({
    serviceAccount: account,
    audiences,
    lifetimeSeconds,
    ...(pod === undefined ? {} : { pod }),
  });
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: scope.name, namespace: scope.namespace, creationTimestamp: timestamp(core.clock.now()) },
    spec: {
      ...spec,
      audiences: audiences.length === 0 ? [core.tokens.issuer] : audiences,
      expirationSeconds: lifetimeSeconds,
    },
    status: { token, expirationTimestamp: timestamp(expiresAt) },
  };
}

function boundPod(core: Core, scope: Scope, reference: JsonObject): BoundPod | undefined {
  const kind = stringAt(reference, 'kind');
  if (kind === undefined) return undefined;
  if (kind !== 'Pod') throw notImplemented(`tokens bound to a ${kind}; bind to a Pod`);
  const name = stringAt(reference, 'name') ?? '';
  const pods = { group: '', plural: 'pods' };
  const definition = core.registry.findAny('', 'pods');
  const found = definition && collectionOf(core, definition).get(objectKey(scope.namespace, name))?.object;
  if (found?.metadata.uid === undefined) throw notFound(pods, name);
  const uid = stringAt(reference, 'uid');
  if (uid !== undefined && uid !== found.metadata.uid)
    throw conflict(
      pods,
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record (${found.metadata.uid})`,
    );
  if ((stringAt(found, 'spec', 'serviceAccountName') ?? 'default') !== scope.name)
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(scope.name)} to pod running with different serviceaccount name.`,
    );
  return { name, uid: found.metadata.uid };
}
