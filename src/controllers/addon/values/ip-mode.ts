// The IP mode in force: chosen at install, recorded on the ConfigMap of the values, and not changed while addresses of the old one are in use.
import type { AddonValues, IpMode } from '../../../api/addon-values.ts';
import { ipModes } from '../../../api/addon-values.ts';
import { annotations, objectNames } from '../../../api/keys.ts';
import { vpcIpClaims } from '../../../api/vpc-ip-claim.ts';
import { vpcIps } from '../../../api/vpc-ip.ts';
import { configMaps } from '../../../kube/resources.ts';
import type { ConfigMap } from '../../../kube/resources.ts';
import type { IpamdDeps } from '../../deps.ts';

export type IpModeDeps = Pick<IpamdDeps, 'client'> & {
  readonly informers: Pick<IpamdDeps['informers'], 'vpcEnis'>;
};

/** What is recorded; nothing on a new install, or when the record cannot be read. */
export function recordedMode(map: ConfigMap): IpMode | undefined {
  const recorded = map.metadata.annotations?.[annotations.ipModeInForce];
  return ipModes.find((mode) => mode === recorded);
}

/** The values with the mode that is in force, whatever they say. */
export const withModeInForce = (values: AddonValues, map: ConfigMap): AddonValues => ({
  ...values,
  'vpcCni.ipMode': recordedMode(map) ?? values['vpcCni.ipMode'],
});

export type ModeChange =
  | { readonly kind: 'settled' }
  | { readonly kind: 'record'; readonly mode: IpMode }
  /** The old one stays in force. */
  | { readonly kind: 'refused'; readonly message: string };

/** What to do about the mode that the values ask for. `inForce`: what this process works by. */
export async function planModeChange(
  deps: IpModeDeps,
  map: ConfigMap,
  { wanted, inForce }: { readonly wanted: IpMode; readonly inForce: IpMode },
  signal: AbortSignal,
): Promise<ModeChange> {
  if (wanted === inForce) return recordedMode(map) === wanted ? { kind: 'settled' } : { kind: 'record', mode: wanted };
  const inUse = await usersOf(deps, inForce, signal);
  if (inUse === undefined) return { kind: 'record', mode: wanted };
  const message = `vpcCni.ipMode: "${wanted}" is not taken over while ${inUse}; "${inForce}" stays in force. The mode is chosen at install: set it back, or delete the Pods first`;
  return { kind: 'refused', message };
}

/** Who lives by a mode, in words; undefined: nobody. */
async function usersOf(deps: IpModeDeps, mode: IpMode, signal: AbortSignal): Promise<string | undefined> {
  if (mode === 'static') {
    // Claims of other kinds are of both modes.
    const items = (await deps.client.list(vpcIpClaims, { signal })).items.filter(
      ({ spec }) => (spec.kind ?? 'Shared') === 'Shared',
    );
    if (items.length > 0) return `${items.length} VpcIPClaims exist`;
    const bound = (await deps.client.list(vpcIps, { signal })).items.filter(
      ({ status }) => status?.eniID !== undefined,
    );
    return bound.length === 0 ? undefined : `${bound.length} VpcIPs are on ENIs`;
  }
  const used = deps.informers.vpcEnis.list().reduce((sum, eni) => sum + (eni.status?.use?.inUse.length ?? 0), 0);
  return used === 0 ? undefined : `${used} shared addresses are in use`;
}

/** Written where the values are, so that it is kept with them. */
export async function recordMode({ client }: IpModeDeps, mode: IpMode): Promise<void> {
  const { systemNamespace: namespace, addonValues: name } = objectNames;
  const body = { metadata: { annotations: { [annotations.ipModeInForce]: mode } } };
  await client.patch(configMaps, name, { type: 'merge', body }, { namespace });
}
