// Label and field selectors.
import { describe, expect, it } from 'vitest';
import { StatusError } from '../status.ts';
import { matchesFields, parseFieldSelector } from './field-selector.ts';
import { formatSelector, matchesLabels, selectorFromObject } from './label-selector.ts';
import { parseLabelSelector } from './parse-labels.ts';

const labels = { app: 'web', tier: 'front', size: '5', empty: '' };

describe('label selectors', () => {
  it.each([
    ['app=web', true],
    ['app==web,tier=front', true],
    ['app!=web', false],
    ['nothere!=x', true],
    ['app in (web, api)', true],
    ['app in(web,api),tier', true],
    ['app notin (web)', false],
    ['other notin (web)', true],
    ['!other', true],
    ['!app', false],
    ['size>4,size<6', true],
    ['size>5', false],
    ['empty=', true],
    ['', true],
  ])('%s gives %s', (text, expected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(expected);
  });

  it.each(['a b c', 'app in web', '=x', 'app=-bad-'])('%s is refused', (text) => {
    expect(() => parseLabelSelector(text)).toThrow(StatusError);
  });

  it('reads the object form and prints it as text', () => {
    const selector = selectorFromObject({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['front', 'back'] },
        { key: 'gone', operator: 'DoesNotExist' },
      ],
    });
    expect(matchesLabels(selector, labels)).toBe(true);
    expect(formatSelector(selector)).toBe('app=web,tier in (front,back),!gone');
  });

  it('matches nothing for an operator that it does not know', () => {
    expect(matchesLabels(selectorFromObject({ matchExpressions: [{ key: 'app', operator: 'Near' }] }), labels)).toBe(
      false,
    );
  });

  it('does not take inherited members for labels', () => {
    expect(matchesLabels(parseLabelSelector('constructor'), {})).toBe(false);
  });
});

describe('field selectors', () => {
  const readers = { 'metadata.name': () => 'one', 'status.phase': () => 'Running' };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one' } };

  it('joins equal and unequal requirements', () => {
    const selector = parseFieldSelector('metadata.name=one,status.phase!=Failed', readers);
    expect(matchesFields(selector, readers, object)).toBe(true);
    expect(matchesFields(parseFieldSelector('status.phase!=Running', readers), readers, object)).toBe(false);
  });

  it('refuses a field that is not served, inherited names included', () => {
    expect(() => parseFieldSelector('spec.x=1', readers)).toThrow('field label not supported: spec.x');
    expect(() => parseFieldSelector('toString=1', readers)).toThrow('field label not supported: toString');
  });
});
