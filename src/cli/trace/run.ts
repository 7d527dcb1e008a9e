// What `trunkline trace` does: finds both ends in the picture, traces every pair, prints, and says how it ended.
import { type ClusterPicture, gapOf } from '../../diagnose/picture/picture.ts';
import { traceIn } from '../../diagnose/trace/flow.ts';
import { offeredPorts, type PortWish, type Resolved, resolvePlace, splitTarget } from '../../diagnose/trace/resolve.ts';
import type { FlowQuery, Place, Trace, TraceVerdict } from '../../diagnose/trace/trace.ts';
import { openWorld, type World } from '../../diagnose/trace/world.ts';
import type { CliSession } from '../context.ts';
import { cliError, cliErrors } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { notKnownText } from '../text.ts';
import { probeTraces } from './probe.ts';
import { headline, traceText } from './text.ts';

/** A trace, and what real packets did when they were asked for. */
export interface TraceReport {
  readonly verdict: TraceVerdict;
  readonly traces: readonly (Trace & { readonly probe?: ProbeReport })[];
  /** What of the cluster or the cloud could not be read. */
  readonly notKnown: ClusterPicture['gaps'];
}

export interface ProbeReport {
  readonly outcome: TraceVerdict;
  /** Whether it is what the trace says. */
  readonly agrees: boolean;
  readonly text: string;
}

export interface TraceOptions {
  readonly probe?: boolean;
}

/** More pairs than this say nothing more to a person. */
const MOST_PAIRS = 25;
const GRAVITY: readonly TraceVerdict[] = ['dropped', 'refused', 'unknown', 'delivered'];

/** Throws CLI-USAGE, CLI-NAME-UNKNOWN and CLI-NAME-AMBIGUOUS. */
export async function trace(
  session: CliSession,
  fromText: string,
  toText: string,
  options: TraceOptions,
): Promise<number> {
  const split = splitTarget(toText);
  if (typeof split === 'string') throw cliError(cliErrors.usage, split);
  const namespace = await session.namespace();
  const picture = await session.picture();
  const world = openWorld(picture);
  const from = meant(picture, 'FROM', fromText, resolvePlace(picture, fromText, namespace));
  const to = meant(picture, 'TO', split.place, resolvePlace(picture, split.place, namespace));
  const outside = await resolveOutside(session, to.places);
  for (const note of [from.note, to.note]) if (note !== undefined) session.warn(note);
  const wish = split.wish ?? portFor(session, to.places, split.place);
  const ends = outside === undefined ? to.places : [{ kind: 'address', address: outside.address } as const];
  const pairs = from.places.flatMap((a) => ends.map((b) => [a, b] as const));
  if (pairs.length > MOST_PAIRS) session.warn(`${pairs.length} pairs; the first ${MOST_PAIRS} are traced`);
  const queries = pairs.slice(0, MOST_PAIRS).map(
    ([a, b]): FlowQuery => ({
      from: a,
      to: b,
      ...wish,
      byName: to.byName,
      calledAs: outside?.name,
    }),
  );
  const traces =
    options.probe === true
      ? await probeTraces({ exec: await session.exec(), signal: session.signal }, world, queries)
      : plain(world, queries);
  const sorted = traces.toSorted((a, b) => GRAVITY.indexOf(a.verdict) - GRAVITY.indexOf(b.verdict));
  const report: TraceReport = { verdict: sorted[0]?.verdict ?? 'unknown', traces: sorted, notKnown: picture.gaps };
  session.print(report, () => reportText(session, report));
  return codeOf(report);
}

const plain = (world: World, queries: readonly FlowQuery[]): readonly Trace[] =>
  queries.map((query) => traceIn(world, query));

type Places = Extract<Resolved, { kind: 'places' }>;

function meant(picture: ClusterPicture, side: string, text: string, found: Resolved): Places {
  switch (found.kind) {
    case 'places':
      return found;
    case 'ambiguous':
      if (found.candidates.length === 1)
        throw cliError(cliErrors.nameUnknown, `${side}: ${found.text}; near is ${found.candidates[0] ?? ''}`);
      throw cliError(
        cliErrors.nameAmbiguous,
        `${side}: ${found.text}; meant is one of\n${found.candidates.map((name) => `  ${name}`).join('\n')}`,
      );
    case 'unknown': {
      const gap = gapOf(picture, 'pods') ?? gapOf(picture, 'nodes') ?? gapOf(picture, 'services');
      throw cliError(cliErrors.nameUnknown, `${side} "${text}": ${found.text}${gap === undefined ? '' : ` (${gap})`}`);
    }
  }
}

/** A name outside the cluster gets the address that this machine finds for it; another place may find another one. */
async function resolveOutside(
  session: CliSession,
  [place, more]: readonly Place[],
): Promise<{ readonly name: string; readonly address: string } | undefined> {
  if (place?.kind !== 'name' || more !== undefined || session.world.lookup === undefined) return undefined;
  const { name } = place;
  try {
    const [address] = await session.world.lookup(name);
    if (address === undefined) return undefined;
    session.warn(`${name} is ${address}, as it is resolved here`);
    return { name, address };
  } catch {
    // That it is not known from here is what the trace then says.
    return undefined;
  }
}

/** Without a port: the only one that the destination offers. */
function portFor(session: CliSession, places: readonly Place[], text: string): PortWish {
  const [first] = places;
  const offered = first === undefined ? [] : offeredPorts(first);
  const [only, other] = offered;
  const forms = 'TO:PORT, TO:PORT/udp or TO:icmp';
  if (only !== undefined && other === undefined) {
    session.warn(`no port is given: ${only.port}/${only.protocol.toLowerCase()}, the only one of ${text}`);
    return only;
  }
  if (only === undefined) throw cliError(cliErrors.usage, `TO "${text}": which port? Expected ${forms}`);
  const list = offered.map(({ port, protocol }) => `${text}:${port ?? ''}/${protocol.toLowerCase()}`).join(', ');
  throw cliError(cliErrors.usage, `TO "${text}" has several ports: expected one of ${list}`);
}

function reportText(session: CliSession, { traces, notKnown }: TraceReport): string {
  const { style } = session;
  const [worst] = traces;
  if (worst === undefined) return 'nothing was traced\n';
  const list =
    traces.length === 1
      ? ''
      : `${traces.map((each) => `${each.verdict.padEnd(10)} ${headline(each)}\n`).join('')}\n${style.bold('The first of them:')}\n\n`;
  const probe =
    worst.probe === undefined
      ? ''
      : `\n${style.bold('Probe')} ${worst.probe.agrees ? 'agrees' : style.red('DISAGREES')}: ${worst.probe.text}\n`;
  const gaps = notKnownText(notKnown, style);
  return `${list}${traceText(worst, style)}${probe}${gaps === '' ? '' : `\n${gaps}`}`;
}

function codeOf({ verdict, traces }: TraceReport): number {
  if (traces.some(({ probe }) => probe?.agrees === false)) return exitCodes.attention;
  if (verdict === 'delivered') return exitCodes.ok;
  return verdict === 'unknown' ? exitCodes.unknown : exitCodes.attention;
}
