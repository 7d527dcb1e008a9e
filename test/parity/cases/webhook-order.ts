// Parity cases: the order of webhooks, deletions of many objects, match conditions, and configurations that are refused.
import assert from 'node:assert/strict';
import { encodedPatch } from '../drivers/webhook.ts';
import type { ParityCase } from '../parity-case.ts';
import {
  allow,
  configurationPath,
  configure,
  createConfigMap,
  onConfigMaps,
  ruleOf as rule,
  webhookOf,
} from './webhook-configurations.ts';

const needs = ['local-webhooks'] as const;
const docs = 'docs: reference/access-authn-authz/extensible-admission-controllers';

export const webhookOrderCases: readonly ParityCase[] = [
  {
    id: 'webhooks/order-and-reinvocation',
    title:
      'Mutating webhooks run by name of their configuration, and again when they ask for it and a later one changed the object',
    source: `${docs}, "Reinvocation policy"`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhooks.ts',
      find: 'for (const invocation of again) await call(invocation);',
      replace: '',
    },
    run: async (t) => {
      const calls: string[] = [];
      const seen = (who: string) => (request: { readonly object?: { data?: Record<string, string> } }) => {
        calls.push(
          `${who}:${Object.keys(request.object?.data ?? {})
            .sort()
            .join('')}`,
        );
      };
      const noteB = seen('b');
      const noteA = seen('a');
      const base = t.unique('order');
      await configure(
        t,
        'mutating',
        (request) => {
          noteB(request);
          return { allowed: true, ...encodedPatch([{ op: 'add', path: '/data/b', value: 'b' }]) };
        },
        {},
        `${base}-b`,
      );
      await configure(
        t,
        'mutating',
        (request) => {
          noteA(request);
          return { allowed: true };
        },
        { reinvocationPolicy: 'IfNeeded' },
        `${base}-a`,
      );
      const { body } = await createConfigMap(t, 'ordered', { data: { z: 'z' } });
      assert.deepEqual(calls, ['a:z', 'b:z', 'a:bz']);
      assert.deepEqual(body['data'], { z: 'z', b: 'b' });
    },
  },
  {
    id: 'webhooks/deletecollection-asks-per-object',
    title: 'Deleting a collection asks about every object, and stops with the refusal',
    source: 'apiserver/pkg/registry/generic/registry/store.go: DeleteCollection',
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhooks.ts',
      find: "if (request.operation === 'DELETE' || isOneWay(request))",
      replace: "if (request.operation === 'DELETE') return;\n      if (isOneWay(request))",
    },
    run: async (t) => {
      const { requests, hookName } = await configure(
        t,
        'validating',
        (request) => ({ allowed: request['oldObject']?.metadata.name !== 'keep' }),
        {
          rules: [onConfigMaps('CREATE', 'DELETE')],
        },
      );
      for (const name of ['go', 'keep'])
        await createConfigMap(t, name, { metadata: { name, labels: { mine: 'yes' } } });
      const { code, body } = await t.http.call('DELETE', `${t.core}/configmaps?labelSelector=mine%3Dyes`);
      assert.deepEqual(
        [code, body['message']],
        [400, `admission webhook "${hookName}" denied the request without explanation`],
      );
      const asked = requests().filter((request) => request['operation'] === 'DELETE');
      assert.deepEqual(new Set(asked.map((request) => request['oldObject'].metadata.name)), new Set(['go', 'keep']));
      for (const request of asked) assert.deepEqual([request['name'], request['object']], [undefined, null]);
      assert.equal((await t.http.get(`${t.core}/configmaps/keep`)).code, 200);
    },
  },
  {
    id: 'webhooks/match-conditions',
    title: 'matchConditions keep a webhook out; one that cannot be decided refuses the write with failurePolicy Fail',
    source: `${docs}, "Matching requests: matchConditions"`,
    since: '1.28',
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/match-conditions.ts',
      find: 'else if (outcome.value !== true) return { matches: false };',
      replace: 'else if (outcome.value !== true) errors.push(name);',
    },
    run: async (t) => {
      const { requests } = await configure(t, 'validating', allow, {
        objectSelector: { matchLabels: { conditioned: 'yes' } },
        matchConditions: [
          { name: 'not-quiet', expression: "!('quiet' in object.data)" },
          { name: 'loud', expression: "object.data.volume == 'loud'" },
          {
            name: 'not-mine',
            expression:
              "request.userInfo.username != 'nobody' && authorizer.group('').resource('pods').check('get').allowed()",
          },
        ],
      });
      const create = (name: string, data: object): ReturnType<typeof createConfigMap> =>
        createConfigMap(t, name, { metadata: { name, labels: { conditioned: 'yes' } }, data });
      assert.equal((await create('a', { quiet: 'yes' })).code, 201);
      assert.equal((await create('b', { volume: 'loud' })).code, 201);
      assert.deepEqual(
        requests().map((request) => request['name']),
        ['b'],
      );
      const undecided = await create('c', {});
      assert.deepEqual(
        [undecided.code, undecided.body['message']],
        [
          403,
          `configmaps "c" is forbidden: [expression '!('quiet' in object.data)' resulted in error: no such key: data, expression 'object.data.volume == 'loud'' resulted in error: no such key: data]`,
        ],
      );
    },
  },
  {
    id: 'webhooks/invalid-configurations',
    title: 'Configurations are refused for names, versions, URLs, rules and expressions that cannot work',
    source: 'pkg/apis/admissionregistration/validation/validation.go',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/webhook-configuration.ts',
      find: "'should be a domain with at least three segments separated by dots'",
      replace: "'should be a domain'",
    },
    run: async (t) => {
      const name = t.unique('bad');
      const { code, body } = await t.http.call('POST', configurationPath('validating'), {
        metadata: { name },
        webhooks: [
          webhookOf(
            t,
            'short.name',
            { url: 'http://user@example.com/x?y=z#w' },
            {
              admissionReviewVersions: ['v2'],
              sideEffects: 'Some',
              timeoutSeconds: 31,
              rules: [rule(['*', 'CREATE'], ['*', 'pods']), rule(['MAKE'], [])],
            },
          ),
        ],
      });
      const at = 'webhooks[0]';
      assert.equal(code, 422);
      assert.deepEqual(
        (body['details'].causes as { field: string; message: string }[])
          .map((cause) => `${cause.field}: ${cause.message}`)
          .sort(),
        [
          `${at}.name: Invalid value: "short.name": should be a domain with at least three segments separated by dots`,
          `${at}.rules[0].operations: Invalid value: []admissionregistration.OperationType{"*", "CREATE"}: if '*' is present, must not specify other operations`,
          `${at}.rules[0].resources: Invalid value: []string{"*", "pods"}: if '*' is present, must not specify other resources without subresources`,
          `${at}.rules[1].operations[0]: Unsupported value: "MAKE": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"`,
          `${at}.rules[1].resources: Required value`,
          `${at}.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`,
          `${at}.timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`,
          `${at}.clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
          `${at}.clientConfig.url: Invalid value: "user": user information is not permitted in the URL`,
          `${at}.clientConfig.url: Invalid value: "w": fragments are not permitted in the URL`,
          `${at}.clientConfig.url: Invalid value: "y=z": query parameters are not permitted in the URL`,
          `${at}.admissionReviewVersions: Invalid value: []string{"v2"}: must include at least one of v1, v1beta1`,
        ].sort(),
      );
    },
  },
];
