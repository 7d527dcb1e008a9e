// EIPs that nobody holds: what is listed, what may be released, and what never is.
import { describe, expect, it } from 'vitest';
import type { EipClaim } from '../../api/eip-claim.ts';
import { tags } from '../../api/keys.ts';
import type { Eip } from '../../cloud/eip-calls.ts';
import type { CloudAccess } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { eipOrphans, type OrphanOptions, type OrphanSession } from './orphans.ts';

const UID = 'uid-of-kube-system';
const eip = (eipId: string, change: Partial<Eip> = {}): Eip => ({
  eipId,
  name: eipId,
  ip: `203.0.113.${eipId.length}`,
  status: 'UNBIND',
  isp: 'BGP',
  blocked: false,
  tags: [
    { key: tags.cluster, value: UID },
    { key: tags.owner, value: 'EIPClaim/shop/web-0' },
  ],
  createdAt: '2026-01-01T00:00:00Z',
  ...change,
});
const holding = (eipID: string): EipClaim =>
  ({ metadata: { name: 'db-0', namespace: 'shop' }, spec: {}, status: { eipID } }) as unknown as EipClaim;

interface Told {
  readonly code: number;
  readonly text: string;
  readonly released: readonly string[];
}

/** `claims` is asked anew for each reading. */
async function run(
  options: Partial<OrphanOptions>,
  eips: readonly Eip[],
  claims: () => readonly EipClaim[] = () => [],
  change: Partial<OrphanSession> = {},
): Promise<Told> {
  const released: string[] = [];
  let printed = '';
  const cloud = {
    describeEips: ({ eipIds }: { eipIds?: readonly string[] }) =>
      Promise.resolve(eips.filter(({ eipId }) => eipIds?.includes(eipId) ?? true)),
    releaseEip: (eipId: string) => {
      released.push(eipId);
      return Promise.resolve();
    },
  };
  const session = {
    kube: () =>
      Promise.resolve({
        get: () => Promise.resolve({ metadata: { name: 'kube-system', uid: UID } }),
        list: () => Promise.resolve({ items: claims() }),
      }),
    cloud: () => Promise.resolve({ available: true, cloud, region: 'r', from: 'test' } as unknown as CloudAccess),
    print: (_data: unknown, text: () => string) => (printed += text()),
    progress: () => undefined,
    warn: (line: string) => (printed += line),
    signal: new AbortController().signal,
    ...change,
  } as unknown as OrphanSession;
  const code = await eipOrphans(session, { deletedCluster: undefined, release: false, yes: false, ...options });
  return { code, text: printed, released };
}

describe('trunkline eip orphans', () => {
  it('lists what no claim holds and touches nothing', async () => {
    const { code, text, released } = await run({}, [eip('eip-free'), eip('eip-held')], () => [holding('eip-held')]);
    expect([code, released]).toEqual([exitCodes.attention, []]);
    expect(text).toContain('EIPClaim/shop/web-0');
    expect(text).not.toContain('eip-held');
  });

  it('says so when there is none', async () => {
    expect(await run({}, [eip('eip-held')], () => [holding('eip-held')])).toMatchObject({
      code: exitCodes.ok,
      text: expect.stringContaining('no EIP'),
    });
  });

  it('releases only with both words, and only what is unbound', async () => {
    const all = [eip('eip-free'), eip('eip-bound', { status: 'BIND', binding: { instanceId: 'ins-1' } })];
    const asked = await run({ release: true }, all);
    expect([asked.released, asked.text]).toEqual([[], expect.stringContaining('1 would be released for ever')]);
    const done = await run({ release: true, yes: true }, all);
    expect(done.released).toEqual(['eip-free']);
    expect(done.text).toContain('kept: it is bound to ins-1');
    expect(done.code).toBe(exitCodes.attention);
    await expect(run({ yes: true }, all)).rejects.toThrow('--yes goes with --release');
  });

  it('keeps one that a claim has taken since it was listed', async () => {
    let read = 0;
    const claims = () => ((read += 1) === 1 ? [] : [holding('eip-free')]);
    const { released, text } = await run({ release: true, yes: true }, [eip('eip-free')], claims);
    expect(released).toEqual([]);
    expect(text).toContain('no orphan any more');
  });

  it('takes a deleted cluster by its uid, and refuses the one that is there', async () => {
    const other = eip('eip-other', { tags: [{ key: tags.cluster, value: 'uid-of-another' }] });
    expect((await run({ deletedCluster: 'uid-of-another' }, [other])).text).toContain('eip-other');
    await expect(run({ deletedCluster: UID }, [eip('eip-free')])).rejects.toThrow('leave the option out');
  });

  it('has no answer without the cloud', async () => {
    const cloud = () => Promise.resolve({ available: false, reason: 'no keys' } as CloudAccess);
    expect(await run({}, [], undefined, { cloud })).toMatchObject({
      code: exitCodes.unknown,
      text: expect.stringContaining('no keys'),
    });
  });
});
