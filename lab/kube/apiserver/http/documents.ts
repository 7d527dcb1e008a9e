// The server's own documents: version, health, metrics, discovery, OpenAPI, the issuer of tokens.
import type { IncomingHttpHeaders } from 'node:http';
import type { Core } from '../core.ts';
import type { JsonObject } from '../json.ts';
import {
  aggregatedDocument,
  aggregatedType,
  aggregatedVersion,
  coreVersions,
  groupDocument,
  groupList,
  resourceList,
} from './discovery-documents.ts';
import { healthPaths, healthReply } from './health.ts';
import type { RequestMetrics } from './metrics.ts';
import { metricsText } from './metrics.ts';
import { KUBERNETES_VERSION, versionDocument } from './version.ts';
import type { OpenApiDocuments } from './openapi-documents.ts';
import type { Reply } from './reply.ts';
import { jsonReply } from './reply.ts';
import { taggedReply } from './tagged-reply.ts';

export { KUBERNETES_VERSION };

/** A request for a document. */
export interface DocumentRequest {
  readonly core: Core;
  readonly metrics: RequestMetrics;
  readonly openApi: OpenApiDocuments;
  readonly path: string;
  /** The segments of `path`. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** The document at a path, or `undefined` when there is none. */
export function documentAt(asked: DocumentRequest): Reply | undefined {
  const { core, path, segments, query, headers } = asked;
  const [first = '', second = '', third = ''] = segments;
  // Only discovery forgives a slash at the end.
  if (path.startsWith('//')) return undefined;
  switch (first) {
    case '':
    case 'index.html':
      return segments.length <= 1 ? indexReply(core, 200) : undefined;
    case 'version':
      return segments.length === 1 ? prettyReply(versionDocument) : undefined;
    case 'healthz':
    case 'livez':
    case 'readyz':
      return healthReply(path, query);
    case 'metrics':
      return path === '/metrics' ? metricsReply(asked) : undefined;
    case 'api':
    case 'apis':
      return discovery(asked, first, second, third);
    case 'openapi':
      return asked.openApi.at(path, query, headers);
    case 'openid':
      return segments.join('/') === 'openid/v1/jwks'
        ? { ...jsonReply(core.tokens.jwks()), contentType: 'application/jwk-set+json' }
        : undefined;
    case '.well-known':
      return segments.join('/') === '.well-known/openid-configuration'
        ? jsonReply(issuerDocument(core, addressOf(headers)))
        : undefined;
    default:
      return undefined;
  }
}

/** What is answered where there is nothing: the list of what there is, or a Status below the roots of the API. */
export function notFoundDocument(core: Core, segments: readonly string[], path: string): Reply | undefined {
  const [root = ''] = segments;
  return (root === 'api' || root === 'apis') && !path.startsWith('//') ? undefined : indexReply(core, 404);
}

function discovery(
  { core, headers, segments }: DocumentRequest,
  root: 'api' | 'apis',
  second: string,
  third: string,
): Reply | undefined {
  const { registry } = core;
  if (segments.includes('')) return undefined;
  if (segments.length === 1) {
    const version = aggregatedVersion(headers.accept ?? '');
    if (version !== undefined)
      return taggedReply(JSON.stringify(aggregatedDocument(registry, root, version)), aggregatedType(version), headers);
    return jsonReply(root === 'api' ? coreVersions(addressOf(headers)) : groupList(registry));
  }
  if (root === 'api') return segments.length === 2 ? found(resourceList(registry, '', second)) : undefined;
  if (segments.length === 2) return found(groupDocument(registry, second));
  return segments.length === 3 ? found(resourceList(registry, second, third)) : undefined;
}

const found = (document: JsonObject | undefined): Reply | undefined =>
  document === undefined ? undefined : jsonReply(document);

const addressOf = (headers: IncomingHttpHeaders): string => headers.host ?? 'kubernetes.default.svc';

/** Some documents have always been written for people. */
const prettyReply = (value: unknown, code = 200): Reply => ({
  code,
  json: JSON.stringify(value, undefined, 2),
  contentType: 'application/json',
});

const metricsReply = ({ core, metrics }: DocumentRequest): Reply => ({
  code: 200,
  json: metricsText(core, metrics),
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
});

function issuerDocument(core: Core, address: string): JsonObject {
  return {
    issuer: core.tokens.issuer,
    jwks_uri: `https://${address}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

/** Every path outside resources. */
function indexReply(core: Core, code: number): Reply {
  const { registry } = core;
  const versions = registry
    .list()
    .flatMap(({ group, version }) =>
      group === '' ? [`/api/${version}`] : [`/apis/${group}`, `/apis/${group}/${version}`],
    );
  const fixed = [
    '/.well-known/openid-configuration',
    '/api',
    '/apis',
    '/apis/',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
  ];
  const paths = [...fixed, ...versions, ...healthPaths(), '/openapi/v3/', '/openid/v1/jwks', '/version'];
  return prettyReply({ paths: [...new Set(paths)].sort() }, code);
}
