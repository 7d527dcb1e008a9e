// Random clusters in a real kernel: every flow goes as the product says that it goes, and faulty readings of the rules are caught by the same flows.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeHost } from '../../lab/host/probe.ts';
import { packetsPossible, startTestHost, type TestHost } from '../../lab/host/testing/test-host.ts';
import { traceIn } from '../../src/diagnose/trace/flow.ts';
import type { Trace } from '../../src/diagnose/trace/trace.ts';
import { openWorld } from '../../src/diagnose/trace/world.ts';
import { parseSecurityGroup } from '../../src/securitygroup/parse.ts';
import { PORTS, roundsOf } from './arbitrary-world.ts';
import { type Feature, featureFinder, features } from './features.ts';
import { type Guests, startGuests } from './guests.ts';
import { createKernelWorld, type KernelWorld } from './kernel.ts';
import { createReadings } from './mutant-reading.ts';
import { mutants } from './mutants.ts';
import { read, type Reading, type ReadWorld, traceOf } from './reading.ts';
import { places } from './topology.ts';
import { destinationOf, kernelState, type TruthFlow, type TruthWorld } from './world.ts';

const { possible, why } = packetsPossible(probeHost());
const FLOWS = 2_000;
const PER_FEATURE = 50;
/** How long a flow that should pass may take on a busy machine. */
const PATIENCE_MS = 20_000;
const seed = Number(process.env['TRUTH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const product: Reading = { parseSecurityGroup, openWorld, traceIn };

/** A flow that was sent, and what became of it. */
interface Recorded {
  readonly known: ReadWorld;
  readonly flow: TruthFlow;
  readonly trace: Trace;
  /** Undefined: nothing came back. */
  readonly seen: string | undefined;
}

describe.skipIf(!possible)(`packets in random clusters (TRUTH_SEED=${seed})${why}`, { timeout: 300_000 }, () => {
  let test: TestHost;
  let kernel: KernelWorld;
  let guests: Guests;
  let nextId = 0;
  const recorded: Recorded[] = [];
  const worlds = roundsOf(seed);

  const tryAll = async (world: TruthWorld, flows: readonly TruthFlow[]): Promise<Recorded[]> => {
    const known = read(product, world);
    await kernel.apply(kernelState(world));
    const sent = flows.flatMap((flow) => {
      const trace = traceOf(known, flow);
      const to = destinationOf(world, flow);
      nextId += 1;
      return trace === undefined || to === undefined ? [] : [{ id: nextId, flow, trace, to }];
    });
    const answers = await guests.try(
      sent.map(({ id, flow, to }) => ({ ...flow, id, to, sourcePort: 10_000 + id })),
      new Set(sent.filter(({ trace }) => trace.verdict === 'delivered').map(({ id }) => id)),
      PATIENCE_MS,
    );
    return sent.map(({ id, flow, trace }) => ({ known, flow, trace, seen: answers.get(id) }));
  };

  beforeAll(async () => {
    test = await startTestHost();
    const [first] = worlds;
    if (first === undefined) throw new Error('no worlds');
    kernel = await createKernelWorld(test.host, kernelState(first[0]));
    guests = await startGuests(
      test.host,
      test.stateDir,
      places.map(({ name }) => name),
    );
    await Promise.all(places.map(({ name, address }) => guests.listen(name, address, PORTS)));
  }, 120_000);
  afterAll(async () => {
    guests?.close();
    await kernel?.close();
    await test?.stop();
  });

  it('go as the product says, each of them', async () => {
    for (const [world, flows] of worlds) {
      const results = await tryAll(world, flows);
      recorded.push(...results);
      const wrong = results.filter(({ trace, seen, flow }) => !agrees(trace, seen, flow));
      expect(wrong.map(tell)).toEqual([]);
    }
    expect(recorded.length).toBeGreaterThanOrEqual(FLOWS);
  });

  it('are decided by every feature, and neither mostly passed nor mostly dropped', () => {
    const counts = new Map<Feature, number>(features.map((feature) => [feature, 0]));
    for (const [known, flows] of Map.groupBy(recorded, (each) => each.known)) {
      const find = featureFinder(known);
      for (const { flow, trace } of flows)
        for (const feature of find(flow, trace)) counts.set(feature, (counts.get(feature) ?? 0) + 1);
    }
    const dropped = recorded.filter(({ seen }) => seen === undefined).length / recorded.length;
    console.log(
      `${recorded.length} flows, ${Math.round(dropped * 100)} % dropped; decided by ${JSON.stringify(Object.fromEntries(counts))}`,
    );
    expect([...counts].filter(([, count]) => count < PER_FEATURE)).toEqual([]);
    expect(dropped).toBeGreaterThan(0.3);
    expect(dropped).toBeLessThan(0.7);
  });

  it('catch every faulty reading of the rules', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(20);
    const readings = createReadings();
    const caught = (reading: Reading): boolean =>
      [...Map.groupBy(recorded, (each) => each.known)].some(([{ world }, flows]) => {
        const known = read(reading, world);
        return flows.some(({ flow, seen }) => {
          const trace = traceOf(known, flow);
          return trace === undefined || !agrees(trace, seen, flow);
        });
      });
    expect(caught(readings.build())).toBe(false);
    expect(mutants.filter((mutant) => !caught(readings.build(mutant))).map(({ belief }) => belief)).toEqual([]);
  });
});

const agrees = ({ verdict, sourceSeen }: Trace, seen: string | undefined, { protocol }: TruthFlow): boolean =>
  verdict === 'delivered'
    ? // A ping does not tell whom the other side saw.
      seen === (protocol === 'ICMP' ? '' : sourceSeen)
    : verdict === 'dropped' && seen === undefined;

/** All that somebody needs who looks into a disagreement. */
function tell({ known: { world }, flow, trace, seen }: Recorded): unknown {
  const { bindings, strict, earlyDemux, masq, eips, waysOut } = world;
  return {
    flow,
    kernel: seen === undefined ? 'dropped' : `delivered, seen as ${seen}`,
    product: `${trace.verdict}, seen as ${trace.sourceSeen}`,
    hops: trace.hops.map(({ text }) => text),
    world: { bindings, strict, earlyDemux, masq, eips, waysOut },
  };
}
