// /metrics: what the server counts about its requests and objects, in Prometheus' text form.
import type { Core } from '../core.ts';
import { collectionOf } from '../core.ts';
import type { ResourcePath } from './request-path.ts';

/** Counts answers; one for each request handler. */
export interface RequestMetrics {
  /** An answer went out. `about`: what the request's path names, if it is a resource. */
  answered(method: string, about: ResourcePath | undefined, code: number): void;
  /** The counters as text lines. */
  lines(): readonly string[];
}

/** Methods that have a label of their own; all others share one, so that nobody can fill the memory with names. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const WORD = /^[a-z0-9.-]{1,63}$/;

/** Makes the counters, all at nought. */
export function createRequestMetrics(): RequestMetrics {
  const counts = new Map<string, number>();
  return {
    answered(method, about, code) {
      const labels = labelsOf(method, about, code);
      counts.set(labels, (counts.get(labels) ?? 0) + 1);
    },
    lines: () => [
      '# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      '# TYPE apiserver_request_total counter',
      ...[...counts].map(([labels, count]) => `apiserver_request_total{${labels}} ${count}`).sort(),
    ],
  };
}

function labelsOf(method: string, named: ResourcePath | undefined, code: number): string {
  // Names out of thin air are not counted one by one.
  const about = [401, 403, 404].includes(code) ? undefined : named;
  const known = [about?.group, about?.version, about?.plural, about?.subresource].every(
    (word) => word === undefined || word === '' || WORD.test(word),
  );
  const resource = known ? about : undefined;
  const verb = METHODS.includes(method) ? verbOf(method, resource?.name ?? '') : 'other';
  const scope = resource === undefined ? '' : scopeOf(resource);
  return (
    `code="${code}",component="apiserver",dry_run="",group="${resource?.group ?? ''}",resource="${resource?.plural ?? ''}",` +
    `scope="${scope}",subresource="${resource?.subresource ?? ''}",verb="${verb}",version="${resource?.version ?? ''}"`
  );
}

const verbOf = (method: string, name: string): string => (method === 'GET' && name === '' ? 'LIST' : method);

function scopeOf({ name, namespace }: { readonly name: string; readonly namespace: string | undefined }): string {
  if (name !== '') return 'resource';
  return namespace === undefined ? 'cluster' : 'namespace';
}

/** The whole text of /metrics. */
export function metricsText(core: Core, metrics: RequestMetrics): string {
  const stored = new Map(
    core.registry
      .list()
      .map((definition) => [
        definition.group === '' ? definition.plural : `${definition.plural}.${definition.group}`,
        collectionOf(core, definition).list().length,
      ]),
  );
  return [
    ...metrics.lines(),
    '# HELP apiserver_storage_objects [STABLE] Number of stored objects at the time of last check split by kind.',
    '# TYPE apiserver_storage_objects gauge',
    ...[...stored].map(([resource, count]) => `apiserver_storage_objects{resource="${resource}"} ${count}`).sort(),
    '',
  ].join('\n');
}
