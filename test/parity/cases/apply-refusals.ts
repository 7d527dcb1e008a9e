// Parity cases: what cannot be applied.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const docs = 'docs: reference/using-api/server-side-apply';
const PATCH = 'lab/kube/apiserver/operations/patch.ts';

const send = (t: ParityContext, manager: string, body: object, query = ''): Promise<Answer> =>
  t.http.patch('apply', `${t.core}/configmaps/c?fieldManager=${manager}${query}`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    ...body,
  });

async function applied(t: ParityContext, manager: string, body: object, query = ''): Promise<Answer['body']> {
  const answer = await send(t, manager, body, query);
  assert.ok(answer.code === 200 || answer.code === 201, answer.text);
  return answer.body;
}

export const applyRefusalCases: readonly ParityCase[] = [
  {
    id: 'apply/needs-a-field-manager',
    title: 'Apply without a fieldManager is a 422 of the PatchOptions',
    source: `${docs}; source: apimachinery/pkg/apis/meta/v1/validation/validation.go`,
    mutation: {
      file: 'lab/kube/apiserver/operations/options.ts',
      find: "manager === '' ? [required('fieldManager', 'is required for apply patch')] : []",
      replace: '[]',
    },
    run: async (t) => {
      const { code, body } = await t.http.patch('apply', `${t.core}/configmaps/c`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'c' },
      });
      assert.equal(code, 422);
      assert.deepEqual(body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        reason: 'Invalid',
        details: {
          group: 'meta.k8s.io',
          kind: 'PatchOptions',
          causes: [
            {
              reason: 'FieldValueRequired',
              message: 'Required value: is required for apply patch',
              field: 'fieldManager',
            },
          ],
        },
        code: 422,
      });
    },
  },
  {
    id: 'apply/kind-is-required',
    title: 'A configuration of another kind or version, or of none, is a 400 that names what it is',
    source:
      'source: apimachinery/pkg/util/managedfields/internal/versioncheck.go; kubernetes/test/integration/apiserver/apply, TestApplyManagedFields',
    since: '1.25',
    mutation: {
      file: PATCH,
      find: 'if (apiVersion !== expected || kind !== definition.kind)',
      replace: "if (apiVersion === '')",
    },
    run: async (t) => {
      const apply = (body: object): Promise<Answer> =>
        t.http.patch('apply', `${t.core}/configmaps/c?fieldManager=one`, body);
      const metadata = { name: 'c' };
      for (const [body, type] of [
        [{ metadata }, '/, Kind='],
        [{ apiVersion: 'v1', metadata }, '/v1, Kind='],
        [{ kind: 'ConfigMap', metadata }, '/, Kind=ConfigMap'],
        [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata }, 'apps/v1, Kind=Deployment'],
      ] as const) {
        const answer = await apply(body);
        assert.equal(answer.code, 400);
        assert.equal(answer.body['message'], `invalid object type: ${type}`);
      }
    },
  },
  {
    id: 'apply/managed-fields-must-be-nil',
    title: 'A configuration with managedFields is a 400, an empty list included; null is none',
    source: 'source: apimachinery/pkg/util/managedfields/internal/structuredmerge.go, Apply',
    mutation: {
      file: PATCH,
      find: "if (Array.isArray(metadata['managedFields'])) throw",
      replace: "if (Array.isArray(metadata['managedFields']) && metadata['managedFields'].length > 0) throw",
    },
    run: async (t) => {
      const answer = await send(t, 'one', { metadata: { name: 'c', managedFields: [] } });
      assert.equal(answer.code, 400);
      assert.equal(answer.body['message'], 'metadata.managedFields must be nil');
      await applied(t, 'one', { metadata: { name: 'c', managedFields: null } });
    },
  },
  {
    id: 'apply/undeclared-fields',
    title: 'Fields that the kind does not have, and duplicate keys, are a 500 that says where',
    source:
      'source: structured-merge-diff/v4/typed/validate.go; kubernetes/test/integration/apiserver/apply, TestApplyInvalidManagedFields',
    mutation: {
      file: 'lab/kube/apiserver/apply/typed-faults.ts',
      find: 'if (seen.has(step)) faults.push',
      replace: 'if (step === "") faults.push',
    },
    run: async (t) => {
      const unknown = await send(t, 'one', { frob: 1 });
      assert.equal(unknown.code, 500);
      assert.match(
        unknown.body['message'],
        /^failed to create typed patch object.*: \.frob: field not declared in schema$/,
      );
      const twice = await t.http.patch('apply', `${t.core}/pods/p?fieldManager=one`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p' },
        spec: {
          automountServiceAccountToken: false,
          containers: [
            { name: 'a', image: 'registry.example/a' },
            { name: 'a', image: 'registry.example/b' },
          ],
        },
      });
      assert.equal(twice.code, 500);
      assert.match(
        twice.body['message'],
        /^failed to create typed patch object.*: \.spec\.containers: duplicate entries for key \[name="a"\]$/,
      );
    },
  },
  {
    id: 'apply/identity',
    title:
      'The configuration must carry the name when it creates; another name is refused; a uid or resourceVersion is a condition',
    source: 'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go, applyPatch',
    mutation: { file: PATCH, find: "if (uid !== '')\n", replace: "if (uid === 'none')\n" },
    run: async (t) => {
      const apply = (metadata: object): Promise<Answer> => send(t, 'one', { metadata });
      const nameless = await apply({});
      assert.equal(nameless.code, 400);
      assert.equal(
        nameless.body['message'],
        'the name of the object (c based on URL) was undeterminable: name must be provided',
      );
      const other = await apply({ name: 'd' });
      assert.equal(other.code, 400);
      assert.equal(other.body['message'], 'the name of the object (d) does not match the name on the URL (c)');
      const withUid = await apply({ name: 'c', uid: 'u1' });
      assert.equal(withUid.code, 409);
      assert.equal(
        withUid.body['message'],
        'Operation cannot be fulfilled on configmaps "c": uid mismatch: the provided object specified uid u1, and no existing object was found',
      );
      assert.equal((await apply({ name: 'c' })).code, 201);
      assert.equal((await apply({})).code, 200, 'the name of what is there');
      const stale = await apply({ name: 'c', resourceVersion: '1' });
      assert.equal(stale.code, 409);
      assert.match(
        stale.body['message'],
        /the object has been modified; please apply your changes to the latest version and try again$/,
      );
    },
  },
];
