// The node's CNI configuration: the first file by name in /etc/cni/net.d, as container runtimes choose it.
import { z } from 'zod';

import { errorText } from '../../../src/base/errors.ts';
import type { LabHost } from '../../host/types.ts';
import { kubeletError } from './errors.ts';

export const CNI_CONF_DIR = '/etc/cni/net.d';
export const CNI_BIN_DIR = '/opt/cni/bin';

export interface CniNetwork {
  readonly file: string;
  readonly name: string;
  readonly cniVersion: string;
  /** At least one; each as written, unknown keys included. */
  readonly plugins: readonly CniPluginConf[];
}

export type CniPluginConf = Readonly<Record<string, unknown>> & { readonly type: string };

const pluginSchema = z.looseObject({
  type: z.string().regex(/^[^/]+$/, 'expected the name of a program, without "/"'),
});
const listSchema = z.looseObject({
  name: z.string().min(1),
  cniVersion: z.string().default('0.2.0'),
  plugins: z.array(pluginSchema).min(1),
});
const singleSchema = pluginSchema.extend({ name: z.string().min(1), cniVersion: z.string().default('0.2.0') });

/** Reads a file's text. Throws KUBELET-SANDBOX naming the file and the key that is wrong. */
export function parseNetwork(file: string, text: string): CniNetwork {
  try {
    const content: unknown = JSON.parse(text);
    if (file.endsWith('.conflist')) {
      const { name, cniVersion, plugins } = listSchema.parse(content);
      return { file, name, cniVersion, plugins };
    }
    const single = singleSchema.parse(content);
    return { file, name: single.name, cniVersion: single.cniVersion, plugins: [single] };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : errorText(error);
    throw kubeletError('sandbox', `${CNI_CONF_DIR}/${file}: ${why}`, error);
  }
}

export type FoundNetwork =
  | { readonly kind: 'network'; readonly network: CniNetwork }
  | { readonly kind: 'none' | 'malformed'; readonly message: string };

/** The node's network, or why there is none: no file yet, or the first one cannot be read. Throws only when the host does. */
export async function findCniNetwork(
  host: Pick<LabHost, 'exec' | 'readFile'>,
  nodeRoot: string,
): Promise<FoundNetwork> {
  const { stdout } = await host.exec(['ls', '-1', CNI_CONF_DIR], { root: nodeRoot });
  const file = stdout
    .split('\n')
    .filter((name) => /\.(?:conflist|conf|json)$/.test(name))
    .toSorted()[0];
  const text = file === undefined ? undefined : await host.readFile(nodeRoot, `${CNI_CONF_DIR}/${file}`);
  if (file === undefined || text === undefined) return { kind: 'none', message: 'cni plugin not initialized' };
  try {
    return { kind: 'network', network: parseNetwork(file, text) };
  } catch (error) {
    return { kind: 'malformed', message: errorText(error) };
  }
}
