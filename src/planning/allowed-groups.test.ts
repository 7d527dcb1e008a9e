// The list of groups per namespace: absent it changes nothing, present it only ever narrows.
import { describe, expect, it } from 'vitest';
import { type AllowedGroups, forbiddenGroups } from './allowed-groups.ts';

const A = 'sg-aaaaaaaa';
const B = 'sg-bbbbbbbb';
const forbidden = (allowed: AllowedGroups, namespace = 'shop'): readonly string[] =>
  forbiddenGroups(allowed, namespace, [A, B])?.groups ?? [];

describe('the groups that a namespace may use', () => {
  it.each<[string, AllowedGroups, readonly string[]]>([
    ['are all, without a list', undefined, []],
    ['are all, in a namespace that no key names', { other: A }, []],
    ['are those of its key', { shop: ` ${A} , sg-cccccccc` }, [B]],
    ['are all with "*"', { shop: '*', _others: '' }, []],
    ['are none with an empty list', { shop: '' }, [A, B]],
    ['are those of "_others" without a key of its own', { other: '*', _others: B }, [A]],
    ['are those of its own key before "_others"', { shop: A, _others: '*' }, [B]],
    ['are none while the list cannot be read', { shop: `${A},web` }, [A, B]],
  ])('%s', (_name, allowed, expected) => {
    expect(forbidden(allowed)).toEqual(expected);
  });

  it('are told with the place of the list', () => {
    expect(forbiddenGroups({ shop: A }, 'shop', [B])?.message).toMatch(
      /"shop" may not use sg-bbbbbbbb: key "shop" of ConfigMap kube-system\/tke-eni-allowed-security-groups allows sg-aaaaaaaa/,
    );
    expect(forbiddenGroups({ shop: 'web' }, 'shop', [B])?.message).toMatch(/"web", which is not a security group id/);
  });

  it('are not widened by a namespace named like a property of every object', () => {
    expect(forbidden({ _others: '' }, 'constructor')).toEqual([A, B]);
  });
});
