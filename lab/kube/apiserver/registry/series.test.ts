// What is remembered of specs, for how long, and in what state.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json.ts';
import { createSeries } from './series.ts';

const seriesOf = (): ReturnType<typeof createSeries> => createSeries((spec) => String(spec['drawn']));

describe('a series', () => {
  it('keeps a spec from its second time on', () => {
    const series = seriesOf();
    series.wasDecoded('a', { replicas: 1 });
    expect(series.decoded('a')).toBeUndefined();
    series.wasDecoded('a', { replicas: 2 });
    expect(series.decoded('a')).toEqual({ replicas: 2 });
  });

  it('lets nobody change what it keeps, however deep', () => {
    const series = seriesOf();
    const spec = { containers: [{ env: [{ name: 'A' }] }] };
    for (let times = 0; times < 2; times += 1) series.wasDecoded('a', spec);
    expect(() => spec.containers[0]?.env.push({ name: 'B' })).toThrow(TypeError);
    expect(() => Object.assign(spec, { more: true })).toThrow(TypeError);
  });

  it('keeps neither long texts nor many', () => {
    const series = seriesOf();
    const keep = (text: string): boolean => {
      for (let times = 0; times < 2; times += 1) series.wasDecoded(text, {});
      return series.decoded(text) !== undefined;
    };
    expect(keep('x'.repeat(20_000))).toBe(false);
    for (let index = 0; index < 300; index += 1) expect(keep(`text ${index}`)).toBe(true);
    expect(series.decoded('text 0')).toBeUndefined();
  });

  it('knows the next spec made of a template by the last one, whatever name was drawn', () => {
    const series = seriesOf();
    const [template, other]: JsonObject[] = [{}, {}];
    const last = { drawn: 'one', mounts: ['one'] };
    series.wasSound(template ?? {}, last, JSON.stringify(last));
    const next = { drawn: 'two', mounts: ['two'] };
    expect(series.soundText(template ?? {}, next)).toBe(JSON.stringify(next));
    expect(series.soundText(template ?? {}, { ...next, more: true })).toBeUndefined();
    expect(series.soundText(other ?? {}, next)).toBeUndefined();
  });
});
