// Reading request bodies: bounded, JSON or YAML, and answered with Kubernetes' Status when they are neither.
import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { errorText } from '../../../../src/base/errors.ts';
import { createProtobufDecoder, ProtobufError } from '../protobuf/decode.ts';
import { badRequest, StatusError } from '../status.ts';

/** As a real server's limit for resource requests. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** The media type of a request without its parameters, lower case; '' when absent. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Reads the body of a request in whatever form it came. */
export type BodyReader = (request: IncomingMessage) => Promise<unknown>;

/** Leaves the stream whole when it refuses, so that the answer still reaches a client that goes on sending. */
function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else
        reject(new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** A reader of bodies: their value, `undefined` when empty. Throws 400, 413 or 415. */
export function createBodyReader(): BodyReader {
  const decodeProtobuf = createProtobufDecoder();
  return async (request) => {
    const bytes = await readBytes(request);
    const type = mediaType(request);
    if (bytes.length === 0) return undefined;
    if (type === 'application/vnd.kubernetes.protobuf') return asUnsupported(() => decodeProtobuf(bytes));
    if (type.includes('cbor')) throw unsupported('application/cbor is not read');
    return readText(bytes.toString('utf8'), type.endsWith('yaml'));
  };
}

function readText(text: string, isYaml: boolean): unknown {
  if (text.trim() === '') return undefined;
  try {
    return isYaml ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body of the request is not ${isYaml ? 'YAML' : 'JSON'}: ${errorText(error)}`);
  }
}

function asUnsupported<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof ProtobufError ? unsupported(error.message) : error;
  }
}

function unsupported(why: string): StatusError {
  return new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml (${why})`,
  );
}
