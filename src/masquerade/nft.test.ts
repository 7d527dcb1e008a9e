// What the kernel tells of a configuration is what was loaded, for any configuration: else the agent would put right its own rules for ever.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canMakeNamespaces } from '../agent/testing/netns-world.ts';
import { nodeTool } from '../agent/testing/node-tool.ts';
import { defaultMasqConfig } from '../planning/masq-config.ts';
import { createNft } from './nft.ts';
import {
  isSameRuleset,
  MASQ_TABLE,
  type MasqRuleset,
  REMOVE_TABLE,
  renderChange,
  renderWhole,
  rulesetOf,
} from './ruleset.ts';

const netns = `tk${process.pid}mq`;

const cidr4 = fc.tuple(fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 })).map(([bits, length]) => {
  const network = length === 0 ? 0 : (bits & (~0 << (32 - length))) >>> 0;
  return `${[24, 16, 8, 0].map((shift) => (network >>> shift) & 255).join('.')}/${length}`;
});
/** Only the first two groups vary, in capitals as somebody may write them. */
const cidr6 = fc
  .tuple(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(32, 40, 64, 128))
  .map(([first, second, length]) => `${first.toString(16).toUpperCase()}:${second.toString(16)}::/${length}`);
/** Neighbours of one wider CIDR: what a kernel could join. */
const halves = fc
  .nat(255)
  .map((third) => [`10.0.${third}.0/25`, `10.0.${third}.128/25`, `10.1.${third}.6/32`, `10.1.${third}.7/32`]);
const lists = fc
  .tuple(fc.array(cidr4, { maxLength: 6 }), fc.array(cidr6, { maxLength: 4 }), fc.array(halves, { maxLength: 2 }))
  .map((all) => all.flat(2));
const rulesets: fc.Arbitrary<MasqRuleset> = fc
  .tuple(lists, lists)
  .map(([nonMasqueradeCIDRs, nonMasqueradeSrcCIDRs]) =>
    rulesetOf({ ...defaultMasqConfig, nonMasqueradeCIDRs, nonMasqueradeSrcCIDRs }),
  );

describe.skipIf(!canMakeNamespaces())('the table in a real kernel', () => {
  const nft = createNft(nodeTool(`/run/netns/${netns}`));
  beforeAll(() => void spawnSync('ip', ['netns', 'add', netns]));
  afterAll(() => void spawnSync('ip', ['netns', 'delete', netns]));

  it('is read as it was loaded, whole and changed by element, and has one layout', { timeout: 60_000 }, async () => {
    const layouts = new Set<string>();
    await fc.assert(
      fc.asyncProperty(rulesets, rulesets, async (first, second) => {
        const whole = await nft.loadWhole(renderWhole(first, ['tke*']));
        expect(whole.ruleset && isSameRuleset(whole.ruleset, first)).toBe(true);
        const change = renderChange(first, second);
        if (change !== '') await nft.load(change);
        const changed = await nft.read();
        expect(changed?.ruleset && isSameRuleset(changed.ruleset, second)).toBe(true);
        // The other way round it may be written otherwise and mean the same, as two halves and the whole.
        if (change === '') expect(isSameRuleset(first, second)).toBe(true);
        layouts.add(whole.layout).add(changed?.layout ?? 'none');
      }),
      { numRuns: 40 },
    );
    expect(layouts.size).toBe(1);
  });

  it.each([
    ['another address exempt', `nft add element ${MASQ_TABLE} nonmasq-dst-4 { 10.77.0.0/16 }`],
    ['a range that nobody of us writes', `nft add element ${MASQ_TABLE} nonmasq-dst-4 { 10.77.0.5-10.77.0.9 }`],
    ['nobody exempt', `nft flush set ${MASQ_TABLE} nonmasq-dst-4`],
  ])('is told to be another: %s', async (_, change) => {
    const ruleset = rulesetOf({ ...defaultMasqConfig, nonMasqueradeCIDRs: ['10.0.0.0/16'] });
    await nft.loadWhole(renderWhole(ruleset, ['tke*']));
    spawnSync('nsenter', [`--net=/run/netns/${netns}`, 'sh', '-c', change]);
    const found = await nft.read();
    expect(found?.ruleset !== undefined && isSameRuleset(found.ruleset, ruleset)).toBe(false);
  });

  it('is none of ours when its sets are not there', async () => {
    await nft.load(REMOVE_TABLE);
    expect(await nft.read()).toBeUndefined();
    await nft.load(`table ${MASQ_TABLE} {\n set other { type ipv4_addr; }\n}\n`);
    expect((await nft.read())?.ruleset).toBeUndefined();
  });
});
