// Which form the agent's state has on disk, so that an agent that was set back to an older release leaves alone what it would misread.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { agentErrors } from './errors.ts';

/**
 * The form that this release writes. A release that only adds what older ones may overlook keeps it; one whose records an older release
 * would take for something else, or could not read, raises it and reads the older form, too.
 */
export const STATE_FORMAT = 1;

const NAME = 'format.json';
const formatSchema = z.object({ format: z.int().min(1) });

/**
 * Before anything of the state is read, and makes its folder, root's alone, where there is none: records that this release cannot read would be set aside, and the rules of running Pods with them. State
 * without a form is of the first. Throws AGENT-STATE-NEWER, with nothing touched.
 */
export async function checkStateFormat(options: {
  readonly directory: string;
  readonly logger: Logger;
}): Promise<void> {
  const { directory, logger } = options;
  // Names of Pods and containers are for root alone.
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, NAME);
  const bytes = await readIfThere(path);
  const told = bytes === undefined ? undefined : formatSchema.safeParse(jsonOf(bytes.toString()));
  if (told?.success === true && told.data.format > STATE_FORMAT)
    throw new TrunklineError(
      agentErrors.stateNewer,
      `${path}: the state has form ${told.data.format}, and this agent knows ${STATE_FORMAT}`,
    );
  if (told?.success === true && told.data.format === STATE_FORMAT) return;
  if (told?.success === false)
    logger.warn({ path }, 'the form of the state cannot be read; it is taken for that of this release');
  try {
    await writeDurably(path, `${JSON.stringify({ format: STATE_FORMAT })}\n`);
  } catch (error) {
    // A full disk must not keep an agent from serving; the next start writes it.
    logger.warn({ path, error: errorText(error) }, 'the form of the state cannot be recorded');
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
