// The port field of a rule: ALL, one port, a range, or a comma list of both.
import type { PortRange } from './rule.ts';

export type PortsResult =
  | { readonly ok: true; readonly ports: 'ALL' | readonly PortRange[] }
  | { readonly ok: false; readonly problem: string };

/** `80`, `8000-8010`, `80,443`, `ALL` in any case; an empty text is `ALL`. Ports are 1 to 65535, the range ascending. */
export function parsePorts(text: string): PortsResult {
  if (text === '' || text.toUpperCase() === 'ALL') return { ok: true, ports: 'ALL' };
  const ports: PortRange[] = [];
  for (const part of text.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim());
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null || from < 1 || to > 65_535 || from > to)
      return {
        ok: false,
        problem: `"${part}" is no port; expected ALL, a port from 1 to 65535, a range such as 8000-8010, or a comma list of them`,
      };
    ports.push({ from, to });
  }
  return { ok: true, ports };
}
