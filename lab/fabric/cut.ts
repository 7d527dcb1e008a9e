// Instances that are cut off: every packet from and to their ports is dropped, whatever security groups say.
import type { FabricEni } from '../cloud/read-model.ts';
import { portName } from './names.ts';

const TABLE = 'inet cut';

/** Ports of the ENIs that belong to one of the instances, sorted. Pure. */
export function cutPorts(enis: readonly FabricEni[], instances: ReadonlySet<string>): readonly string[] {
  return enis
    .filter(({ instanceId }) => instanceId !== null && instances.has(instanceId))
    .map(({ eniId }) => portName(eniId))
    .toSorted();
}

/** For `nft -f -`: replaces what was cut off before, flows that are established included. Pure. */
export function renderCut(ports: readonly string[]): string {
  // The first line makes the second valid when there is no table yet.
  const clear = [`table ${TABLE}`, `delete table ${TABLE}`];
  if (ports.length === 0) return `${clear.join('\n')}\n`;
  const elements = ports.map((port) => `"${port}"`).join(', ');
  return `${clear.join('\n')}
table ${TABLE} {
  set ports {
    type ifname
    elements = { ${elements} }
  }
  chain from {
    type filter hook prerouting priority raw - 10; policy accept;
    iifname @ports drop
  }
  chain to {
    type filter hook postrouting priority raw; policy accept;
    oifname @ports drop
  }
}
`;
}
