// The network configuration that the runtime writes to a plugin's stdin.
import { z } from 'zod';
import { cniCodes, CniError } from './error.ts';
import { type CniCommand } from './call.ts';
import { type CniVersion, cniVersions, isCniVersion } from './version.ts';

/** Keys that are not named here are kept out: they belong to the runtime or to other plugins. */
export const netConfSchema = z.object({
  cniVersion: z.enum(cniVersions),
  name: z.string().min(1),
  type: z.string().min(1),
  mtu: z.int().min(576).max(65_535).optional(),
  prevResult: z.unknown().optional(),
  'cni.dev/valid-attachments': z
    .array(z.object({ containerID: z.string(), ifname: z.string() }))
    .optional()
    .describe('GC only: what is in use; everything else may go.'),
});
export type NetConf = z.infer<typeof netConfSchema>;

/** Throws CniError: 6 when it is not JSON, 1 for a version that is not spoken, 7 for anything else, naming the key. */
export function parseNetConf(text: string): NetConf {
  const json = parseJson(text);
  const version = typeof json === 'object' && json !== null && 'cniVersion' in json ? json.cniVersion : undefined;
  if (!isCniVersion(version))
    throw new CniError(
      cniCodes.incompatibleVersion,
      `cniVersion ${JSON.stringify(version)} is not spoken`,
      `expected one of ${cniVersions.join(', ')}`,
    );
  const result = netConfSchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new CniError(
    cniCodes.invalidConfiguration,
    `network configuration: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not accepted'}`,
  );
}

/** Since which version of the protocol there is a command (CNI specification, its list of versions). */
const SINCE: Readonly<Partial<Record<CniCommand, CniVersion>>> = { CHECK: '0.4.0', STATUS: '1.1.0', GC: '1.1.0' };

/** As `parseNetConf`, for a command that older versions do not have: those throw CniError 1, as the reference plugins do. */
export function parseNetConfFor(command: CniCommand, text: string): NetConf {
  const conf = parseNetConf(text);
  const since = SINCE[command] ?? cniVersions[0];
  if (cniVersions.indexOf(conf.cniVersion) < cniVersions.indexOf(since))
    throw new CniError(
      cniCodes.incompatibleVersion,
      `cniVersion ${conf.cniVersion} has no ${command}`,
      `expected ${since} or newer`,
    );
  return conf;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CniError(cniCodes.undecodable, 'the network configuration is not JSON', '', error);
  }
}
