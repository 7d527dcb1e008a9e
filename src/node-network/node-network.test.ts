// A rule and a table that a program keeps, in a real kernel, with somebody else who changes them at any moment.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canMakeNamespaces } from '../agent/testing/netns-world.ts';
import type { CatalogueEntry } from '../base/errors.ts';
import { createNftTable, isSame } from './nft-table.ts';
import { createPolicyRule } from './policy-rule.ts';
import { createTool, type Tool } from './run-tool.ts';

const refused: CatalogueEntry = {
  code: 'TEST-REFUSED',
  title: 'refused',
  cause: 'a tool failed',
  cure: 'none',
  retry: 'retry',
  eventReason: 'Refused',
};
const netns = `tk${process.pid}nn`;

describe.skipIf(!canMakeNamespaces())('what a program keeps on its node', () => {
  const tool = createTool({ refused, lead: ['nsenter', `--net=/run/netns/${netns}`] });
  const inside = (command: string): string => {
    const { status, stdout, stderr } = spawnSync('nsenter', [`--net=/run/netns/${netns}`, 'sh', '-c', command], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${command}: ${stderr}`);
    return stdout;
  };
  beforeAll(() => void spawnSync('ip', ['netns', 'add', netns]));
  afterAll(() => void spawnSync('ip', ['netns', 'delete', netns]));

  describe('a policy rule', () => {
    const rule = createPolicyRule({ priority: 900, mark: '0x20', table: 'main' }, { tool, refused });
    const rules = (): readonly string[] => inside('ip rule').match(/^900:.*$/gm) ?? [];
    const OURS = '900:\tfrom all fwmark 0x20/0x20 lookup main';

    it('is there once, however often it was there, and goes alone', async () => {
      expect(await rule.ensure()).toBe(true);
      expect(await rule.ensure()).toBe(false);
      inside(
        'ip rule add pref 900 fwmark 0x20/0x20 lookup main 2> /dev/null || ip rule add pref 900 fwmark 0x20 lookup main',
      );
      await rule.ensure();
      expect(rules().filter((line) => line === OURS)).toHaveLength(1);
      inside('ip rule add pref 900 fwmark 0x20/0xff lookup main');
      await rule.remove();
      expect(rules()).not.toContain(OURS);
      expect(rules()).toContain('900:\tfrom all fwmark 0x20/0xff lookup main');
    });

    it('says what could not be done, in the words of the tool', async () => {
      const nowhere = createTool({ refused, lead: ['nsenter', '--net=/run/netns/nowhere'] });
      const other = createPolicyRule({ priority: 900, mark: '0x20', table: 'main' }, { tool: nowhere, refused });
      await expect(other.ensure()).rejects.toThrow(/^ip -4 -json rule show pref 900: nsenter: .*nowhere/);
      const absent = createTool({ refused, lead: ['no-such-program'] });
      await expect(absent(['ip'])).rejects.toMatchObject({
        code: 'TEST-REFUSED',
        message: expect.stringContaining('no-such-program cannot be started'),
      });
    });
  });

  describe('a table', () => {
    const TEXT = `table inet t { }
delete table inet t
table inet t {
  set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/25, 10.0.0.128/25 }; }
  chain c {
    type filter hook input priority 0; policy accept;
    ip saddr @s accept
  }
}
`;
    /** Runs `command` behind the n-th load of a table, before anybody can have read it. */
    const withSomebody = (command: (load: number) => string | undefined): Tool => {
      let loads = 0;
      return async (argv, input) => {
        const outcome = await tool(argv, input);
        const change = argv.includes('-f') ? command((loads += 1)) : undefined;
        if (change !== undefined) inside(change);
        return outcome;
      };
    };
    const plain = createNftTable('inet t', { tool, refused });

    it('is told without what differs between two loads of the same text', async () => {
      const first = await plain.loadWhole(TEXT);
      const second = await plain.loadWhole(TEXT);
      expect(isSame(first, second)).toBe(true);
      expect(first.elements.get('s')).toEqual([
        { prefix: { addr: '10.0.0.0', len: 25 } },
        { prefix: { addr: '10.0.0.128', len: 25 } },
      ]);
      expect(JSON.parse(first.layout)).toHaveLength(4);
    });

    it.each([
      ['a rule more', 'nft add rule inet t c drop'],
      ['a rule less', 'nft flush chain inet t c'],
      ['another chain', 'nft add chain inet t d'],
      ['another policy', "nft chain inet t c '{ policy drop; }'"],
      ['the table gone', 'nft delete table inet t'],
      ['every table gone', 'nft flush ruleset'],
    ])('is told to be another: %s', async (_, change) => {
      const left = await plain.loadWhole(TEXT);
      inside(change);
      const found = await plain.read();
      expect(found?.layout === left.layout).toBe(false);
    });

    it('tells its elements apart from its layout', async () => {
      const left = await plain.loadWhole(TEXT);
      inside('nft add element inet t s { 10.9.0.0/16 }');
      const found = await plain.read();
      expect(found?.layout).toBe(left.layout);
      expect(found && isSame(found, left)).toBe(false);
    });

    it.each([
      ['nft add rule inet t c drop'],
      ['nft flush chain inet t c'],
      ['nft add element inet t s { 10.9.0.0/16 }'],
      ['nft flush ruleset'],
    ])('does not take for its own what somebody else did between the load and the reading: %s', async (change) => {
      const ours = await plain.loadWhole(TEXT);
      for (const moment of [1, 2]) {
        const other = withSomebody((load) => (load === moment ? change : undefined));
        expect(isSame(await createNftTable('inet t', { tool: other, refused }).loadWhole(TEXT), ours)).toBe(true);
        const found = await plain.read();
        expect(found && isSame(found, ours)).toBe(true);
      }
    });

    it('says that somebody else changes it all the time, instead of taking it for its own', async () => {
      const other = withSomebody((load) => `nft add element inet t s { 10.9.${load}.0/24 }`);
      await expect(createNftTable('inet t', { tool: other, refused }).loadWhole(TEXT)).rejects.toThrow(
        'table inet t was changed by somebody else each time it was loaded',
      );
    });

    it('throws the words of nft, and what was there stays', async () => {
      const left = await plain.loadWhole(TEXT);
      await expect(plain.load('table inet t { nonsense }')).rejects.toThrow(/^nft -f -: .*syntax error/s);
      const found = await plain.read();
      expect(found && isSame(found, left)).toBe(true);
    });
  });
});
