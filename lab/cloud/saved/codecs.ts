// How single values of a record stand in a saved cloud, both ways.
import { z } from 'zod';

import type { EniAddress, InstanceState, TagRecord } from '../state.ts';

/** A point in time as ISO 8601 text. */
export const date = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (value) => value.toISOString() as z.input<z.ZodISODateTime>,
});

/** A number that may be unlimited, which JSON has no word for. */
export const countOrUnlimited = z.codec(
  z.union([z.number(), z.literal('unlimited')]),
  z.number().or(z.literal(Infinity)),
  {
    decode: (count) => (count === 'unlimited' ? Infinity : count),
    encode: (count) => (count === Infinity ? 'unlimited' : count),
  },
);

/** As `z.array`, of what nobody changes. */
export function list<S extends z.ZodType>(item: S): z.ZodType<readonly z.output<S>[], readonly z.input<S>[]> {
  return z.array(item);
}

/** A strict object with every key of `T`, also the optional ones; the compiler names a key that is missing. */
export function record<T extends object>() {
  return <S extends { readonly [K in keyof Required<T>]: z.ZodType }>(shape: S) => z.strictObject(shape);
}

export const text = z.string();
export const count = z.int().nonnegative();
/** Milliseconds from the moment of saving; negative: before it. */
export const fromNow = z.number();

/** What an ENI is attached to. */
export const attachment = z.strictObject({ instanceId: text, deviceIndex: count, at: date, plugged: z.boolean() });

export const eniAddress = record<EniAddress>()({
  ip: z.ipv4(),
  primary: z.boolean(),
  state: z.enum(['PENDING', 'MIGRATING', 'DELETING']).exactOptional(),
  description: text.exactOptional(),
});

export const tags = list(record<TagRecord>()({ Key: text, Value: text }));

/** A JSON object as it was sent. */
export const jsonObject = z.record(z.string(), z.unknown());

/** Every state of an instance. */
export const instanceStates = [
  'PENDING',
  'RUNNING',
  'STOPPING',
  'STOPPED',
  'STARTING',
  'SHUTDOWN',
  'TERMINATING',
] as const satisfies readonly InstanceState[];
