// Deleting one object or a collection: what is answered, what keeps an object, what refuses.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';

const REMOVAL = 'lab/kube/apiserver/operations/removal.ts';
const OPTIONS = 'lab/kube/apiserver/operations/delete-options.ts';
const FINALIZERS = 'lab/kube/apiserver/operations/deletion-finalizers.ts';
const STORE = 'source: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go';
const BEFORE_DELETE = 'source: staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go';

export const deletionOfObjectsCases: readonly ParityCase[] = [
  {
    id: 'deletion/answers-with-what-went',
    title: 'A DELETE answers with a Status that names the object and its uid; some kinds answer with the object',
    source: `${STORE}, finalizeDelete and ReturnDeletedObject`,
    mutation: {
      file: REMOVAL,
      find: "const SHOWN_WHEN_GONE = ['Namespace', 'Pod', 'PodTemplate', 'Service', 'ServiceAccount'];",
      replace: 'const SHOWN_WHEN_GONE: string[] = [];',
    },
    run: async (t) => {
      const made = await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a' } });
      const gone = await t.http.call('DELETE', `${t.core}/configmaps/a`);
      assert.equal(gone.code, 200);
      assert.deepEqual(gone.body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'a', kind: 'configmaps', uid: made['metadata'].uid },
      });
      await t.http.ok('POST', `${t.core}/serviceaccounts`, { metadata: { name: 'a' } });
      assert.equal((await t.http.ok('DELETE', `${t.core}/serviceaccounts/a`))['kind'], 'ServiceAccount');
      assert.equal((await t.http.call('DELETE', `${t.core}/configmaps/a`)).code, 404);
    },
  },
  {
    id: 'deletion/preconditions',
    title: 'A precondition on uid or resourceVersion that does not hold is a conflict that names the kind',
    source: `${BEFORE_DELETE}, BeforeDelete`,
    mutation: { file: REMOVAL, find: '{ group: definition.group, plural: definition.kind },', replace: 'definition,' },
    run: async (t) => {
      const { metadata } = await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a' } });
      const path = `${t.core}/configmaps/a`;
      const byUid = await t.http.call('DELETE', path, { preconditions: { uid: 'another' } });
      assert.deepEqual(
        [byUid.code, byUid.body['reason'], byUid.body['details']],
        [409, 'Conflict', { name: 'a', kind: 'ConfigMap' }],
      );
      assert.equal(
        byUid.body['message'],
        `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (another) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
      );
      const byVersion = await t.http.call('DELETE', path, { preconditions: { resourceVersion: '1' } });
      assert.equal(
        byVersion.body['message'],
        `Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
      );
      const both = { uid: metadata.uid, resourceVersion: metadata.resourceVersion };
      assert.equal((await t.http.call('DELETE', path, { preconditions: both })).code, 200);
    },
  },
  {
    id: 'deletion/bad-options',
    until: '1.34',
    title:
      'Options outside their range are refused as an invalid DeleteOptions, and a query that is no number as a bad request',
    source: 'source: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go, ValidateDeleteOptions',
    mutation: {
      file: OPTIONS,
      find: "errors.push(notSupported('propagationPolicy', policy, [...POLICIES, 'nil']));",
      replace: 'void notSupported;',
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a' } });
      const path = `${t.core}/configmaps/a`;
      const policy = await t.http.call('DELETE', path, { propagationPolicy: 'Sideways' });
      assert.equal(policy.code, 422);
      assert.equal(
        policy.body['message'],
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
      );
      assert.deepEqual(policy.body['details'], {
        group: 'meta.k8s.io',
        kind: 'DeleteOptions',
        causes: [
          {
            reason: 'FieldValueNotSupported',
            message: 'Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
            field: 'propagationPolicy',
          },
        ],
      });
      const both = await t.http.call('DELETE', path, { propagationPolicy: 'Orphan', orphanDependents: true });
      assert.equal(
        both.body['message'],
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
      );
      const dryRun = await t.http.call('DELETE', `${path}?dryRun=Some`);
      assert.equal(
        dryRun.body['message'],
        'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All"',
      );
      const grace = await t.http.call('DELETE', `${path}?gracePeriodSeconds=soon`);
      assert.deepEqual([grace.code, grace.body['message']], [400, 'strconv.ParseInt: parsing "soon": invalid syntax']);
      assert.equal((await t.http.get(path)).code, 200);
    },
  },
  {
    id: 'deletion/body-hides-query',
    title: 'Options in a body count alone; those of the query are then not looked at',
    source: 'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go, DeleteResource',
    mutation: {
      file: OPTIONS,
      find: 'const given = body === undefined ? fromQuery(query) : fromBody(body);',
      replace: 'const given = { ...fromQuery(query), ...(body === undefined ? {} : fromBody(body)) };',
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a' } });
      await t.http.ok('DELETE', `${t.core}/configmaps/a?dryRun=All`);
      assert.equal((await t.http.get(`${t.core}/configmaps/a`)).code, 200);
      await t.http.ok('DELETE', `${t.core}/configmaps/a?dryRun=All`, { kind: 'DeleteOptions', apiVersion: 'v1' });
      assert.equal((await t.http.get(`${t.core}/configmaps/a`)).code, 404);
    },
  },
  {
    id: 'deletion/finalizers-hold',
    title: 'An object with finalizers is marked, answers for itself, and goes with the last of them',
    source: 'docs: concepts/overview/working-with-objects/finalizers, "How finalizers work"',
    mutation: {
      file: REMOVAL,
      find: 'if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;',
      replace: 'if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0) return false;',
    },
    run: async (t) => {
      const path = `${t.core}/configmaps/a`;
      const finalizers = ['example.com/one', 'example.com/two'];
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a', finalizers } });
      const marked = await t.http.ok('DELETE', path);
      assert.equal(marked['kind'], 'ConfigMap');
      assert.equal(marked['metadata'].deletionGracePeriodSeconds, 0);
      assert.match(marked['metadata'].deletionTimestamp, /^\d{4}-/);
      const again = await t.http.ok('DELETE', path);
      assert.equal(again['metadata'].deletionTimestamp, marked['metadata'].deletionTimestamp);
      assert.equal(again['metadata'].resourceVersion, marked['metadata'].resourceVersion);
      const one = await t.http.patch('merge', path, { metadata: { finalizers: ['example.com/two'] } });
      assert.equal(one.code, 200);
      assert.equal((await t.http.get(path)).code, 200);
      const last = await t.http.patch('merge', path, { metadata: { finalizers: null } });
      assert.equal(last.code, 200);
      assert.equal(last.body['metadata'].finalizers, undefined);
      assert.equal((await t.http.get(path)).code, 404);
    },
  },
  {
    id: 'deletion/no-new-finalizers',
    title: 'An object that is being deleted takes no new finalizers',
    source: 'source: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go, ValidateNoNewFinalizers',
    mutation: {
      file: 'lab/kube/apiserver/operations/object-identity.ts',
      find: 'no new finalizers can be added if the object is being deleted, found new finalizers',
      replace: 'no new finalizers: ',
    },
    run: async (t) => {
      const path = `${t.core}/configmaps/a`;
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a', finalizers: ['example.com/keep'] } });
      await t.http.ok('DELETE', path);
      t.defer(() => t.http.patch('merge', path, { metadata: { finalizers: null } }));
      const refused = await t.http.patch('merge', path, {
        metadata: { finalizers: ['example.com/keep', 'example.com/more'] },
      });
      assert.equal(refused.code, 422);
      assert.equal(
        refused.body['message'],
        'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}',
      );
    },
  },
  {
    id: 'deletion/collector-finalizers',
    title: 'A policy leaves a finalizer for the garbage collector, and a later one replaces it',
    source: `${STORE}, deletionFinalizersForGarbageCollection`,
    mutation: { file: FINALIZERS, find: 'return [...others, FOREGROUND];', replace: 'return others;' },
    run: async (t) => {
      const path = `${t.core}/configmaps/a`;
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a', finalizers: ['example.com/keep'] } });
      t.defer(() => t.http.patch('merge', path, { metadata: { finalizers: null } }));
      const finalizersAfter = async (options: object): Promise<string[]> =>
        (await t.http.ok('DELETE', `${path}?dryRun=All`, { ...options, dryRun: ['All'] }))['metadata'].finalizers;
      assert.deepEqual(await finalizersAfter({ propagationPolicy: 'Foreground' }), [
        'example.com/keep',
        'foregroundDeletion',
      ]);
      assert.deepEqual(await finalizersAfter({ propagationPolicy: 'Orphan' }), ['example.com/keep', 'orphan']);
      assert.deepEqual(await finalizersAfter({ orphanDependents: true }), ['example.com/keep', 'orphan']);
      assert.deepEqual(await finalizersAfter({ propagationPolicy: 'Background' }), ['example.com/keep']);
      assert.deepEqual(await finalizersAfter({}), ['example.com/keep']);
    },
  },
  {
    id: 'deletion/standing-finalizer-decides',
    title: 'A finalizer `orphan` that an object has already decides what a deletion without a policy does',
    source: `${STORE}, shouldOrphanDependents`,
    mutation: {
      file: FINALIZERS,
      find: "if (standing !== undefined) return standing === ORPHAN ? 'orphan' : 'foreground';",
      replace: '',
    },
    run: async (t) => {
      const metadata = { name: 'a', finalizers: ['orphan', 'example.com/keep'] };
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata });
      t.defer(() => t.http.patch('merge', `${t.core}/configmaps/a`, { metadata: { finalizers: null } }));
      const plain = await t.http.ok('DELETE', `${t.core}/configmaps/a?dryRun=All`);
      assert.deepEqual(plain['metadata'].finalizers.sort(), ['example.com/keep', 'orphan']);
      const told = await t.http.ok('DELETE', `${t.core}/configmaps/a?dryRun=All&propagationPolicy=Background`);
      assert.deepEqual(told['metadata'].finalizers, ['example.com/keep']);
    },
  },
  {
    id: 'deletion/collection',
    title: 'A collection is deleted by selector, and the answer lists what was there',
    source:
      'conformance: [sig-api-machinery] "should delete a collection of pods" and ConfigMap "should run through a ConfigMap lifecycle"',
    mutation: {
      file: REMOVAL,
      find: 'for (const { object } of page.items) {',
      replace: 'for (const { object } of page.items.slice(1)) {',
    },
    run: async (t) => {
      for (const [name, group] of [
        ['a', 'one'],
        ['b', 'one'],
        ['c', 'two'],
      ])
        await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name, labels: { group } } });
      const path = `${t.core}/configmaps?labelSelector=group%3Done`;
      const gone = await t.http.ok('DELETE', path);
      assert.equal(gone['kind'], 'ConfigMapList');
      assert.deepEqual(
        gone['items'].map((item: { metadata: { name: string } }) => item.metadata.name),
        ['a', 'b'],
      );
      assert.deepEqual((await t.http.ok('GET', path))['items'], []);
      assert.equal((await t.http.get(`${t.core}/configmaps/c`)).code, 200);
    },
  },
  {
    id: 'deletion/event-shows-last-state',
    title: 'Watchers see an object without finalizers go in one event, with the version of its deletion',
    source: 'docs: reference/using-api/api-concepts, "Efficient detection of changes"',
    mutation: {
      file: REMOVAL,
      find: 'if (finalizers.length === 0 && !isBlocked) return { next: undefined, removes: true };',
      replace: 'if (finalizers.length < 0) return { next: undefined, removes: true };',
    },
    run: async (t) => {
      const made = await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a' }, data: { key: 'value' } });
      const from = made['metadata'].resourceVersion;
      const watch = await t.http.watch(
        `${t.core}/configmaps?watch=1&fieldSelector=metadata.name%3Da&resourceVersion=${from}`,
      );
      t.defer(async () => watch.close());
      await t.http.ok('DELETE', `${t.core}/configmaps/a`);
      const { type, object } = await watch.next();
      assert.equal(type, 'DELETED');
      assert.deepEqual(object['data'], { key: 'value' });
      assert.equal(object['metadata'].deletionTimestamp, undefined);
      assert.ok(Number(object['metadata'].resourceVersion) > Number(from));
    },
  },
];
