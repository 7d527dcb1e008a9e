// Parity cases: what a webhook is told about a write, and what its changes come to.
import assert from 'node:assert/strict';
import { encodedPatch } from '../drivers/webhook.ts';
import type { ParityCase } from '../parity-case.ts';
import { allow, configure, createConfigMap, onConfigMaps } from './webhook-configurations.ts';

const needs = ['local-webhooks'] as const;
const docs = 'docs: reference/access-authn-authz/extensible-admission-controllers';

export const webhookReviewCases: readonly ParityCase[] = [
  {
    id: 'webhooks/review-of-a-create',
    title: 'A webhook is told kind, resource, operation, user, options, dry run and the object as it came',
    source: `${docs}, "Request"`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-review.ts',
      find: '      dryRun: request.dryRun,',
      replace: '      dryRun: false,',
    },
    run: async (t) => {
      const { requests } = await configure(t, 'mutating', allow);
      await t.http.ok('POST', `${t.core}/configmaps?dryRun=All&fieldManager=tester`, {
        metadata: { generateName: 'seen-' },
        data: { a: 'b' },
      });
      const [request] = requests();
      const { uid, object, userInfo, ...rest } = request ?? {};
      assert.match(uid, /^[0-9a-f-]{36}$/);
      assert.deepEqual(rest, {
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        resource: { group: '', version: 'v1', resource: 'configmaps' },
        requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
        requestResource: { group: '', version: 'v1', resource: 'configmaps' },
        namespace: t.namespace,
        operation: 'CREATE',
        oldObject: null,
        dryRun: true,
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', dryRun: ['All'], fieldManager: 'tester' },
      });
      assert.ok(userInfo.groups.includes('system:masters'));
      assert.deepEqual([object.kind, object.apiVersion, object.data], ['ConfigMap', 'v1', { a: 'b' }]);
      assert.deepEqual([object.metadata.generateName, object.metadata.name], ['seen-', undefined]);
    },
  },
  {
    id: 'webhooks/review-of-an-update-and-a-delete',
    title: 'An update shows both objects with their identity, a deletion the old one and its options',
    source: `${docs}, "Request" (object, oldObject, options)`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-review.ts',
      find: 'oldObject: inKind(view.oldObject, match.kind) ?? null,',
      replace: 'oldObject: null,',
    },
    run: async (t) => {
      const { requests } = await configure(t, 'validating', allow, {
        rules: [onConfigMaps('CREATE', 'UPDATE', 'DELETE')],
      });
      const created = (await createConfigMap(t, 'm', { data: { a: '1' } })).body;
      await t.http.patch('merge', `${t.core}/configmaps/m`, { data: { a: '2' } });
      await t.http.call('DELETE', `${t.core}/configmaps/m`);
      const [update, removal] = ['UPDATE', 'DELETE'].map((operation) =>
        requests().findLast((request) => request['operation'] === operation),
      );
      assert.deepEqual(
        [update?.['name'], update?.['oldObject'].data, update?.['object'].data],
        ['m', { a: '1' }, { a: '2' }],
      );
      assert.equal(update?.['object'].metadata.uid, created['metadata'].uid);
      assert.equal(update?.['oldObject'].metadata.resourceVersion, created['metadata'].resourceVersion);
      assert.equal(update?.['options'].kind, 'UpdateOptions');
      assert.deepEqual(
        [removal?.['operation'], removal?.['object'], removal?.['oldObject'].data],
        ['DELETE', null, { a: '2' }],
      );
      assert.equal(removal?.['options'].kind, 'DeleteOptions');
    },
  },
  {
    id: 'webhooks/objects-are-shown-with-defaults',
    title: 'A webhook sees the object after defaulting, and what it leaves out is filled in after it',
    source: `${docs}; apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go: Default after each patch`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhooks.ts',
      find: ': redecode(definition, { ...seen, apiVersion: object.apiVersion });',
      replace: ': { ...seen, apiVersion: object.apiVersion };',
    },
    run: async (t) => {
      const services = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['services'] };
      const rules = [onConfigMaps('CREATE'), services];
      const base = t.unique('defaults');
      const first = await configure(
        t,
        'mutating',
        () => ({
          allowed: true,
          ...encodedPatch([{ op: 'add', path: '/spec/ports/-', value: { name: 'more', port: 81 } }]),
        }),
        { rules },
        `${base}-a`,
      );
      const second = await configure(t, 'mutating', allow, { rules }, `${base}-b`);
      await t.http.ok('POST', `${t.core}/services`, {
        metadata: { name: 's' },
        spec: { ports: [{ name: 'one', port: 80 }] },
      });
      const [before] = first.requests();
      assert.deepEqual(
        [
          before?.['object'].spec.type,
          before?.['object'].spec.sessionAffinity,
          before?.['object'].spec.ports[0].protocol,
        ],
        ['ClusterIP', 'None', 'TCP'],
      );
      const [after] = second.requests();
      assert.deepEqual(after?.['object'].spec.ports[1], { name: 'more', protocol: 'TCP', port: 81, targetPort: 81 });
    },
  },
  {
    id: 'webhooks/patch-is-validated',
    title: 'What a webhook changes is validated like what a client sends',
    source: `${docs}, "Mutating webhooks"`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-patch.ts',
      find: 'current = applyJsonPatch(current, [operation]);',
      replace: 'applyJsonPatch(current, [operation]);',
    },
    run: async (t) => {
      await configure(t, 'mutating', () => ({
        allowed: true,
        ...encodedPatch([{ op: 'add', path: '/metadata/labels', value: { bad: 'not valid!' } }]),
      }));
      const { code, body } = await createConfigMap(t, 'm');
      assert.deepEqual([code, body['reason'], body['details'].causes[0].field], [422, 'Invalid', 'metadata.labels']);
    },
  },
  {
    id: 'webhooks/deletions-cannot-be-patched',
    title: 'A mutating webhook is asked about deletions, and fails them when it wants to change what is not there',
    source: 'apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go: callAttrMutatingHook',
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhooks.ts',
      find: 'if (object === undefined || view.object === undefined)',
      replace: 'if (object === undefined || view.object === undefined) return object;\n  if (patch.length > 9)',
    },
    run: async (t) => {
      const { hookName } = await configure(
        t,
        'mutating',
        (request) => ({
          allowed: true,
          ...(request['operation'] === 'DELETE'
            ? encodedPatch([{ op: 'add', path: '/metadata/labels', value: {} }])
            : {}),
        }),
        { rules: [onConfigMaps('CREATE', 'DELETE')] },
      );
      await createConfigMap(t, 'm');
      const { code, body } = await t.http.call('DELETE', `${t.core}/configmaps/m`);
      assert.deepEqual(
        [code, body['message']],
        [
          500,
          `Internal error occurred: admission webhook "${hookName}" attempted to modify the object, which is not supported for this operation`,
        ],
      );
    },
  },
  {
    id: 'webhooks/review-version-is-the-first-known',
    title: 'The review is sent in the first version of admissionReviewVersions that the server knows',
    source: `${docs}, "Webhook request and response" (admissionReviewVersions)`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-config.ts',
      find: "=== 'v1beta1' ? 'v1beta1' : 'v1';",
      replace: "=== 'v1beta1' ? 'v1' : 'v1';",
    },
    run: async (t) => {
      let text = '';
      await configure(
        t,
        'validating',
        (request) => (response) => {
          response.setHeader('content-type', 'application/json');
          // Earlier reviews take an answer without their uid.
          text = JSON.stringify({
            apiVersion: 'admission.k8s.io/v1beta1',
            kind: 'AdmissionReview',
            response: { allowed: request['uid'] !== '' },
          });
          response.end(text);
        },
        { admissionReviewVersions: ['v9', 'v1beta1', 'v1'] },
      );
      assert.equal((await createConfigMap(t, 'm')).code, 201);
      assert.notEqual(text, '');
    },
  },
];
