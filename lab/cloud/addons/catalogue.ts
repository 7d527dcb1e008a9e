// The add-ons that the tke service offers, with the newest version and the values each starts from (facts tke.md, section 5.2).
import type { AddonValues } from './addon-state.ts';

export interface CatalogueEntry {
  readonly version: string;
  readonly defaults: AddonValues;
}

/** GUESS: the default of podSecurityGroupEnforcingMode as text, and that the values not in the fact sheet's table are absent. */
const ENIIPAMD_DEFAULTS: AddonValues = {
  agent: { config: { disableTcpEarlyDemux: false, disableUdpEarlyDemux: false } },
  vpcCni: {
    directEni: { eniMaxWarmTarget: 1, eniMinWarmTarget: 1 },
    routeEni: {
      enableIpWarmTargetAutoSync: false,
      enableQuickRelease: false,
      ipMaxWarmTarget: 5,
      ipMinWarmTarget: 5,
    },
    securityGroups: { enableSecurityGroups: false, securityGroups: [] },
    trunkingEni: { enableSubEni: false, podSecurityGroupEnforcingMode: 'standard' },
  },
};

/** Every add-on by its name in the API. GUESS: the version of securitygrouppolicy. */
export const ADDON_CATALOGUE: Readonly<Record<string, CatalogueEntry>> = {
  eniipamd: { version: '3.11.0', defaults: ENIIPAMD_DEFAULTS },
  securitygrouppolicy: { version: '1.0.0', defaults: {} },
};

/** The add-on that a VPC-CNI cluster has from the start. */
export const IPAMD_ADDON = 'eniipamd';

/** Undefined for a name that is not offered. */
export const catalogueEntry = (name: string): CatalogueEntry | undefined =>
  Object.hasOwn(ADDON_CATALOGUE, name) ? ADDON_CATALOGUE[name] : undefined;
