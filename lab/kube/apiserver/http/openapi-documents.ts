// /openapi/v2 and /openapi/v3: the documents at their addresses, with the hashes and tags by which clients keep them.
import type { IncomingHttpHeaders } from 'node:http';
import type { Registry } from '../registry/registry.ts';
import { parseAccept } from './accept.ts';
import { openApiGroupVersion, openApiPaths } from './openapi.ts';
import { openApiV2 } from './openapi-v2.ts';
import type { Reply } from './reply.ts';
import { tagOf, taggedReply } from './tagged-reply.ts';

export interface OpenApiDocuments {
  /** The answer at a path; `undefined` when there is none. */
  at(path: string, query: URLSearchParams, headers: IncomingHttpHeaders): Reply | undefined;
}

const JSON_TYPE = 'application/json';
const KEPT = 'public, immutable';
const refused: Reply = { code: 406, json: '', contentType: JSON_TYPE, headers: { Vary: 'Accept' } };

/**
 * kubectl before 1.29 insists on /openapi/v2 as protobuf, and then asks v3 for what it does not find there. It gets a valid
 * document that describes no kind, so that it also keeps to its own knowledge of how lists of built-in kinds are merged.
 */
const OLD_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const takesOldProtobuf = (headers: IncomingHttpHeaders): boolean =>
  (headers.accept ?? '').includes('com.github.proto-openapi.spec.v2');

/** The documents of what is served at the time of asking; each is made once for a state of the registry. `now` dates what may be kept for a year. */
export function createOpenApiDocuments(registry: Registry, now: () => Date): OpenApiDocuments {
  let generation = -1;
  const texts = new Map<string, string>();
  const textAt = (path: string, make: () => unknown): string | undefined => {
    if (generation !== registry.generation) {
      generation = registry.generation;
      texts.clear();
    }
    const known = texts.get(path);
    if (known !== undefined) return known;
    const document = make();
    if (document === undefined) return undefined;
    const text = JSON.stringify(document);
    texts.set(path, text);
    return text;
  };
  const groupVersion = (path: string): string | undefined => {
    const [root, first = '', second = '', more] = path.split('/');
    if (root === 'api' && second === '') return textAt(path, () => openApiGroupVersion(registry, '', first));
    return root === 'apis' && more === undefined
      ? textAt(path, () => openApiGroupVersion(registry, first, second))
      : undefined;
  };
  const index = (): unknown => ({
    paths: Object.fromEntries(
      openApiPaths(registry).map((path) => [path, { serverRelativeURL: addressOf(path, groupVersion(path) ?? '') }]),
    ),
  });

  return {
    at(path, query, headers) {
      if (path === '/openapi/v2') {
        if (!takesJson(headers)) return takesOldProtobuf(headers) ? taggedReply('', OLD_PROTOBUF, headers) : refused;
        return taggedReply(textAt(path, () => openApiV2(registry)) ?? '', JSON_TYPE, headers);
      }
      if (path === '/openapi/v3') return taggedReply(textAt(path, index) ?? '', JSON_TYPE, headers);
      const about = /^\/openapi\/v3\/(.+)$/.exec(path)?.[1];
      const text = about === undefined ? undefined : groupVersion(about);
      if (about === undefined || text === undefined) return undefined;
      if (!takesJson(headers)) return refused;
      const hash = query.get('hash') ?? '';
      if (hash === '') return taggedReply(text, JSON_TYPE, headers);
      const address = addressOf(about, text);
      if (hash !== tagOf(text)) return { code: 301, json: '', contentType: JSON_TYPE, headers: { Location: address } };
      const expires = now();
      expires.setUTCFullYear(expires.getUTCFullYear() + 1);
      return taggedReply(text, JSON_TYPE, headers, { 'Cache-Control': KEPT, Expires: expires.toUTCString() });
    },
  };
}

const addressOf = (path: string, text: string): string => `/openapi/v3/${path}?hash=${tagOf(text)}`;

/** Protobuf, which old clients prefer, is not written. */
function takesJson(headers: IncomingHttpHeaders): boolean {
  const accept = headers.accept ?? '';
  if (accept === '') return true;
  return parseAccept(accept).some(
    ({ type, subtype }) => type === '*' || (type === 'application' && (subtype === 'json' || subtype === '*')),
  );
}
