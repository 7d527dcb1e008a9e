// Parity cases: what a PUT may and may not do.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const UPDATE = 'lab/kube/apiserver/operations/update.ts';
const store = 'source: apiserver/pkg/registry/generic/registry/store.go, Update';

export const replaceCases: readonly ParityCase[] = [
  {
    id: 'subresources/put-needs-the-lock-where-the-kind-says-so',
    title:
      'A PUT of a Lease or of a custom resource without a resourceVersion is a 422 that names the resource; of a ConfigMap it is done',
    source: `${store} (AllowUnconditionalUpdate)`,
    mutation: {
      file: UPDATE,
      find: "new ShownValue('0x0'), 'must be specified for an update'",
      replace: "0, 'must be specified for an update'",
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'c' } });
      assert.equal(
        (await t.http.call('PUT', `${t.core}/configmaps/c`, { metadata: { name: 'c' }, data: { k: 'v' } })).code,
        200,
      );
      const leases = `/apis/coordination.k8s.io/v1/namespaces/${t.namespace}/leases`;
      await t.http.ok('POST', leases, { metadata: { name: 'l' }, spec: {} });
      const { code, body } = await t.http.call('PUT', `${leases}/l`, {
        metadata: { name: 'l' },
        spec: { holderIdentity: 'me' },
      });
      assert.equal(code, 422);
      assert.equal(
        body['message'],
        'leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
      );
      assert.equal(body['details'].kind, 'leases');
    },
  },
  {
    id: 'subresources/put-that-creates',
    title: 'A PUT creates a Lease, a Role or Endpoints that are not there (201), and nothing else (404)',
    source: `${store} (AllowCreateOnUpdate)`,
    mutation: { file: UPDATE, find: "  'Lease',\n", replace: '' },
    run: async (t) => {
      const lease = await t.http.call('PUT', `/apis/coordination.k8s.io/v1/namespaces/${t.namespace}/leases/l`, {
        metadata: { name: 'l' },
        spec: { holderIdentity: 'me' },
      });
      assert.equal(lease.code, 201, lease.text);
      assert.equal(
        (
          await t.http.call('PUT', `/apis/rbac.authorization.k8s.io/v1/namespaces/${t.namespace}/roles/r`, {
            metadata: { name: 'r' },
            rules: [],
          })
        ).code,
        201,
      );
      assert.equal((await t.http.call('PUT', `${t.core}/endpoints/e`, { metadata: { name: 'e' } })).code, 201);
      const none = await t.http.call('PUT', `${t.core}/configmaps/none`, { metadata: { name: 'none' } });
      assert.deepEqual([none.code, none.body['message']], [404, 'configmaps "none" not found']);
    },
  },
  {
    id: 'subresources/put-with-a-uid',
    title: 'A uid in a PUT is a precondition: another one is a 409',
    source: `${store}; apiserver/pkg/storage/interfaces.go, Preconditions`,
    mutation: {
      file: UPDATE,
      find: "if (uid === '' || uid === found) return;",
      replace: "if (uid !== 'none') return;",
    },
    run: async (t) => {
      const { metadata } = await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'c' } });
      const { code, body } = await t.http.call('PUT', `${t.core}/configmaps/c`, {
        metadata: { name: 'c', uid: 'other' },
      });
      assert.equal(code, 409);
      assert.equal(body['reason'], 'Conflict');
      assert.ok(
        body['message'].startsWith(
          'Operation cannot be fulfilled on configmaps "c": StorageError: invalid object, Code: 4, Key: /registry/configmaps/',
        ),
        body['message'],
      );
      assert.ok(
        body['message'].endsWith(
          `Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}`,
        ),
        body['message'],
      );
    },
  },
  {
    id: 'subresources/server-owned-metadata',
    title:
      'A PUT changes neither the creation time nor a deletion; a self link is dropped; a malformed resourceVersion is a 500',
    source:
      'source: apiserver/pkg/registry/rest/update.go, BeforeUpdate; apimachinery/pkg/api/validation/objectmeta.go',
    mutation: {
      file: 'lab/kube/apiserver/operations/object-identity.ts',
      find: "const IMMUTABLE = ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;",
      replace: "const IMMUTABLE = ['uid', 'deletionGracePeriodSeconds'] as const;",
    },
    run: async (t) => {
      const { metadata } = await t.http.ok('POST', `${t.core}/configmaps`, {
        metadata: { name: 'c', selfLink: '/x', uid: 'mine', creationTimestamp: '2000-01-01T00:00:00Z' },
      });
      assert.notEqual(metadata.uid, 'mine');
      assert.notEqual(metadata.creationTimestamp, '2000-01-01T00:00:00Z');
      assert.equal(metadata.selfLink, undefined);
      const put = (more: object): Promise<Answer> =>
        t.http.call('PUT', `${t.core}/configmaps/c`, { metadata: { name: 'c', ...more } });
      assert.equal(
        (await put({ creationTimestamp: '2000-01-01T00:00:00Z' })).body['metadata'].creationTimestamp,
        metadata.creationTimestamp,
      );
      const deleted = await put({ deletionTimestamp: '2000-01-01T00:00:00Z' });
      assert.equal(deleted.code, 422);
      assert.equal(
        deleted.body['message'],
        'ConfigMap "c" is invalid: metadata.deletionTimestamp: Invalid value: 2000-01-01 00:00:00 +0000 UTC: field is immutable',
      );
      const malformed = await put({ resourceVersion: 'abc' });
      assert.deepEqual(malformed.body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'strconv.ParseUint: parsing "abc": invalid syntax',
        code: 500,
      });
    },
  },
];
