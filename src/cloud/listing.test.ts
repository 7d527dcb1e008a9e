import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import type { ApiCaller, ApiOperation } from './api-caller.ts';
import { findByIds, listAll, type ListingKind } from './listing.ts';
import { refuse } from './testing/fake-transport.ts';

const kind: ListingKind<string> = {
  service: 'vpc',
  action: 'DescribeThings',
  answer: z.object({ items: z.array(z.string()), total: z.number() }),
  idOf: (item) => item,
  idsParameter: 'Ids',
  idFilter: 'thing-id',
  pageAsText: false,
  filterValues: 100,
};

const bodySchema = z.object({
  Offset: z.coerce.number(),
  Limit: z.coerce.number(),
  Ids: z.array(z.string()).optional(),
  Filters: z.array(z.object({ Name: z.string(), Values: z.array(z.string()) })).optional(),
});
type Body = z.output<typeof bodySchema>;

/** A service that pages over what exists; `answer` may change its mind. */
function createService(
  existing: readonly string[],
  options: {
    readonly unknownIdFails?: boolean;
    readonly filterValues?: number;
    readonly totalOf?: (call: number) => number;
  } = {},
) {
  const bodies: Body[] = [];
  const answer = (raw: object): unknown => {
    const body = bodySchema.parse(raw);
    bodies.push(body);
    const values = body.Filters?.[0]?.Values;
    if (values !== undefined && values.length > (options.filterValues ?? 100)) refuse('invalidRequest');
    if (options.unknownIdFails === true && body.Ids?.some((id) => !existing.includes(id)) === true) refuse('notFound');
    const wanted = body.Ids ?? values;
    const chosen = existing.filter((id) => wanted === undefined || wanted.includes(id));
    return {
      items: chosen.slice(body.Offset, body.Offset + body.Limit),
      total: options.totalOf?.(bodies.length) ?? chosen.length,
    };
  };
  const caller: Pick<ApiCaller, 'read'> = {
    read: async <T>(operation: ApiOperation<T>): Promise<T> => operation.answer.parse(answer(operation.body)),
  };
  return { bodies, caller: { ...caller, mutate: () => Promise.reject(new Error('not used')) } satisfies ApiCaller };
}

const things = (count: number): string[] => Array.from({ length: count }, (_, index) => `thing-${index}`);

describe('a listing', () => {
  test('reads all pages', async () => {
    const { bodies, caller } = createService(things(250));
    expect(await listAll(caller, kind, [], undefined)).toHaveLength(250);
    expect(bodies.map((body) => body.Offset)).toEqual([0, 100, 200]);
  });

  test('begins again when the total changes between pages, and throws when it never stands still', async () => {
    const calm = createService(things(150), { totalOf: (call) => (call === 1 ? 151 : 150) });
    expect(await listAll(calm.caller, kind, [], undefined)).toHaveLength(150);
    const restless = createService(things(150), { totalOf: (call) => 150 + call });
    await expect(listAll(restless.caller, kind, [], undefined)).rejects.toMatchObject({
      code: 'CLOUD-LISTING-UNSTABLE',
    });
  });

  test('sends offset and limit as text where the action wants text', async () => {
    const bodies: object[] = [];
    const caller: ApiCaller = {
      read: async (operation) => {
        bodies.push(operation.body);
        return operation.answer.parse({ items: [], total: 0 });
      },
      mutate: () => Promise.reject(new Error('not used')),
    };
    await listAll(caller, { ...kind, pageAsText: true }, [], undefined);
    expect(bodies).toEqual([{ Offset: '0', Limit: '100' }]);
  });
});

describe('finding by ids', () => {
  test('costs one call for a hundred ids, of which some do not exist', async () => {
    const { bodies, caller } = createService(things(90), { unknownIdFails: true });
    expect(await findByIds(caller, kind, things(100), undefined)).toHaveLength(90);
    expect(bodies).toHaveLength(1);
  });

  test('of a lone id that does not exist costs one call, whether the service fails or leaves it out', async () => {
    for (const unknownIdFails of [true, false]) {
      const { bodies, caller } = createService([], { unknownIdFails });
      expect(await findByIds(caller, kind, ['thing-1'], undefined)).toEqual([]);
      expect(bodies).toHaveLength(1);
    }
  });

  test('asks in batches of 100 and each id once', async () => {
    const { bodies, caller } = createService(things(250));
    expect(await findByIds(caller, kind, [...things(250), ...things(250)], undefined)).toHaveLength(250);
    expect(bodies).toHaveLength(3);
  });

  test('finds the same where a filter takes few values and an unknown id fails the call', async () => {
    const { caller } = createService(things(7), { unknownIdFails: true, filterValues: 5 });
    expect(await findByIds(caller, kind, things(12), undefined)).toEqual(things(7));
  });

  test('of no ids asks nothing', async () => {
    const { bodies, caller } = createService(things(3));
    expect(await findByIds(caller, kind, [], undefined)).toEqual([]);
    expect(bodies).toHaveLength(0);
  });
});
