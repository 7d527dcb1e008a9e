// The ENIs of an account with what finds them quickly: by id, instance, subnet, VPC, trunk, group, name, address and tag, each in order of creation.
import type { EniRecord } from './state.ts';

/** What an ENI can be found by; the key of a tag is its key alone, or `tagKey`. */
export type EniLookup = 'instance' | 'subnet' | 'vpc' | 'trunk' | 'group' | 'name' | 'address' | 'tag' | 'kind';

/** Stands for a tag with its value; no tag key holds the separator. */
export const tagKey = (key: string, value: string): string => `${key}\0${value}`;

/** Records of one key, oldest first; a lone one is kept without a list, as most addresses and names have one. */
type Bucket = EniRecord | EniRecord[];

const NONE: readonly EniRecord[] = [];

/** The keys under which an ENI stands now. */
const keysOf: Readonly<Record<EniLookup, (eni: EniRecord) => readonly string[]>> = {
  instance: (eni) => (eni.attachment === null ? [] : [eni.attachment.instanceId]),
  subnet: (eni) => [eni.subnetId],
  vpc: (eni) => [eni.vpcId],
  trunk: (eni) => (eni.trunkEniId === null ? [] : [eni.trunkEniId]),
  group: (eni) => eni.securityGroupIds,
  name: (eni) => [eni.name],
  address: (eni) => eni.addresses.map((address) => address.ip),
  tag: (eni) => [...new Set(eni.tags.flatMap((tag) => [tag.Key, tagKey(tag.Key, tag.Value)]))],
  kind: (eni) => [eni.kind],
};

/**
 * A map from id to record that also answers by other properties. Records stay where they are found because their own setters report
 * every change (`IndexedEni`), so whoever assigns to a record need not know of this.
 */
export class EniIndex extends Map<string, EniRecord> {
  readonly #buckets = new Map<EniLookup, Map<string, Bucket>>();
  readonly #orders = new Map<EniRecord, number>();
  #ordered: EniRecord[] = [];
  #next = 0;

  /** Adds a record at the end of the order. Throws Error when the id is there: records are changed, not replaced. */
  override set(eniId: string, eni: EniRecord): this {
    if (this.has(eniId)) throw new Error(`ENI ${eniId} is there already`);
    this.#orders.set(eni, this.#next);
    this.#next += 1;
    this.#ordered.push(eni);
    super.set(eniId, eni);
    for (const lookup of lookups) this.#enter(lookup, eni);
    return this;
  }

  override delete(eniId: string): boolean {
    const eni = this.get(eniId);
    if (eni === undefined) return false;
    for (const lookup of lookups) this.#leave(lookup, eni);
    this.#take(this.#ordered, eni);
    this.#orders.delete(eni);
    return super.delete(eniId);
  }

  override clear(): void {
    this.#buckets.clear();
    this.#orders.clear();
    this.#ordered = [];
    super.clear();
  }

  /** All records, oldest first; the caller must not change the list. */
  all(): readonly EniRecord[] {
    return this.#ordered;
  }

  /** Records that stand under the key, oldest first; costs nothing by their number. The caller must not change the list. */
  by(lookup: EniLookup, key: string): readonly EniRecord[] {
    const bucket = this.#buckets.get(lookup)?.get(key);
    if (bucket === undefined) return NONE;
    return Array.isArray(bucket) ? bucket : [bucket];
  }

  /** Records under any of the keys, each once, oldest first. */
  byAny(lookup: EniLookup, keys: readonly string[]): readonly EniRecord[] {
    const [first = NONE, ...others] = [...new Set(keys)]
      .map((key) => this.by(lookup, key))
      .filter((list) => list.length > 0);
    return others.reduce((merged, list) => this.#merge(merged, list), first);
  }

  /** These records, each once, oldest first. */
  inOrder(enis: readonly EniRecord[]): readonly EniRecord[] {
    return [...new Set(enis)].toSorted((a, b) => this.#order(a) - this.#order(b));
  }

  /** Runs a change of one property and moves the record to where it is found afterwards. */
  reindex(lookup: EniLookup, eni: EniRecord, change: () => void): void {
    const known = this.#orders.has(eni);
    if (known) this.#leave(lookup, eni);
    change();
    if (known) this.#enter(lookup, eni);
  }

  #order(eni: EniRecord): number {
    return this.#orders.get(eni) ?? -1;
  }

  #enter(lookup: EniLookup, eni: EniRecord): void {
    let map = this.#buckets.get(lookup);
    if (map === undefined) this.#buckets.set(lookup, (map = new Map()));
    for (const key of keysOf[lookup](eni)) {
      const bucket = map.get(key);
      if (bucket === undefined) map.set(key, eni);
      else if (Array.isArray(bucket)) this.#insert(bucket, eni);
      else if (bucket !== eni) map.set(key, this.#order(bucket) < this.#order(eni) ? [bucket, eni] : [eni, bucket]);
    }
  }

  #leave(lookup: EniLookup, eni: EniRecord): void {
    const map = this.#buckets.get(lookup);
    for (const key of keysOf[lookup](eni)) {
      const bucket = map?.get(key);
      if (bucket === undefined) continue;
      if (Array.isArray(bucket)) this.#take(bucket, eni);
      if (bucket === eni || (Array.isArray(bucket) && bucket.length === 0)) map?.delete(key);
    }
  }

  #insert(list: EniRecord[], eni: EniRecord): void {
    const last = list.at(-1);
    if (last === undefined || this.#order(last) < this.#order(eni)) {
      list.push(eni);
      return;
    }
    const at = this.#place(list, eni);
    if (list[at] === eni) return;
    list.splice(at, 0, eni);
  }

  #take(list: EniRecord[], eni: EniRecord): void {
    const at = this.#place(list, eni);
    if (list[at] === eni) list.splice(at, 1);
  }

  /** Both lists are in order already, so that sorting would only cost; a record of both comes once. */
  #merge(one: readonly EniRecord[], other: readonly EniRecord[]): readonly EniRecord[] {
    const merged: EniRecord[] = [];
    let [left, right] = [0, 0];
    while (left < one.length && right < other.length) {
      const [a, b] = [one[left], other[right]];
      if (a === undefined || b === undefined) break;
      const difference = this.#order(a) - this.#order(b);
      merged.push(difference <= 0 ? a : b);
      if (difference <= 0) left += 1;
      if (difference >= 0) right += 1;
    }
    return merged.concat(one.slice(left), other.slice(right));
  }

  /** Where the record is or belongs, by halving. */
  #place(list: readonly EniRecord[], eni: EniRecord): number {
    const order = this.#order(eni);
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = list[middle];
      if (other !== undefined && this.#order(other) < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const lookups: readonly EniLookup[] = ['instance', 'subnet', 'vpc', 'trunk', 'group', 'name', 'address', 'tag', 'kind'];
