// docs/data-plane.md against the planner: its table of rules, routes and switches is what the agent writes, and its drawings name them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planWire, routesOf, rulesOf } from './plan-wire.ts';
import { localPreferences } from './plan-local-rule.ts';
import { sharedWiringOf, wiringOf } from './testing/wirings.ts';
import {
  FIRST_ENI_TABLE,
  FIRST_SUB_ENI_TABLE,
  HOST_MAC,
  isStrict,
  POD_GATEWAY,
  preferences,
  tableOf,
  type Wiring,
} from './wiring.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/data-plane.md'), 'utf8');
const MODES = ['shared ENI', 'sub-ENI, standard', 'sub-ENI, strict'] as const;
const wirings: readonly Wiring[] = [sharedWiringOf(), wiringOf(), wiringOf({ mode: 'strict' })];

/** By row name: the cells below the three modes. */
const table: ReadonlyMap<string, readonly string[]> = new Map(
  PAGE.split('\n')
    .filter((line) => line.startsWith('| ') && line.split('|').length === MODES.length + 3)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .map(([name = '', ...cells]) => [name, cells]),
);

/** In the page's words. */
const inWords = ({ podIp, hostVeth, gateway, link, kind }: Wiring, text: string): string =>
  text
    .replaceAll(podIp, 'POD')
    .replaceAll(hostVeth, 'VETH')
    .replaceAll(gateway, 'GW')
    .replaceAll(link, kind === 'shared' ? 'ENI' : 'LINK');
const cell = (wiring: Wiring, lines: readonly string[]): string =>
  lines.length === 0 ? '-' : lines.map((line) => `\`${inWords(wiring, line)}\``).join('; ');
const routes = (wiring: Wiring, inTable: boolean): readonly string[] =>
  routesOf(wiring)
    .filter((line) => line.includes(' table ') === inTable)
    .map((line) =>
      line
        .replace(/^route replace /, '')
        .replace(/ scope link/, '')
        .replace(/ table \d+$/, ''),
    );
const rules = (wiring: Wiring, preference: number): readonly string[] =>
  rulesOf(wiring).flatMap((rule) => {
    const [, at, text = ''] = /^pref (\d+) (.*)$/.exec(rule) ?? [];
    return Number(at) === preference ? [text.replace(` lookup ${tableOf(wiring)}`, '')] : [];
  });
const rpFilter = (wiring: Wiring, device: string): string => {
  const { filtered, unfiltered } = planWire(wiring);
  return filtered.includes(device) ? '1' : unfiltered.includes(device) ? '0' : 'as found';
};

const rows: readonly (readonly [string, (wiring: Wiring) => string])[] = [
  ['route in main', (wiring) => cell(wiring, routes(wiring, false))],
  [
    'table',
    (wiring) =>
      wiring.kind === 'shared'
        ? `${tableOf(wiring) - wiring.index}+index of the ENI`
        : `${tableOf(wiring) - wiring.vlanId}+VLAN id`,
  ],
  ['routes in it', (wiring) => cell(wiring, routes(wiring, true))],
  ...[preferences.fromLink, preferences.notOwn, preferences.toPod, preferences.fromPod].map(
    (preference) => [`preference ${preference}`, (wiring: Wiring) => cell(wiring, rules(wiring, preference))] as const,
  ),
  ['the rule of `local`', (wiring) => `at ${isStrict(wiring) ? localPreferences.strict : localPreferences.kernel}`],
  ['rp_filter of VETH', (wiring) => rpFilter(wiring, wiring.hostVeth)],
  ['rp_filter of the ENI or link, `all`, `default`', (wiring) => rpFilter(wiring, wiring.link)],
  ['IPv6 of VETH', (wiring) => (planWire(wiring).closedToIpv6.includes(wiring.hostVeth) ? 'off' : 'as found')],
];

describe('docs/data-plane.md', () => {
  it('names the three modes above its columns', () => {
    expect(table.get('')).toEqual(MODES);
  });

  it.each(rows)('tells of "%s" what the agent writes', (name, told) => {
    // What stands in brackets or behind a comma says why, to people.
    const cells = table.get(name)?.map((text) => text.replace(/ \(.*\)$|, as long as .*$/, ''));
    expect(cells).toEqual(wirings.map(told));
  });

  it('draws a way through each table and each rule of its mode', () => {
    const drawings = [...PAGE.matchAll(/^## (Shared ENI|Sub-ENI).*\n\n```\n([^]*?)```/gm)].map(
      ([, , drawing = '']) => drawing,
    );
    expect(drawings).toHaveLength(wirings.length);
    for (const [at, wiring] of wirings.entries()) {
      expect(drawings[at]).toContain(`table ${wiring.kind === 'shared' ? FIRST_ENI_TABLE : FIRST_SUB_ENI_TABLE}+`);
      const drawn = [...(drawings[at] ?? '').matchAll(/^ .*\| +(\d+) +(?:to|from|iif) /gm)].map(([, number]) =>
        Number(number),
      );
      const planned = rulesOf(wiring).map((rule) => Number(/^pref (\d+)/.exec(rule)?.[1]));
      expect([at, drawn]).toEqual([at, planned]);
    }
  });

  it('draws the inside of a Pod with every line that the agent writes there', () => {
    const [, drawing = ''] = /^## The Pod.*\n\n```\n([^]*?)```/m.exec(PAGE) ?? [];
    for (const word of [POD_GATEWAY, HOST_MAC]) expect(drawing).toContain(word);
    expect(planWire(wiringOf()).pod.filter((line) => /^(address|neighbour|route)/.test(line))).toHaveLength(4);
    expect(drawing.trim().split('\n')).toHaveLength(4);
  });
});
