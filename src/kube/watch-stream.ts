// The body of a watch answer as events: one JSON document a line, errors inside it as ApiError, silence as an error too.
import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { z } from 'zod';
import { ApiError, apiErrorFromAnswer, connectionError, malformedAnswer } from './api-error.ts';
import type { KubeObject, WatchEvent } from './types.ts';

const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

const frameSchema = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.looseObject({}),
});
const metadataSchema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) });
const objectSchema = z.looseObject({ metadata: z.looseObject({ name: z.string(), resourceVersion: z.string() }) });

/** Complete lines of a body; throws ApiError when the body breaks off inside a line or a line is absurdly long. */
export async function* bodyLines(call: string, body: IncomingMessage, onChunk: () => void): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    onChunk();
    let text = decoder.write(chunk);
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      parts.push(text.slice(0, end));
      text = text.slice(end + 1);
      const line = parts.join('');
      parts = [];
      length = 0;
      if (line.trim() !== '') yield line;
    }
    parts.push(text);
    length += text.length;
    if (length > MAX_LINE_CHARACTERS)
      throw malformedAnswer(call, `a line of the watch is longer than ${MAX_LINE_CHARACTERS} characters`);
  }
  const rest = parts.join('').trim();
  if (rest !== '') throw malformedAnswer(call, `the watch ended inside a line after ${rest.length} characters`);
}

/**
 * One line of a watch. `apiVersion` and `kind` travel in every object of a watch. Throws ApiError: MalformedAnswer for what is not a watch
 * event, the server's own Status for an ERROR event (410 = expired).
 */
export function decodeWatchLine<T extends KubeObject>(call: string, line: string): WatchEvent<T> {
  const frame = frameSchema.safeParse(parseJson(call, line));
  if (!frame.success) throw malformedAnswer(call, `a line of the watch is not a watch event: ${line.slice(0, 100)}`);
  const { type, object } = frame.data;
  switch (type) {
    case 'ERROR':
      throw apiErrorFromAnswer({ call, status: 500, body: object });
    case 'BOOKMARK': {
      const bookmark = metadataSchema.safeParse(object);
      if (!bookmark.success) throw malformedAnswer(call, 'a bookmark without metadata.resourceVersion');
      return { type, resourceVersion: bookmark.data.metadata.resourceVersion };
    }
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (!objectSchema.safeParse(object).success)
        throw malformedAnswer(call, `a ${type} event without metadata.name and metadata.resourceVersion`);
      return { type, object: object as unknown as T };
  }
}

/** The error a broken body is reported as: our own as it is, anything else as a broken connection. */
export function watchFailure(call: string, error: unknown): ApiError {
  return error instanceof ApiError ? error : connectionError(call, error);
}

function parseJson(call: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw malformedAnswer(call, `a line of the watch is not JSON: ${line.slice(0, 100)}`, error);
  }
}
