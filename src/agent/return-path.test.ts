// The rule and the table by which callers of the node's address are answered, in a real kernel, and what becomes of other people's changes.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReturnPath } from './return-path.ts';
import { canMakeNamespaces } from './testing/netns-world.ts';
import { nodeTool } from './testing/node-tool.ts';

const hasNft = spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v nft']).status === 0;

describe.skipIf(!canMakeNamespaces() || !hasNft)('the way back of connections to the node', () => {
  const netns = `tk${process.pid}way`;
  const inside = (command: string): string =>
    spawnSync('nsenter', [`--net=/run/netns/${netns}`, 'sh', '-c', command], { encoding: 'utf8' }).stdout;
  beforeAll(() => void spawnSync('ip', ['netns', 'add', netns]));
  afterAll(() => void spawnSync('ip', ['netns', 'delete', netns]));
  const tool = nodeTool(`/run/netns/${netns}`);
  const pathOfNode = () => createReturnPath(tool);
  const rules = (): readonly string[] => inside('ip rule').match(/^1024:.*$/gm) ?? [];

  it('is one rule and one table, made once, also by the next run of the agent', async () => {
    const path = pathOfNode();
    expect(await path.ensure()).toBe(true);
    expect(rules()).toEqual(['1024:\tfrom all fwmark 0x80/0x80 lookup main']);
    const table = inside('nft list ruleset');
    expect(table).toMatch(/^table ip tke-eni-agent \{/);
    expect(await path.ensure()).toBe(false);
    expect(await pathOfNode().ensure()).toBe(true);
    expect(rules()).toHaveLength(1);
    expect(inside('nft list ruleset')).toBe(table);
  });

  it.each([
    ['the rule is gone', 'ip rule del pref 1024'],
    ['the table is gone', 'nft delete table ip tke-eni-agent'],
    ['the table is empty', 'nft flush chain ip tke-eni-agent return-path'],
    ['something was added to it', 'nft add rule ip tke-eni-agent return-path drop'],
  ])('is put back when %s', async (_, change) => {
    const path = pathOfNode();
    await path.ensure();
    const before = [rules(), inside('nft list ruleset')];
    inside(change);
    expect([rules(), inside('nft list ruleset')]).not.toEqual(before);
    expect(await path.ensure()).toBe(true);
    expect([rules(), inside('nft list ruleset')]).toEqual(before);
  });

  it('is put back when every table was removed right behind its load', async () => {
    let loads = 0;
    const path = createReturnPath(async (argv, input) => {
      const outcome = await tool(argv, input);
      if (argv.includes('-f') && (loads += 1) <= 2) inside('nft flush ruleset');
      return outcome;
    });
    await path.ensure();
    expect(inside('nft list ruleset')).toMatch(/^table ip tke-eni-agent \{/);
    expect(await path.ensure()).toBe(false);
  });

  it('leaves rules of others at its preference alone', async () => {
    inside('ip rule add pref 1024 fwmark 0x1/0x1 lookup main');
    await pathOfNode().ensure();
    expect(rules()).toHaveLength(2);
    inside('ip rule del pref 1024 fwmark 0x1/0x1 lookup main');
  });

  it('says which tool the kernel refused', async () => {
    await expect(createReturnPath(nodeTool('/run/netns/nowhere')).ensure()).rejects.toThrow(/^ip -4 -json rule/);
  });
});
