// The text of a saved cloud: JSON under a format name, a version and a checksum, so that a damaged or foreign file is refused by name.
import { createHash } from 'node:crypto';
import { z } from 'zod';

import { errorText } from '../../../src/base/errors.ts';
import { type SavedCloud, savedCloud } from './cloud-schema.ts';
import { findUnresolved } from './references.ts';

const FORMAT = 'trunkline-cloud';
/** Grows when an older reader would misread the file. */
const VERSION = 1;

const envelope = z.looseObject({ format: z.unknown(), version: z.unknown() });
const body = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  /** Of the content as JSON without spaces, hexadecimal. */
  sha256: z.string(),
  content: z.unknown(),
});

/** The same cloud gives the same text. Throws z.ZodError when a record has what the format does not know. */
export function writeSaved(saved: SavedCloud): string {
  const content = savedCloud.encode(saved);
  return `${JSON.stringify({ format: FORMAT, version: VERSION, sha256: checksum(content), content })}\n`;
}

/** Throws Error that names `file` and says what is wrong with it. */
export function readSaved(text: string, file: string): SavedCloud {
  const refuse = (reason: string, cause?: unknown): Error =>
    new Error(`${file}: ${reason}`, cause === undefined ? {} : { cause });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refuse(`not a whole saved cloud, the JSON breaks off or is damaged: ${errorText(error)}`, error);
  }
  const outer = envelope.safeParse(json);
  if (!outer.success || outer.data.format !== FORMAT)
    throw refuse(`not a saved cloud: expected "format": "${FORMAT}", as POST save and lab cloud --save write it`);
  if (outer.data.version !== VERSION)
    throw refuse(
      `written in version ${String(outer.data.version)} of the format; this simulator reads version ${VERSION}`,
    );
  const whole = body.safeParse(json);
  if (!whole.success) throw refuse(firstIssue(whole.error));
  if (checksum(whole.data.content) !== whole.data.sha256)
    throw refuse('its checksum does not fit its content: the file was damaged or changed by hand');
  const content = savedCloud.safeParse(whole.data.content);
  if (!content.success) throw refuse(`content.${firstIssue(content.error)}`);
  const unresolved = findUnresolved(content.data);
  if (unresolved !== undefined) throw refuse(`content.${unresolved}`);
  return content.data;
}

const checksum = (content: unknown): string => createHash('sha256').update(JSON.stringify(content)).digest('hex');

function firstIssue({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not accepted'}`;
}
