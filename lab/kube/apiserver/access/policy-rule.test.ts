// Which requests and which other rules a rule of RBAC covers.
import { describe, expect, it } from 'vitest';
import { compactRules, covers, missingRules, policyRule, ruleText } from './policy-rule.ts';

const rule = (verbs: string, groups: string, resources: string, names = ''): ReturnType<typeof policyRule> =>
  policyRule({
    verbs: verbs.split(' '),
    apiGroups: groups.split(' '),
    resources: resources.split(' '),
    ...(names === '' ? {} : { resourceNames: names.split(' ') }),
  });

const asked = (resource: string, name = ''): Parameters<typeof covers>[1] => ({
  kind: 'resource',
  verb: 'get',
  group: 'apps',
  resource,
  namespace: 'default',
  name,
});

describe('a rule', () => {
  it('about a resource covers no subresource of it', () => {
    expect(covers(rule('get', 'apps', 'deployments'), asked('deployments'))).toBe(true);
    expect(covers(rule('get', 'apps', 'deployments'), asked('deployments/scale'))).toBe(false);
    expect(covers(rule('get', 'apps', '*/scale'), asked('deployments/scale'))).toBe(true);
    expect(covers(rule('get', 'apps', '*'), asked('deployments/scale'))).toBe(true);
  });

  it('with names does not cover the collection', () => {
    expect(covers(rule('get', 'apps', 'deployments', 'a b'), asked('deployments', 'b'))).toBe(true);
    expect(covers(rule('get', 'apps', 'deployments', 'a b'), asked('deployments'))).toBe(false);
  });

  it('about paths ends with a star or is exact', () => {
    const paths = policyRule({ verbs: ['get'], nonResourceURLs: ['/logs/*', '/version'] });
    const covered = ['/logs/a', '/logs', '/version', '/version/'].filter((path) =>
      covers(paths, { kind: 'path', verb: 'get', path }),
    );
    expect(covered).toEqual(['/logs/a', '/version']);
  });
});

describe('missing rules', () => {
  it('are those parts that nothing held allows, joined by what they are about', () => {
    const missing = missingRules(
      [rule('get list', ' apps', 'pods')],
      [rule('get watch update', 'apps', 'pods secrets')],
    );
    expect(compactRules(missing).map(ruleText)).toEqual([
      '{APIGroups:["apps"], Resources:["pods"], Verbs:["watch" "update"]}',
      '{APIGroups:["apps"], Resources:["secrets"], Verbs:["get" "watch" "update"]}',
    ]);
  });

  it('are none for names out of a rule without names, and all for everything out of a rule with names', () => {
    const [all, named] = [rule('get', '*', 'pods'), rule('get', 'apps', 'pods', 'a')];
    expect(missingRules([all], [named])).toEqual([]);
    expect(missingRules([named], [rule('get', 'apps', 'pods')])).toHaveLength(1);
  });
});
