// What the product says of the flows of a world, asked as `trace` asks it; faulty readings say it in the same form. Pure.
import type { CloudGroup, ClusterPicture } from '../../src/diagnose/picture/picture.ts';
import type { FlowQuery, Trace } from '../../src/diagnose/trace/trace.ts';
import type { World } from '../../src/diagnose/trace/world.ts';
import type { parseSecurityGroup } from '../../src/securitygroup/parse.ts';
import { pictureOf, tracePlace } from './picture.ts';
import {
  apiPolicySet,
  apiTemplates,
  destinationOf,
  placeOf,
  type TruthFlow,
  type TruthWorld,
  type WrittenGroup,
} from './world.ts';

/** The functions of `src` that decide. */
export interface Reading {
  readonly parseSecurityGroup: typeof parseSecurityGroup;
  readonly openWorld: (picture: ClusterPicture) => World;
  readonly traceIn: (world: World, query: FlowQuery) => Trace;
}

export interface ReadWorld {
  readonly reading: Reading;
  readonly world: TruthWorld;
  readonly opened: World;
  readonly groups: ReadonlyMap<WrittenGroup, CloudGroup>;
}

/** `before`: a reading of nearly the same world, whose groups need not be read again. */
export function read(reading: Reading, world: TruthWorld, before?: ReadWorld): ReadWorld {
  const templates = apiTemplates(world);
  const known = before?.world.templates === world.templates ? before.groups : undefined;
  const groups = new Map(
    world.groups.map((group): [WrittenGroup, CloudGroup] => [
      group,
      known?.get(group) ?? {
        groupId: group.groupId,
        name: group.groupId,
        rules: reading.parseSecurityGroup(group.groupId, apiPolicySet(group), templates),
      },
    ]),
  );
  const byId = new Map([...groups.values()].map((group) => [group.groupId, group]));
  return { reading, world, groups, opened: reading.openWorld(pictureOf(world, byId)) };
}

/** Undefined: the flow cannot be sent, as its target has no address for the sender. */
export function traceOf(
  { reading, world, opened }: ReadWorld,
  { from, to, protocol, port }: TruthFlow,
): Trace | undefined {
  const address = destinationOf(world, { from, to });
  if (address === undefined) return undefined;
  const target = placeOf(from).kind === 'internet' ? ({ kind: 'address', address } as const) : tracePlace(to);
  return reading.traceIn(opened, {
    from: tracePlace(from),
    to: target,
    protocol,
    ...(protocol === 'ICMP' ? {} : { port }),
  });
}
