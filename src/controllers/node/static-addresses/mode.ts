// Whether each ordinary Pod of this cluster has an address of its own, by a claim.
import type { IpamdDeps } from '../../deps.ts';

/** The mode in force (ADR 0014). */
export const isStaticMode = ({ settings }: Pick<IpamdDeps, 'settings'>): boolean =>
  settings.current()['vpcCni.ipMode'] === 'static';
