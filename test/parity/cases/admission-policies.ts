// Parity cases: ValidatingAdmissionPolicies.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { causesOf } from './cel-definitions.ts';
import { policyMatchingCases } from './policy-matching.ts';
import { assertDenied, bindings, createMap, enforce, policies, policySpec, storePolicy } from './policy-objects.ts';

const docs = 'docs: reference/access-authn-authz/validating-admission-policy';

const policyCases: readonly ParityCase[] = [
  {
    id: 'admission-policies/denial-texts',
    title:
      'A denial names policy, binding and message; messageExpression, message and expression are tried in this order',
    source: `${docs}, "Getting started"; apiserver/pkg/admission/plugin/policy/validating/dispatcher.go`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/policy-run.ts',
      find: 'return message.trim() || `failed expression: ${expression.trim()}`;',
      replace: 'return message.trim() || expression.trim();',
    },
    run: async (t) => {
      const enforced = await enforce(t, {
        validations: [
          { expression: " object.data.kind != 'bare' " },
          { expression: "object.data.kind != 'said'", message: ' as it is said ' },
          {
            expression: "object.data.kind != 'made'",
            message: 'not this',
            messageExpression: "'made of ' + object.metadata.name",
          },
          {
            expression: "object.data.kind != 'failed'",
            message: 'the static one',
            messageExpression: "'it is ' + object.data.absent",
          },
        ],
      });
      assertDenied(
        await createMap(t, 'a', { kind: 'bare' }),
        enforced,
        'a',
        "failed expression: object.data.kind != 'bare'",
      );
      assertDenied(await createMap(t, 'b', { kind: 'said' }), enforced, 'b', 'as it is said');
      assertDenied(await createMap(t, 'c', { kind: 'made' }), enforced, 'c', 'made of c');
      assertDenied(await createMap(t, 'd', { kind: 'failed' }), enforced, 'd', 'the static one');
      assert.equal((await createMap(t, 'e', { kind: 'good' })).code, 201);
    },
  },
  {
    id: 'admission-policies/reasons-decide-codes',
    title: 'The reason of a validation decides the code of the denial',
    source: `${docs}; apiserver/pkg/admission/plugin/policy/validating/policy_decision.go: reasonToCode`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/policies.ts',
      find: '  Forbidden: 403,',
      replace: '  Forbidden: 422,',
    },
    run: async (t) => {
      const enforced = await enforce(t, {
        validations: [
          { expression: "object.data.kind != 'a'", reason: 'Forbidden', message: 'no' },
          { expression: "object.data.kind != 'b'", reason: 'Unauthorized', message: 'no' },
          { expression: "object.data.kind != 'c'", reason: 'RequestEntityTooLarge', message: 'no' },
        ],
      });
      assertDenied(await createMap(t, 'a', { kind: 'a' }), enforced, 'a', 'no', 403, 'Forbidden');
      assertDenied(await createMap(t, 'b', { kind: 'b' }), enforced, 'b', 'no', 401, 'Unauthorized');
      assertDenied(await createMap(t, 'c', { kind: 'c' }), enforced, 'c', 'no', 413, 'RequestEntityTooLarge');
    },
  },
  {
    id: 'admission-policies/variables',
    title: 'Variables are computed when they are used, from those before them; one that fails says so',
    source: `${docs}, "Variable composition"`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/policy-program.ts',
      find: 'variableTypes.set(name, compiled.ok ? compiled.program.type : types.dyn);',
      replace: 'variableTypes.set(name, types.string);',
    },
    run: async (t) => {
      const enforced = await enforce(t, {
        variables: [
          { name: 'keys', expression: 'object.data.map(k, k)' },
          { name: 'count', expression: 'variables.keys.size()' },
          { name: 'broken', expression: 'object.data.absent' },
        ],
        validations: [
          { expression: 'variables.count < 3', messageExpression: "string(variables.count) + ' keys'" },
          { expression: "!('use' in object.data) || variables.broken == ''" },
        ],
      } as object);
      assert.equal((await createMap(t, 'a', { x: '1' })).code, 201);
      assertDenied(await createMap(t, 'b', { x: '1', y: '2', z: '3' }), enforced, 'b', '3 keys');
      assertDenied(
        await createMap(t, 'c', { use: 'it' }),
        enforced,
        'c',
        `expression '!('use' in object.data) || variables.broken == ''' resulted in error: composited variable "broken" fails to evaluate: no such key: absent`,
      );
    },
  },
  {
    id: 'admission-policies/what-expressions-see',
    title: 'Expressions see both objects, the request, the namespace and the authorizer',
    source: `${docs}, "Validation expression"`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/expression-activation.ts',
      find: 'oldObject: () => plainValue(inKind(view.oldObject, match.kind)),',
      replace: 'oldObject: () => plainValue(inKind(view.object, match.kind)),',
    },
    run: async (t) => {
      const enforced = await enforce(t, {
        validations: [
          {
            expression: "request.operation != 'UPDATE' || object.data.version != oldObject.data.version",
            message: 'same version',
          },
          { expression: "request.operation == 'UPDATE' || oldObject == null", message: 'old object' },
          {
            expression: `namespaceObject.metadata.name == '${t.namespace}' && namespaceObject.status.phase == 'Active'`,
            message: 'namespace',
          },
          {
            expression:
              "request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps' && request.name == object.metadata.name",
            message: 'request',
          },
          {
            expression: "'system:masters' in request.userInfo.groups && !request.dryRun || request.dryRun",
            message: 'user',
          },
          {
            expression: "authorizer.group('').resource('secrets').namespace(request.namespace).check('get').allowed()",
            message: 'authorizer',
          },
          {
            expression:
              "!authorizer.serviceAccount(request.namespace, 'default').group('').resource('secrets').namespace(request.namespace).check('get').allowed()",
            message: 'account',
          },
          {
            expression:
              "authorizer.requestResource.check('create').allowed() && authorizer.path('/healthz').check('get').allowed()",
            message: 'request resource',
          },
        ],
      });
      assert.deepEqual((await createMap(t, 'a', { version: '1' })).body['message'] ?? '', '');
      assertDenied(
        await t.http.patch('merge', `${t.core}/configmaps/a`, { metadata: { labels: { x: 'y' } } }),
        enforced,
        'a',
        'same version',
      );
      assert.equal((await t.http.patch('merge', `${t.core}/configmaps/a`, { data: { version: '2' } })).code, 200);
    },
  },
  {
    id: 'admission-policies/warn-and-audit',
    title: 'A binding may warn in place of denying, and audit without the client noticing',
    source: `${docs}, "Validation actions"`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/policies.ts',
      find: "if (!always && actions.includes('Warn'))",
      replace: "if (always && actions.includes('Warn'))",
    },
    run: async (t) => {
      const { policy, binding } = await enforce(
        t,
        { validations: [{ expression: "object.data.kind == 'good'", message: 'is not good' }] },
        { validationActions: ['Warn', 'Audit'] },
      );
      const warned = await createMap(t, 'a', { kind: 'bad' });
      assert.deepEqual(
        [warned.code, warned.headers['warning']],
        [
          201,
          `299 - "Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': is not good"`,
        ],
      );
      assert.equal((await createMap(t, 'b', { kind: 'good' })).headers['warning'], undefined);
    },
  },
  {
    id: 'admission-policies/failure-policy',
    title:
      'Expressions that fail deny, or are passed over with failurePolicy Ignore; what they decide otherwise counts in either case',
    source: `${docs}, "Failure policy"`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/admission/policy-run.ts',
      find: "const fails = policy.failurePolicy !== 'Ignore';",
      replace: "const fails = policy.failurePolicy !== 'Never';",
    },
    run: async (t) => {
      const validations = [{ expression: "object.data.kind != 'bad'", message: 'bad' }];
      const closed = await enforce(t, {
        validations: [{ expression: "!has(object.metadata.labels) || object.metadata.labels.absent == ''" }],
      });
      assertDenied(
        await createMap(t, 'a', { kind: 'bad' }, { some: 'label' }),
        closed,
        'a',
        "expression '!has(object.metadata.labels) || object.metadata.labels.absent == ''' resulted in error: no such key: absent",
      );
      const open = await enforce(t, { failurePolicy: 'Ignore', validations } as object);
      assert.equal((await t.http.call('POST', `${t.core}/configmaps`, { metadata: { name: 'b' } })).code, 201);
      assertDenied(await createMap(t, 'c', { kind: 'bad' }), open, 'c', 'bad');
    },
  },
  {
    id: 'admission-policies/policies-are-checked',
    title: 'A policy is refused for expressions that do not compile or give another type, and for what it leaves out',
    source: 'pkg/apis/admissionregistration/validation/validation.go: validateValidatingAdmissionPolicySpec',
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/admission-policy.ts',
      find: ": expressionFaults(compiled, ['bool'], expression, `${at}.expression`)),",
      replace: ': expressionFaults(compiled, [], expression, `${at}.expression`)),',
    },
    run: async (t) => {
      const refused = async (spec: object): Promise<readonly string[]> => {
        const answer = await t.http.call('POST', policies, { metadata: { name: t.unique('bad') }, spec });
        assert.equal(answer.code, 422, answer.text);
        return causesOf(answer);
      };
      assert.deepEqual(await refused({}), [
        'spec.matchConstraints: Required value',
        'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
        'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
      ]);
      assert.deepEqual(
        await refused(
          policySpec(t, {
            matchConditions: [{ name: 'm', expression: 'params.x' }],
            variables: [
              { name: 'for', expression: '1' },
              { name: 'n', expression: 'variables.later' },
            ],
            validations: [
              { expression: 'request.nothing', reason: 'NotFound' },
              { expression: "'text'", messageExpression: 'authorizer' },
            ],
            auditAnnotations: [{ key: 'k', valueExpression: '5' }],
          }),
        ),
        [
          `spec.matchConditions[0].expression: Invalid value: "params.x": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x\n | ^`,
          'spec.variables[0].name: Invalid value: "for": name is not a valid CEL identifier',
          `spec.variables[1].expression: Invalid value: "variables.later": compilation failed: ERROR: <input>:1:10: undefined field 'later'\n | variables.later\n | .........^`,
          `spec.validations[0].expression: Invalid value: "request.nothing": compilation failed: ERROR: <input>:1:8: undefined field 'nothing'\n | request.nothing\n | .......^`,
          'spec.validations[0].reason: Unsupported value: "NotFound": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
          `spec.validations[1].expression: Invalid value: "'text'": must evaluate to bool but got string`,
          `spec.validations[1].messageExpression: Invalid value: "authorizer": compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')\n | authorizer\n | ^`,
          'spec.auditAnnotations[0].valueExpression: Invalid value: "5": must evaluate to one of [string null_type] but got int',
        ],
      );
      const binding = await t.http.call('POST', bindings, {
        metadata: { name: t.unique('bad') },
        spec: { policyName: '', validationActions: ['Deny', 'Warn', 'Deny'], paramRef: { name: 'x', selector: {} } },
      });
      assert.deepEqual(causesOf(binding), [
        'spec.policyName: Required value',
        'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
        'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
        'spec.paramRef.parameterNotFoundAction: Required value',
        'spec.validationActions[2]: Duplicate value: "Deny"',
        'spec.validationActions: Invalid value: []admissionregistration.ValidationAction{"Deny", "Warn", "Deny"}: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ]);
    },
  },
  {
    id: 'admission-policies/types-are-checked-in-status',
    title: 'The status tells which expressions do not fit the kinds that the policy matches, and for which generation',
    source: `${docs}, "Type checking"`,
    since: '1.30',
    needs: ['controllers'],
    mutation: {
      file: 'lab/kube/apiserver/admission/policy-status.ts',
      find: 'return [{ fieldRef: `spec.validations[${index}].${member}`, warning:',
      replace: 'return [{ fieldRef: `spec.validations[0].${member}`, warning:',
    },
    run: async (t) => {
      const deployments = {
        apiGroups: ['apps'],
        apiVersions: ['v1'],
        operations: ['CREATE'],
        resources: ['deployments'],
      };
      const name = await storePolicy(t, {
        matchConstraints: { resourceRules: [deployments] },
        validations: [
          { expression: 'object.spec.replicas > 1' },
          { expression: "object.replicas > 1 || object.spec.replicas == 'x'" },
        ],
      });
      const status = await t.until('the status of the policy', async () => {
        const { body } = await t.http.get(`${policies}/${name}`);
        return body['status']?.observedGeneration === undefined
          ? undefined
          : (body['status'] as Record<string, unknown>);
      });
      assert.deepEqual(status, {
        observedGeneration: 1,
        typeChecking: {
          expressionWarnings: [
            {
              fieldRef: 'spec.validations[1].expression',
              warning:
                "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1 || object.spec.replicas == 'x'\n | ......^\n" +
                "ERROR: <input>:1:45: found no matching overload for '_==_' applied to '(int, string)'\n | object.replicas > 1 || object.spec.replicas == 'x'\n | ............................................^\n",
            },
          ],
        },
      });
    },
  },
];

export const admissionPoliciesCases: readonly ParityCase[] = [...policyCases, ...policyMatchingCases];
