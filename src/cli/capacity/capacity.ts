// `trunkline capacity`: reads, counts, prints.
import {
  capacityKinds,
  type CapacityReport,
  capacityOf,
  type AccountEips,
  type Room,
} from '../../diagnose/capacity/capacity.ts';
import type { CliSession } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderTable, type Style } from '../table.ts';
import { joined, notKnownText } from '../text.ts';

/** Exit code 1 when no further Pod of ordinary networking fits anywhere, 3 when that is not known. */
export async function capacity(session: CliSession): Promise<number> {
  const picture = await session.picture();
  const report = capacityOf(picture, await accountEips(session));
  session.print(report, () => render(report, session.style));
  const { room } = report.total.shared;
  return room === undefined ? exitCodes.unknown : room === 0 ? exitCodes.attention : exitCodes.ok;
}

async function accountEips(session: CliSession): Promise<AccountEips | undefined> {
  const access = await session.cloud();
  if (!access.available) return undefined;
  try {
    return (await access.cloud.describeEipQuotas({ signal: session.signal })).total;
  } catch {
    session.signal.throwIfAborted();
    return undefined;
  }
}

const HEADS = capacityKinds.map((kind) => kind.toUpperCase());

function render({ nodes, zones, subnets, total, notKnown }: CapacityReport, style: Style): string {
  const cells = (rooms: Readonly<Record<(typeof capacityKinds)[number], Room>>): readonly string[] =>
    capacityKinds.map((kind) => String(rooms[kind].room ?? '?'));
  return joined([
    `${style.bold('Further Pods that fit')}\n${renderTable(
      ['  NETWORK', 'PODS', 'WHAT IS HIT FIRST'],
      capacityKinds.map((kind) => [`  ${kind}`, String(total[kind].room ?? 'not known'), total[kind].limit]),
    )}`,
    `${style.bold('By zone')}\n${renderTable(
      ['  ZONE', 'NODES', ...HEADS, 'SHARED: WHAT IS HIT FIRST'],
      zones.map((zone) => [
        `  ${zone.zone || 'unknown'}`,
        String(zone.nodes),
        ...cells(zone.rooms),
        zone.rooms.shared.limit,
      ]),
    )}`,
    `${style.bold('By node')}\n${renderTable(
      ['  NODE', 'ZONE', ...HEADS, 'SHARED: WHAT IS HIT FIRST'],
      nodes.map((node) => [`  ${node.node}`, node.zone, ...cells(node.rooms), node.closed ?? node.rooms.shared.limit]),
    )}`,
    subnets.length === 0
      ? ''
      : `${style.bold('Container subnets')}\n${renderTable(
          ['  SUBNET', 'ZONE', 'CIDR', 'FREE'],
          subnets.map(({ subnetId, zone, cidr, free }) => [`  ${subnetId}`, zone, cidr, String(free)]),
        )}`,
    notKnownText(notKnown, style),
  ]);
}
