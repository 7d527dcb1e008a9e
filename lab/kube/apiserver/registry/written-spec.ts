// The text of a spec, taken from that of another one that differs in a single name.
import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';

/** A spec that was written out: its text is cut at the places where the name stands that others have another name for. */
export interface WrittenSpec {
  readonly parts: readonly string[];
  readonly hasName: boolean;
  readonly shape: Shape;
}

/** A value to compare others with. */
interface Shape {
  readonly value: unknown;
  /** How often the name stands in it. */
  readonly named: number;
  /** Names of members in their order; absent for lists and plain values. */
  readonly members?: readonly string[];
  /** What members or items are like. */
  readonly inner: readonly Shape[];
}

/** Cuts the text of a spec at a name in it; `undefined` if the name also stands where nobody looks. The spec must not be changed any more. */
export function writtenSpec(spec: JsonObject, text: string, name: string | undefined): WrittenSpec | undefined {
  const parts = name === undefined ? [text] : text.split(JSON.stringify(name));
  const shape = shapeOf(spec, name);
  return shape.named === parts.length - 1 ? { parts, hasName: name !== undefined, shape } : undefined;
}

function shapeOf(value: unknown, name: string | undefined): Shape {
  if (typeof value === 'string') return { value, named: value === name ? 1 : 0, inner: [] };
  const members = isObject(value) ? Object.keys(value) : undefined;
  const values: readonly unknown[] = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  const inner = values.map((one) => shapeOf(one, name));
  const named = inner.reduce((sum, one) => sum + one.named, 0);
  return { value, named, inner, ...(members === undefined ? {} : { members }) };
}

/** What JSON.stringify would make of `spec`, if it is the spec that was written with `name` for its name; otherwise `undefined`. */
export function textLike(written: WrittenSpec, spec: JsonObject, name: string | undefined): string | undefined {
  if ((name !== undefined) !== written.hasName || !isLike(spec, written.shape, name)) return undefined;
  return written.parts.join(JSON.stringify(name));
}

function isLike(value: unknown, shape: Shape, name: string | undefined): boolean {
  if (typeof value !== 'object' || value === null) {
    if (shape.named > 0) return value === name && shape.inner.length === 0;
    return value === shape.value && (value === undefined || value !== name);
  }
  // Shared, nearly always.
  if (value === shape.value && shape.named === 0) return true;
  return Array.isArray(value) ? isLikeList(value, shape, name) : isLikeObject(value as JsonObject, shape, name);
}

function isLikeList(list: readonly unknown[], shape: Shape, name: string | undefined): boolean {
  if (!Array.isArray(shape.value) || list.length !== shape.inner.length) return false;
  for (const [index, inner] of shape.inner.entries()) if (!isLike(list[index], inner, name)) return false;
  return true;
}

function isLikeObject(object: JsonObject, { members, inner }: Shape, name: string | undefined): boolean {
  if (members === undefined) return false;
  let index = 0;
  // The order counts: it is the order of the text.
  for (const member in object) {
    const like = inner[index];
    if (like === undefined || member !== members[index] || !isLike(object[member], like, name)) return false;
    index += 1;
  }
  return index === members.length;
}
