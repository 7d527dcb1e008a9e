// Policies are refused with the path of the mistake and what would be right.
import { describe, expect, it } from 'vitest';
import { policyProblemText, reviewPolicy } from './validate-policy.ts';

const GROUPS = { groupIds: ['sg-xxxxyyyy'] };
const text = (spec: unknown): string => policyProblemText(reviewPolicy({ spec }).problems);

describe('a SecurityGroupPolicy', () => {
  it.each([
    ['with a podSelector, as in spec 002', { podSelector: { matchLabels: { app: 'my-app' } }, securityGroups: GROUPS }],
    [
      'with a serviceAccountSelector',
      { serviceAccountSelector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] }, securityGroups: GROUPS },
    ],
    [
      'with both',
      { podSelector: {}, serviceAccountSelector: {}, securityGroups: { groupIds: ['sg-xxxxyyyy', 'sg-aaaaaaaa'] } },
    ],
  ])('%s is accepted', (_name, spec) => {
    expect(reviewPolicy({ spec })).toEqual({ problems: [], warnings: [] });
  });

  it.each<[string, unknown, RegExp]>([
    ['without a selector', { securityGroups: GROUPS }, /^spec: podSelector or serviceAccountSelector must be given/],
    ['without groups', { podSelector: {} }, /^spec\.securityGroups: /],
    [
      'with an empty list of groups',
      { podSelector: {}, securityGroups: { groupIds: [] } },
      /^spec\.securityGroups\.groupIds: /,
    ],
    [
      'with a malformed id',
      { podSelector: {}, securityGroups: { groupIds: ['sg-xxxxyyyy', 'sg-XX'] } },
      /^spec\.securityGroups\.groupIds\[1\]: a security group id is sg-/,
    ],
    [
      'with an id that is no text',
      { podSelector: {}, securityGroups: { groupIds: [7] } },
      /^spec\.securityGroups\.groupIds\[0\]: /,
    ],
    [
      'with In without values',
      { podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] }, securityGroups: GROUPS },
      /^spec\.podSelector\.matchExpressions\[0\]\.values: operator In needs/,
    ],
    [
      'with an unknown operator',
      { podSelector: { matchExpressions: [{ key: 'a', operator: 'Gt' }] }, securityGroups: GROUPS },
      /^spec\.podSelector\.matchExpressions\[0\]\.operator: /,
    ],
    [
      'with a bad label value',
      { serviceAccountSelector: { matchLabels: { a: 'x y' } }, securityGroups: GROUPS },
      /^spec\.serviceAccountSelector\.matchLabels\[a\]: /,
    ],
  ])('%s is refused', (_name, spec, problem) => {
    expect(text(spec)).toMatch(problem);
  });

  it('without a spec is refused', () => {
    expect(policyProblemText(reviewPolicy({}).problems)).toMatch(/^spec: required/);
  });

  it('with several mistakes has all of them told at once', () => {
    expect(reviewPolicy({ spec: { securityGroups: { groupIds: ['a', 'b'] } } }).problems).toHaveLength(3);
  });

  it('with a field that is not known gets a warning, since the field is stored and ignored', () => {
    const { problems, warnings } = reviewPolicy({ spec: { podSelector: {}, podSelctor: {}, securityGroups: GROUPS } });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('spec.podSelctor: unknown field')]);
  });

  it('that lists a group twice gets a warning', () => {
    expect(
      reviewPolicy({ spec: { podSelector: {}, securityGroups: { groupIds: ['sg-aaaaaaaa', 'sg-aaaaaaaa'] } } })
        .warnings,
    ).toHaveLength(1);
  });
});
