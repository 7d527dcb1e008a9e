// Ids, request ids and MAC addresses: random when no seed is given, the same in every run when one is.
import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** Prefixes of the ids that the simulator makes. */
export type IdPrefix =
  | 'vpc'
  | 'rtb'
  | 'nat'
  | 'subnet'
  | 'sg'
  | 'eni'
  | 'ins'
  | 'eip'
  | 'ipm'
  | 'ipmg'
  | 'ppm'
  | 'ppmg';

export interface IdSource {
  /** `<prefix>-` and 8 lower-case letters or digits, never one that `taken` knows. */
  next(prefix: IdPrefix, taken: (id: string) => boolean): string;
  /** A UUID; never repeats. */
  uuid(): string;
  /** A unicast, locally administered MAC, lower-case, colon separated; never repeats. */
  mac(): string;
  save(): IdPosition;
  /** Goes on from there: no id that was made before is made again. */
  restore(position: IdPosition): void;
}

/** How far an id source has come. */
export interface IdPosition {
  /** Null: its ids are random. */
  readonly seed: number | null;
  readonly ids: number;
  readonly macs: number;
  /** Two octets, hexadecimal. */
  readonly macPrefix: string;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** With a seed every id follows from it and from the number of ids made before. */
export function createIdSource(given: number | undefined): IdSource {
  let seed = given;
  let counter = 0;
  let macCounter = 0;
  const bytes = (label: string): Buffer => {
    counter += 1;
    return seed === undefined ? randomBytes(32) : createHash('sha256').update(`${seed}/${label}/${counter}`).digest();
  };
  let macPrefix = bytes('mac').toString('hex', 0, 2);
  return {
    next: (prefix, taken) => {
      for (;;) {
        const id = `${prefix}-${[...bytes(prefix).subarray(0, 8)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('')}`;
        if (!taken(id)) return id;
      }
    },
    uuid: () => {
      if (seed === undefined) return randomUUID();
      const hex = bytes('uuid').toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
    mac: () => {
      macCounter += 1;
      const tail = macCounter.toString(16).padStart(6, '0');
      return `02${macPrefix}${tail}`.match(/../g)?.join(':') ?? '';
    },
    save: () => ({ seed: seed ?? null, ids: counter, macs: macCounter, macPrefix }),
    restore: (position) => {
      seed = position.seed ?? undefined;
      [counter, macCounter, macPrefix] = [position.ids, position.macs, position.macPrefix];
    },
  };
}

/** A well-formed id of this prefix (facts, section 7: Ids). */
export function isId(prefix: string, id: string): boolean {
  return new RegExp(`^${prefix}-[0-9a-z]{8}$`).test(id);
}
