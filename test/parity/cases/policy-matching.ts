// Parity cases: which writes a ValidatingAdmissionPolicy judges, and with which parameters.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { assertDenied, configMapRule, createMap, enforce, storeBinding, storePolicy } from './policy-objects.ts';

const docs = 'docs: reference/access-authn-authz/validating-admission-policy';

export const policyMatchingCases: readonly ParityCase[] = [
  {
    id: 'admission-policies/match-constraints',
    title: 'Resource rules with names, exclusions and selectors of the policy and of the binding decide together',
    source: `${docs}, "Match constraints" and "Bindings"`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/matching.ts',
      find: '  if (ruleMatch(criteria.excluded, criteria.matchPolicy, view, deps) !== undefined) return undefined;',
      replace: '',
    },
    run: async (t) => {
      const enforced = await enforce(
        t,
        {
          matchConstraints: {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': t.namespace } },
            resourceRules: [configMapRule('*')],
            excludeResourceRules: [{ ...configMapRule('CREATE'), resourceNames: ['excluded'] }],
          },
          validations: [{ expression: "request.operation == 'DELETE' || object.data.kind != 'bad'", message: 'bad' }],
        } as object,
        { matchResources: { objectSelector: { matchExpressions: [{ key: 'free', operator: 'DoesNotExist' }] } } },
      );
      const bad = { kind: 'bad' };
      assertDenied(await createMap(t, 'denied', bad), enforced, 'denied', 'bad');
      assert.equal((await createMap(t, 'excluded', bad)).code, 201);
      // A selector that one of the two objects passes is passed.
      assert.equal((await createMap(t, 'free', bad, { free: 'yes' })).code, 201);
      const bound = await t.http.patch('merge', `${t.core}/configmaps/free`, { metadata: { labels: { free: null } } });
      assertDenied(bound, enforced, 'free', 'bad');
    },
  },
  {
    id: 'admission-policies/match-conditions',
    title: 'A match condition that is false keeps the policy out before a validation could fail',
    source: `${docs}, "Match conditions"`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/policy-run.ts',
      find: 'if (!asked.matches) return [];',
      replace: '',
    },
    run: async (t) => {
      const enforced = await enforce(t, {
        matchConditions: [
          { name: 'not-exempt', expression: "!has(object.metadata.labels) || !('exempt' in object.metadata.labels)" },
          { name: 'has-data', expression: 'has(object.data) || has(object.metadata.labels)' },
        ],
        validations: [{ expression: "object.data.kind == 'good'", message: 'bad' }],
      } as object);
      assertDenied(await createMap(t, 'a', { kind: 'bad' }), enforced, 'a', 'bad');
      assert.equal((await createMap(t, 'b', { kind: 'bad' }, { exempt: 'yes' })).code, 201);
      assert.equal((await t.http.call('POST', `${t.core}/configmaps`, { metadata: { name: 'c' } })).code, 201);
    },
  },
  {
    id: 'admission-policies/params',
    title: 'A policy runs with the parameters that its binding names or selects, in the namespace of the object',
    source: `${docs}, "Parameter resources"`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/policy-params.ts',
      find: "if (found.length === 0 && stringAt(reference, 'parameterNotFoundAction') === 'Deny')",
      replace: 'if (found.length > 99)',
    },
    run: async (t) => {
      const paramKind = { apiVersion: 'v1', kind: 'Secret' };
      const validations = [
        {
          expression: 'int(object.data.size) <= int(params.metadata.labels.limit)',
          messageExpression: "'above ' + params.metadata.labels.limit + ' of ' + params.metadata.name",
        },
      ];
      const secret = (name: string, limit: string): Promise<unknown> =>
        t.http.ok('POST', `${t.core}/secrets`, { metadata: { name, labels: { limit, role: 'limits' } } });
      const spec = { paramKind, validations } as object;
      const denying = { paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' } };
      const policy = await storePolicy(t, spec);
      const binding = await storeBinding(t, policy, denying);
      const missing = await t.until('the policy to be in effect', async () => {
        const answer = await t.http.call('POST', `${t.core}/configmaps?dryRun=All`, {
          metadata: { name: 'early' },
          data: { size: '1' },
        });
        return answer.code === 201 ? undefined : answer;
      });
      assertDenied(
        missing,
        { policy, binding },
        'early',
        'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
      );
      await secret('limits', '5');
      const above = await t.until('the parameters to be in effect', async () => {
        const answer = await createMap(t, 'big', { size: '9' });
        return answer.text.includes('no params found') ? undefined : answer;
      });
      assertDenied(above, { policy, binding }, 'big', 'above 5 of limits');
      assert.equal((await createMap(t, 'small', { size: '5' })).code, 201);
      const chosen = await storePolicy(t, spec);
      const selecting = await storeBinding(t, chosen, {
        paramRef: { selector: { matchLabels: { role: 'limits' } }, parameterNotFoundAction: 'Allow' },
      });
      await secret('lower', '2');
      const lowest = await t.until('the second binding to be in effect', async () => {
        const answer = await createMap(t, 'middle', { size: '4' });
        return answer.code === 201
          ? t.http.call('DELETE', `${t.core}/configmaps/middle`).then(() => undefined)
          : answer;
      });
      assertDenied(lowest, { policy: chosen, binding: selecting }, 'middle', 'above 2 of lower');
    },
  },
  {
    id: 'admission-policies/unknown-param-kind',
    title: 'A paramKind that nothing serves denies everything that the policy matches',
    source: 'apiserver/pkg/admission/plugin/policy/generic/policy_source.go',
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/policy-params.ts',
      find: 'throw new ConfigurationFault(`failed to find resource',
      replace: 'return undefined; throw new ConfigurationFault(`failed to find resource',
    },
    run: async (t) => {
      const policy = await storePolicy(t, { paramKind: { apiVersion: 'nowhere.example.com/v1', kind: 'Nothing' } });
      await storeBinding(t, policy, { paramRef: { name: 'x', parameterNotFoundAction: 'Allow' } });
      const denied = await t.until('the policy to be in effect', async () => {
        const answer = await t.http.call('POST', `${t.core}/configmaps?dryRun=All`, { metadata: { name: 'x' } });
        return answer.code === 201 ? undefined : answer;
      });
      assert.equal(
        denied.body['message'],
        `configmaps "x" is forbidden: ValidatingAdmissionPolicy '${policy}' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'nowhere.example.com/v1, Kind=Nothing'`,
      );
    },
  },
  {
    id: 'admission-policies/policies-are-exempt',
    title: 'Policies do not judge policies, bindings and webhook configurations',
    source: `${docs}; apiserver/pkg/admission/plugin/policy/generic/plugin.go: IsExemptAdmissionConfigurationResource`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/matching.ts',
      find: "  'ValidatingAdmissionPolicyBinding',",
      replace: "  'None',",
    },
    run: async (t) => {
      const everything = {
        apiGroups: ['admissionregistration.k8s.io'],
        apiVersions: ['*'],
        operations: ['*'],
        resources: ['*'],
      };
      const { binding } = await enforce(t, {
        matchConstraints: { resourceRules: [everything, configMapRule('CREATE')] },
        matchConditions: [
          {
            name: 'mine',
            expression: `request.resource.resource != 'configmaps' || request.namespace == '${t.namespace}'`,
          },
        ],
        validations: [{ expression: "request.resource.resource == 'configmaps'" }],
      } as object);
      const path = `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/${binding}`;
      assert.equal((await t.http.patch('merge', path, { metadata: { labels: { touched: 'yes' } } })).code, 200);
      assert.equal((await t.http.call('DELETE', path)).code, 200);
    },
  },
];
