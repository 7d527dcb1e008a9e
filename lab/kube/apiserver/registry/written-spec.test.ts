// Texts that may be taken from another spec, and those that may not.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json.ts';
import { textLike as textLikeWritten, writtenSpec } from './written-spec.ts';

const textLike = (
  written: ReturnType<typeof writtenSpec>,
  ...like: [spec: JsonObject, name: string | undefined]
): string | undefined => written && textLikeWritten(written, ...like);

const shared = { env: [{ name: 'A', value: 'x' }] };
const specNamed = (name: string, more: JsonObject = {}): JsonObject => ({
  containers: [{ ...shared, mounts: [{ name, path: '/a' }] }],
  volumes: [{ name }],
  priority: 0,
  ...more,
});
const last = specNamed('drawn-1');
const written = writtenSpec(last, JSON.stringify(last), 'drawn-1');

describe('the text of a spec like another', () => {
  it('is what JSON.stringify makes of it', () => {
    const spec = specNamed('drawn-2');
    expect(textLike(written, spec, 'drawn-2')).toBe(JSON.stringify(spec));
  });

  it('is known without any name, too', () => {
    const plain = writtenSpec({ a: [1] }, '{"a":[1]}', undefined);
    expect(textLike(plain, { a: [1] }, undefined)).toBe('{"a":[1]}');
    expect(textLike(plain, { a: [2] }, undefined)).toBeUndefined();
  });

  it.each<[string, JsonObject, string | undefined]>([
    ['another value', specNamed('drawn-2', { priority: 1 }), 'drawn-2'],
    ['another type', specNamed('drawn-2', { priority: '0' }), 'drawn-2'],
    ['a member more', specNamed('drawn-2', { more: true }), 'drawn-2'],
    ['a list for an object', specNamed('drawn-2', { volumes: { 0: { name: 'drawn-2' } } }), 'drawn-2'],
    ['an item more', specNamed('drawn-2', { volumes: [{ name: 'drawn-2' }, { name: 'b' }] }), 'drawn-2'],
    ['members in another order', { priority: 0, ...specNamed('drawn-2') }, 'drawn-2'],
    ['the name in one place only', specNamed('drawn-2', { volumes: [{ name: 'drawn-1' }] }), 'drawn-2'],
    ['no name', specNamed('drawn-1'), undefined],
  ])('is not known with %s', (_what, spec, name) => {
    expect(textLike(written, spec, name)).toBeUndefined();
  });

  it('is not known when the name also stands for something else', () => {
    const value = { text: 'drawn-1' };
    const spec = specNamed('drawn-1', { value });
    const other = writtenSpec(spec, JSON.stringify(spec), 'drawn-1');
    expect(textLike(other, specNamed('drawn-2', { value }), 'drawn-2')).toBeUndefined();
    expect(textLike(written, specNamed('drawn-2', { priority: 'drawn-2' }), 'drawn-2')).toBeUndefined();
  });
});
