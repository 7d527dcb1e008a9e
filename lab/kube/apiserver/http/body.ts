// Reading request bodies: bounded, JSON, YAML or protobuf, and answered with Kubernetes' Status when they are none of them.
import type { IncomingMessage } from 'node:http';
import { createProtobufDecoder, ProtobufError } from '../protobuf/decode.ts';
import { noteDuplicates } from '../schema/duplicate-fields.ts';
import { badRequest, notImplemented, StatusError } from '../status.ts';
import { jsonFault } from './go-json.ts';
import type { Round } from './rounds.ts';
import { createRound } from './rounds.ts';
import { readYaml, YamlFault } from './yaml-text.ts';

/** As a real server's limit for resource requests. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** Nesting that a real server refuses. */
const MAX_DEPTH = 10_000;
/** Nesting up to which every part of this server was tried. */
const SERVED_DEPTH = 1_000;
/** How much of a body an answer quotes. */
const QUOTED_BYTES = 30;

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Every Kubernetes message in protobuf begins so. */
const MARK = Buffer.from('k8s\0', 'latin1');

/** The media type of a request without its parameters, lower case; '' when absent. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/**
 * Reads the body of a request in whatever form it came; `undefined` when it is empty. With `kind`, the body must be an object
 * of that kind: an empty one is then refused too, and the answers to unreadable ones name the kind, as on a real server.
 * Throws 400, 413 or 415.
 */
export type BodyReader = (request: IncomingMessage, kind?: string) => Promise<unknown>;

/** Leaves the stream whole when it refuses, so that the answer still reaches a client that goes on sending. */
function readBytes(request: IncomingMessage, complete: Round): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else
        reject(
          new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`, {}),
        );
    });
    request.on('end', () => complete(() => resolve(whole(chunks))));
    request.on('error', () => reject(badRequest('unexpected EOF')));
  });
}

/** Most bodies come in one piece. */
function whole(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}

/** A reader of bodies. */
export function createBodyReader(): BodyReader {
  const decodeProtobuf = createProtobufDecoder();
  const complete = createRound();
  return async (request, kind) => {
    const type = mediaType(request);
    const form = formOf(type, request.headers['content-type']);
    const bytes = await readBytes(request, complete);
    if (kind !== undefined && form === undefined) throw unsupported();
    if (bytes.length === 0 && kind === undefined) return undefined;
    try {
      const value = form === 'protobuf' ? decodeProtobuf(bytes) : readText(bytes, form ?? 'json');
      return kind === undefined ? value : objectIn(value, bytes, kind);
    } catch (error) {
      if (!(error instanceof Unreadable || error instanceof ProtobufError)) throw error;
      // A message that this server has no description of is not the client's fault.
      if (form === 'protobuf' && bytes.subarray(0, MARK.length).equals(MARK))
        throw new StatusError(415, 'UnsupportedMediaType', error.message);
      throw badRequest(kind === undefined ? error.message : unrecognized(kind, error.message, bytes));
    }
  };
}

/** A body that is not in the form it claims. */
class Unreadable extends Error {}

/** Types of patches are JSON or YAML underneath; which of them a resource takes is the patch's business. */
function formOf(type: string, header: string | undefined): 'json' | 'yaml' | 'protobuf' | undefined {
  if (header === undefined || header === '' || type === 'application/json') return 'json';
  if (type === PROTOBUF) return 'protobuf';
  if (type === 'application/yaml' || type.endsWith('+yaml')) return 'yaml';
  return type.endsWith('+json') ? 'json' : undefined;
}

function readText(bytes: Buffer, form: 'json' | 'yaml'): unknown {
  checkDepth(bytes);
  if (form === 'json') {
    try {
      const text = bytes.toString('utf8');
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) noteDuplicates(value, text);
      return value;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new Unreadable(`couldn't get version/kind; json parse error: ${jsonFault(bytes) ?? error.message}`);
    }
  }
  try {
    return readYaml(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof YamlFault) throw new Unreadable(error.message);
    if (error instanceof RangeError) throw notImplemented(`YAML nested this deeply (more than ${SERVED_DEPTH} levels)`);
    throw error;
  }
}

/** Everything that walks a document does so by recursion, so what is nested too deeply must not come in. */
function checkDepth(bytes: Buffer): void {
  if (bytes.length < SERVED_DEPTH) return;
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === 0x5c && quoted) index += 1;
    else if (byte === 0x22) quoted = !quoted;
    else if (!quoted && (byte === 0x7b || byte === 0x5b)) deepest = Math.max(deepest, (depth += 1));
    else if (!quoted && (byte === 0x7d || byte === 0x5d)) depth -= 1;
  }
  if (deepest > MAX_DEPTH) throw new Unreadable("couldn't get version/kind; json parse error: exceeded max depth");
  if (deepest > SERVED_DEPTH) throw notImplemented(`documents nested more than ${SERVED_DEPTH} levels deep`);
}

const GO_TYPE =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** The object in a value. JSON's null is an object without members, to Go. */
function objectIn(value: unknown, bytes: Buffer, kind: string): object {
  if (value === null || value === undefined) return {};
  const refuse = (what: string): StatusError =>
    badRequest(
      unrecognized(kind, `couldn't get version/kind; json parse error: json: cannot unmarshal ${what}`, bytes),
    );
  if (typeof value !== 'object' || Array.isArray(value)) {
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    throw refuse(`${type} into Go value of type ${GO_TYPE}`);
  }
  for (const name of ['apiVersion', 'kind'] as const) {
    const member: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
    if (member === undefined || member === null || typeof member === 'string') continue;
    const type = Array.isArray(member) ? 'array' : typeof member === 'boolean' ? 'bool' : typeof member;
    throw refuse(`${type} into Go struct field .${name} of type string`);
  }
  const apiVersion: unknown = Reflect.get(value, 'apiVersion');
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2)
    throw badRequest(unrecognized(kind, `unexpected GroupVersion string: ${apiVersion}`, bytes));
  return value;
}

/** The sentence for a body whose kind could not be told, with its beginning: as text when it looks like JSON, else in hexadecimal. */
function unrecognized(kind: string, why: string, bytes: Buffer): string {
  const begin = bytes.subarray(0, QUOTED_BYTES);
  const shown = bytes.length === 0 ? '<empty>' : begin.toString(bytes[0] === 0x7b ? 'utf8' : 'hex');
  const more = bytes.length > QUOTED_BYTES ? ' ...' : '';
  return `the object provided is unrecognized (must be of type ${kind}): ${why} (${shown}${more})`;
}

const unsupported = (): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, ${PROTOBUF}`,
  );
