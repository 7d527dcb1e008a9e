// The add-on values as ipamd takes them: the ConfigMap decoded, placeholders of the manifest refused.
import { type AddonValues, decodeAddonValues } from '../../../api/addon-values.ts';
import { objectNames } from '../../../api/keys.ts';
import { TrunklineError } from '../../../base/errors.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { configMaps } from '../../../kube/resources.ts';
import type { KubeClient } from '../../../kube/types.ts';
import { ipamdErrors } from '../../errors.ts';
import { withModeInForce } from './ip-mode.ts';

/** Stands in the shipped manifest where a person must put a value; some of them would pass for an id. */
const PLACEHOLDER = 'changeme';

export type ValuesDecoded =
  | { readonly ok: true; readonly values: AddonValues }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Each problem is one line: key, value, what is accepted. */
export function decodeValues(data: Readonly<Record<string, string>> | undefined): ValuesDecoded {
  const placeholders = Object.entries(data ?? {})
    .filter(([, value]) => value.includes(PLACEHOLDER))
    .map(([key, value]) => `${key}: "${value}": the manifest's placeholder; expected the cluster's own value`);
  return placeholders.length > 0 ? { ok: false, problems: placeholders } : decodeAddonValues(data);
}

/** The values at start. Throws IPAMD-VALUES-INVALID with one line when the ConfigMap is absent or a value is not accepted. */
export async function readValuesAtStart(client: Pick<KubeClient, 'get'>, signal: AbortSignal): Promise<AddonValues> {
  const { systemNamespace: namespace, addonValues: name } = objectNames;
  const where = `ConfigMap ${namespace}/${name}`;
  try {
    const map = await client.get(configMaps, name, { namespace, signal });
    const decoded = decodeValues(map.data);
    if (decoded.ok) return withModeInForce(decoded.values, map);
    throw new TrunklineError(ipamdErrors.valuesInvalid, `${where}: ${decoded.problems.join('; ')}`);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new TrunklineError(ipamdErrors.valuesInvalid, `${where} does not exist: expected the add-on values in it`, {
      cause: error,
    });
  }
}
