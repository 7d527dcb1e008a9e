// The server's own documents: version, health, discovery, OpenAPI, the issuer of tokens.
import type { Core } from '../core.ts';
import type { JsonObject } from '../json.ts';
import { coreVersions, groupDocument, groupList, resourceList } from './discovery.ts';
import { openApiGroupVersion, openApiIndex } from './openapi.ts';
import type { Reply } from './reply.ts';
import { jsonReply } from './reply.ts';

/** The release whose behaviour the server follows. */
export const KUBERNETES_VERSION = { major: '1', minor: '30', gitVersion: 'v1.30.14+trunkline-lab' };

const version: JsonObject = {
  ...KUBERNETES_VERSION,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'linux/amd64',
};

/** The document at a path, or `undefined` when there is none. `address` is the host and port that the client used. */
export function documentAt(core: Core, pathname: string, address: string): Reply | undefined {
  const parts = pathname.split('/').filter((part) => part !== '');
  const [first = '', second = '', third = '', ...more] = parts;
  switch (first) {
    case '':
      return jsonReply({ paths: rootPaths(core) });
    case 'version':
      return parts.length === 1 ? jsonReply(version) : undefined;
    case 'healthz':
    case 'livez':
    case 'readyz':
      return { code: 200, json: 'ok', contentType: 'text/plain; charset=utf-8' };
    case 'api':
      if (parts.length === 1) return jsonReply(coreVersions(address));
      return parts.length === 2 ? found(resourceList(core.registry, '', second)) : undefined;
    case 'apis':
      if (parts.length === 1) return jsonReply(groupList(core.registry));
      if (parts.length === 2) return found(groupDocument(core.registry, second));
      return parts.length === 3 ? found(resourceList(core.registry, second, third)) : undefined;
    case 'openapi':
      return openApi(core, second, third === '' ? [] : [third, ...more]);
    case 'openid':
      return pathname === '/openid/v1/jwks'
        ? { ...jsonReply(core.tokens.jwks()), contentType: 'application/jwk-set+json' }
        : undefined;
    case '.well-known':
      return second === 'openid-configuration' ? jsonReply(issuerDocument(core, address)) : undefined;
    default:
      return undefined;
  }
}

const found = (document: JsonObject | undefined): Reply | undefined =>
  document === undefined ? undefined : jsonReply(document);

function openApi(core: Core, edition: string, rest: readonly string[]): Reply | undefined {
  if (edition === 'v2') return openApiV2();
  if (edition !== 'v3') return undefined;
  if (rest.length === 0) return jsonReply(openApiIndex(core.registry));
  const [root, group = '', groupVersion = ''] = rest;
  return found(
    root === 'api'
      ? openApiGroupVersion(core.registry, '', group)
      : openApiGroupVersion(core.registry, group, groupVersion),
  );
}

/** An empty document, in the form that old clients parse: it says nothing about any kind, as v3 says it all. */
function openApiV2(): Reply {
  return { code: 200, json: '', contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' };
}

function issuerDocument(core: Core, address: string): JsonObject {
  return {
    issuer: core.tokens.issuer,
    jwks_uri: `https://${address}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

function rootPaths(core: Core): string[] {
  const versions = core.registry
    .list()
    .map((definition) => (definition.group === '' ? '/api/v1' : `/apis/${definition.group}/${definition.version}`));
  return [
    ...new Set(['/api', '/apis', ...versions, '/healthz', '/livez', '/openapi/v3', '/readyz', '/version']),
  ].sort();
}
