// The text for nftables: changes in steps must leave the kernel with what loading the whole would.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { FabricSnapshot } from '../cloud/read-model.ts';
import { probeHost } from '../host/probe.ts';
import type { TestHost } from '../host/testing/test-host.ts';
import { packetsPossible, startTestHost } from '../host/testing/test-host.ts';
import { compile } from './compile.ts';
import { portName } from './names.ts';
import { renderChange, renderFull } from './render.ts';
import type { Ruleset } from './ruleset.ts';
import { arbitraryEnis, arbitraryGroups } from './testing/plain-reading.ts';
import { eni, group } from './testing/snapshots.ts';

type Groups = Pick<FabricSnapshot, 'enis' | 'securityGroups'>;

function compiled(snapshot: Groups): Ruleset {
  return compile(snapshot, new Map(snapshot.enis.map(({ eniId }) => [eniId, portName(eniId)])));
}

const small: Groups = {
  enis: [eni(1, { securityGroupIds: ['sg-a'] })],
  securityGroups: [group('sg-a', ['ACCEPT TCP 80 sg-a'])],
};

describe('renderFull', () => {
  it('has no set without a name and no two braces closing on one line', () => {
    const text = renderFull(compiled(small));
    expect(text).not.toMatch(/\}[^\n]*\}/);
    expect(text).not.toMatch(/(dport|saddr|daddr) \{/);
  });

  it('holds one verdict per port and direction, and the members of a peer by name', () => {
    const text = renderFull(compiled(small));
    expect(text).toContain('elements = { "p00000001" : jump l_a_in }');
    expect(text).toContain('elements = { "p00000001" : jump l_a_out }');
    expect(text).toContain('ip saddr @m_a tcp dport 80 accept');
    expect(text).toContain('set m_a {\n    type ipv4_addr\n    elements = { 10.0.0.1 }\n  }');
  });
});

describe('renderChange', () => {
  it('is nothing when nothing differs', () => {
    expect(renderChange(compiled(small), compiled(structuredClone(small)))).toBeUndefined();
  });

  it('rewrites only the chain of a changed rule', () => {
    const changed = { ...small, securityGroups: [group('sg-a', ['ACCEPT TCP 81 sg-a'])] };
    expect(renderChange(compiled(small), compiled(changed))).toBe(
      'flush chain ip sg g_a_in\nadd rule ip sg g_a_in ip saddr @m_a tcp dport 81 accept\n',
    );
  });

  it('adds a port of known groups by elements alone', () => {
    const more = { ...small, enis: [...small.enis, eni(2, { securityGroupIds: ['sg-a'] })] };
    expect(renderChange(compiled(small), compiled(more))).toBe(
      [
        'add element ip sg m_a { 10.0.0.2 }',
        'add element ip sg sources { "p00000002" . 10.0.0.2 }',
        'add element ip sg eni_in { "p00000002" : jump l_a_in }',
        'add element ip sg eni_out { "p00000002" : jump l_a_out }',
        '',
      ].join('\n'),
    );
  });
});

const { possible, why } = packetsPossible(probeHost());

describe.skipIf(!possible)(`nftables${why}`, () => {
  let test: TestHost;
  beforeAll(async () => {
    test = await startTestHost();
    await test.host.addNetns('steps');
    await test.host.addNetns('whole');
  });
  afterAll(async () => {
    await test?.stop();
  });

  const load = async (netns: string, text: string): Promise<void> => {
    expect(await test.host.exec(['nft', '-f', '-'], { netns, stdin: text })).toMatchObject({ code: 0, stderr: '' });
  };

  it('holds the same after changes in steps as after loading the whole', async () => {
    const snapshots = fc.sample(
      fc.record({
        enis: fc
          .shuffledSubarray([1, 2, 3])
          .chain((kept) => arbitraryEnis.map((enis) => enis.filter((_, i) => kept.includes(i + 1)))),
        securityGroups: arbitraryGroups,
      }),
      25,
    );
    let before: Ruleset | undefined;
    for (const snapshot of snapshots) {
      const after = compiled(snapshot);
      const step = before === undefined ? renderFull(after) : renderChange(before, after);
      if (step !== undefined) await load('steps', step);
      await load('whole', renderFull(after));
      expect(await table('steps')).toEqual(await table('whole'));
      before = after;
    }
  });

  /** The table as nft lists it, without handles and with unordered things in order. */
  const table = async (netns: string): Promise<Record<string, unknown>> => {
    const { stdout } = await test.host.exec(['nft', '--json', 'list', 'table', 'ip', 'sg'], { netns });
    const listing = z
      .object({ nftables: z.array(z.record(z.string(), z.record(z.string(), z.unknown()))) })
      .parse(JSON.parse(stdout));
    const content: Record<string, unknown[]> = {};
    for (const object of listing.nftables) {
      for (const [kind, { handle: _, ...fields }] of Object.entries(object)) {
        const name = kind === 'rule' ? `rules of ${String(fields['chain'])}` : `${kind} ${String(fields['name'])}`;
        const elem = Array.isArray(fields['elem'])
          ? fields['elem'].map((item) => JSON.stringify(item)).toSorted()
          : undefined;
        content[name] = [...(content[name] ?? []), { ...fields, elem }];
      }
    }
    return content;
  };
});
