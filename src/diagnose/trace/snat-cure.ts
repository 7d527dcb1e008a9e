// The command that takes an address out of SNAT: the whole configuration of ip-masq-agent with one line more (spec 004).
import { parse } from 'yaml';
import { z } from 'zod';
import { objectNames } from '../../api/keys.ts';
import { patch } from './commands.ts';
import type { Cure } from './trace.ts';
import type { World } from './world.ts';

const KEY = 'NonMasqueradeSrcCIDRs';

/** None when the present configuration cannot be read: it would be lost. */
export function exemptFromSnat(world: World, address: string): readonly Cure[] {
  const { kube } = world.picture;
  const map = kube.configMaps.find(({ metadata }) => metadata.name === objectNames.masqConfig);
  const config = readConfig(map?.data?.['config'] ?? '{}');
  if (config === undefined) return [];
  const key = Object.keys(config).find((name) => name.toLowerCase() === KEY.toLowerCase()) ?? KEY;
  const before = z.array(z.string()).safeParse(config[key]).data ?? [];
  const text = JSON.stringify({ ...config, [key]: [...before, `${address}/32`] });
  return [
    patch(
      'configmap',
      objectNames.masqConfig,
      objectNames.systemNamespace,
      { data: { config: text } },
      `${address} keeps its own address; ip-masq-agent takes it up within its ResyncInterval`,
    ),
  ];
}

function readConfig(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = parse(text);
    return value === null ? {} : z.record(z.string(), z.unknown()).safeParse(value).data;
  } catch {
    return undefined;
  }
}
