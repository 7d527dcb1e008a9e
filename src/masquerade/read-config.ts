// Which configuration is in force: the newest that is good, else what was in force before, else the defaults.
import { decodeMasqConfig, defaultMasqConfig, type MasqConfig } from '../planning/masq-config.ts';
import type { ConfigMap } from '../kube/resources.ts';

export interface ReadConfig {
  /** Absent: keep what is in force. */
  readonly config?: MasqConfig;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Key of the ConfigMap (spec 004). */
const KEY = 'config';

/** Without the ConfigMap, or without its key, the defaults hold, as for upstream without its file. */
export function readConfig(map: ConfigMap | undefined): ReadConfig {
  if (map === undefined) return { config: defaultMasqConfig, errors: [], warnings: [] };
  const text = map.data?.[KEY];
  if (text === undefined)
    return {
      config: defaultMasqConfig,
      errors: [],
      warnings: [`ConfigMap ${map.metadata.name} has no key "${KEY}": the defaults are in force`],
    };
  const read = decodeMasqConfig(text);
  return read.kind === 'invalid'
    ? { errors: read.errors, warnings: [] }
    : { config: read.config, errors: [], warnings: read.warnings };
}
