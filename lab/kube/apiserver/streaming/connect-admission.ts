// Whether somebody may connect to a Pod: exec, attach and port-forward are operations that webhooks and policies are asked about. Source: endpoints/handlers/rest.go (ConnectResource).
import type { Core, Scope } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { queryFlag } from './query-flag.ts';

/** A subresource whose requests become streams. */
export type ConnectSubresource = 'exec' | 'attach' | 'portforward';

const KINDS = { exec: 'PodExecOptions', attach: 'PodAttachOptions', portforward: 'PodPortForwardOptions' } as const;

/** Asks about the options that the query gives. Throws StatusError when somebody refuses, before the Pod is looked for. */
export async function admitConnect(core: Core, scope: Scope, subresource: ConnectSubresource): Promise<void> {
  const options: JsonObject = { apiVersion: 'v1', kind: KINDS[subresource], ...members(scope.query, subresource) };
  // Options are no object of the store, so they have no metadata, and nobody looks for it.
  const object = options as ApiObject;
  await core.admission.validate({ scope, operation: 'CONNECT', old: undefined, dryRun: false }, object);
}

/** What is false or empty is left out, as Kubernetes writes it. */
function members(query: URLSearchParams, subresource: ConnectSubresource): JsonObject {
  if (subresource === 'portforward') {
    const ports = query.getAll('ports').flatMap((list) => list.split(','));
    return ports.length === 0 ? {} : { ports: ports.map(Number) };
  }
  const flags = ['stdin', 'stdout', 'stderr', 'tty'].filter((name) => queryFlag(query, name));
  const container = query.get('container') ?? '';
  const command = subresource === 'exec' ? query.getAll('command') : [];
  return {
    ...Object.fromEntries(flags.map((name) => [name, true])),
    ...(container === '' ? {} : { container }),
    ...(subresource === 'exec' ? { command } : {}),
  };
}
