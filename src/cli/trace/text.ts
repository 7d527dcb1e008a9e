// A trace as text: the ends, the verdict, each hop with what decided, the cause and the command that mends it.
import type { Cure, Hop, Trace, TraceEnd, TraceVerdict } from '../../diagnose/trace/trace.ts';
import type { Style } from '../table.ts';

const VERDICTS: Readonly<Record<TraceVerdict, string>> = {
  delivered: 'delivered',
  dropped: 'DROPPED (the caller times out)',
  refused: 'REFUSED (the caller is told at once)',
  unknown: 'NOT KNOWN',
};

/** One trace, ending with a newline. */
export function traceText(trace: Trace, style: Style): string {
  const { from, to, target, sourceSeen, cause, unknowns } = trace;
  const lines = [
    style.bold(`${headline(trace)}: ${coloured(trace.verdict, style)}`),
    `  from  ${endText(from)}`,
    `  to    ${endText(to)}${target === undefined || target.address === to.address ? '' : `, at ${target.address}`}`,
    ...(sourceSeen === undefined ? [] : [`  seen  ${to.name} sees it come from ${sourceSeen}`]),
    '',
    ...trace.hops.flatMap((hop) => hopLines(hop, style)),
  ];
  if (cause !== undefined) {
    lines.push('', `${style.bold('Cause')} ${cause.code}: ${cause.text}`);
    const { cures, next = [] } = cause;
    lines.push(...commandLines(style.bold(cures.length === 1 ? 'Mended by' : 'Mended by one of'), cures));
    lines.push(...commandLines(style.bold(cures.length === 0 ? 'To type next' : 'Or'), next));
  }
  if (unknowns.length > 0) lines.push('', style.bold('Not known'), ...unknowns.map((why) => `  ${why}`));
  return `${lines.join('\n')}\n`;
}

function commandLines(title: string, commands: readonly Cure[]): readonly string[] {
  const lines = commands.flatMap(({ command, note }) => [
    ...(note === undefined ? [] : [`  # ${note}`]),
    `  ${command}`,
  ]);
  return lines.length === 0 ? [] : [title, ...lines];
}

/** `Pod default/a -> Service default/web TCP 80`. */
export function headline({ from, to, called, protocol, port }: Trace): string {
  return `${from.name} -> ${called ?? to.name} ${protocol}${port === undefined ? '' : ` ${port}`}`;
}

function coloured(verdict: TraceVerdict, style: Style): string {
  const text = VERDICTS[verdict];
  if (verdict === 'delivered') return style.green(text);
  return verdict === 'unknown' ? style.yellow(text) : style.red(text);
}

function endText({ name, address, node, network, eniId, groups }: TraceEnd): string {
  const eni = [eniId, groups === undefined ? undefined : groups.length === 0 ? 'no groups' : groups.join(', ')];
  const parts = [
    name === address ? undefined : address,
    node === undefined ? undefined : `on ${node}`,
    network,
    eni.filter((part) => part !== undefined).join(' with ') || undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? name : `${name}: ${parts.join(', ')}`;
}

const PLACES: Readonly<Record<Hop['where'], string>> = {
  name: 'name',
  service: 'Service',
  'source-node': 'node, leaving',
  snat: 'SNAT',
  'source-groups': 'groups, outbound',
  vpc: 'VPC',
  edge: 'edge',
  'target-groups': 'groups, inbound',
  'target-node': 'node, arriving',
  target: 'target',
  'way-back': 'way back',
};

function hopLines({ where, verdict, source, text }: Hop, style: Style): readonly string[] {
  const mark = { pass: 'ok', drop: 'DROP', refuse: 'NO', unknown: '?', note: '-' }[verdict].padEnd(4);
  const shown = verdict === 'pass' ? style.green(mark) : verdict === 'note' ? mark : style.red(mark);
  return [`  ${shown} ${PLACES[where].padEnd(17)} ${style.dim(`[${source}]`.padEnd(10))} ${text}`];
}
