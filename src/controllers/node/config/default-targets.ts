// The warm targets of new nodes: a flag that is given, else the add-on value, else the program's own.
import { defaultWarmTargets, type WarmTargets } from '../../../planning/warm-targets.ts';
import type { IpamdDeps } from '../../deps.ts';

export interface DefaultTargets {
  /** In force in any case. */
  readonly targets: WarmTargets;
  /** Why they are not what was asked for. */
  readonly problem?: string;
}

/** As of now: values are read hot. */
export function targetsOfNewNodes({ flags, settings }: Pick<IpamdDeps, 'flags' | 'settings'>): DefaultTargets {
  const values = settings.current();
  return defaultWarmTargets(
    { flag: flags.ipMinWarmTarget, value: values['vpcCni.routeEni.ipMinWarmTarget'] },
    { flag: flags.ipMaxWarmTarget, value: values['vpcCni.routeEni.ipMaxWarmTarget'] },
  );
}

/** What somebody who reads flags and values may wonder about; for the log. */
export function targetDoubts(deps: Pick<IpamdDeps, 'flags' | 'settings'>): readonly string[] {
  const values = deps.settings.current();
  const pairs = [
    ['ip-min-warm-target', deps.flags.ipMinWarmTarget, 'vpcCni.routeEni.ipMinWarmTarget'],
    ['ip-max-warm-target', deps.flags.ipMaxWarmTarget, 'vpcCni.routeEni.ipMaxWarmTarget'],
  ] as const;
  const outvoted = pairs.flatMap(([flag, given, key]) => {
    const value = values[key];
    if (given === undefined || value === undefined || given === value) return [];
    return [`--${flag}=${given} counts, not the add-on value ${key}="${value}"`];
  });
  const { problem } = targetsOfNewNodes(deps);
  return problem === undefined ? outvoted : [...outvoted, problem];
}
