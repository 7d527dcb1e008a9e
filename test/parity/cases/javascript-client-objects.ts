// Parity cases of the official JavaScript client: objects through its typed calls, with its own types, patches and errors.
import assert from 'node:assert/strict';
import type { V1ConfigMap } from '@kubernetes/client-node';
import type { ParityCase } from '../parity-case.ts';

/** The parts of the client's ApiException that programs read; its body is the Status as text or already decoded. */
interface ApiFailure {
  readonly code: number;
  readonly body: unknown;
}

/** The error of a call that must fail, with the Status in it. Throws when the call succeeds or fails otherwise. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ readonly code: number; readonly status: Record<string, unknown> }> {
  const error: unknown = await call.then(
    () => assert.fail('the call succeeded'),
    (reason: unknown) => reason,
  );
  const { ApiException } = await import('@kubernetes/client-node');
  assert.ok(error instanceof ApiException, String(error));
  const { code, body } = error as unknown as ApiFailure;
  const status: unknown = typeof body === 'string' && body.startsWith('{') ? JSON.parse(body) : body;
  return { code, status: (status ?? {}) as Record<string, unknown> };
}

/** The copy with other data, under its resourceVersion. */
function holding({ metadata }: V1ConfigMap, by: string): V1ConfigMap {
  return { data: { by }, ...(metadata === undefined ? {} : { metadata }) };
}

export const javascriptClientObjectCases: readonly ParityCase[] = [
  {
    id: 'javascript-client/create-and-read',
    title: 'A typed creation comes back complete, with a Date for its creation time, and reads the same afterwards',
    source: '@kubernetes/client-node, src/gen/models/V1ObjectMeta.ts: creationTimestamp is a Date',
    mutation: {
      file: 'lab/kube/apiserver/operations/create.ts',
      find: 'metadata.creationTimestamp = timestamp(core.clock.now());',
      replace: "metadata.creationTimestamp = '';",
    },
    run: async (t) => {
      const { core } = await t.javascriptClient();
      const body = {
        metadata: { generateName: 'settings-' },
        data: { colour: 'blue' },
        binaryData: { raw: 'AAECAw==' },
      };
      const created = await core.createNamespacedConfigMap({ namespace: t.namespace, body });
      assert.match(created.metadata?.name ?? '', /^settings-[a-z0-9]{5}$/);
      assert.ok(created.metadata?.creationTimestamp instanceof Date);
      assert.ok(Math.abs(created.metadata.creationTimestamp.getTime() - Date.now()) < 3_600_000);
      assert.deepEqual(created.binaryData, { raw: 'AAECAw==' });
      const read = await core.readNamespacedConfigMap({ namespace: t.namespace, name: created.metadata.name ?? '' });
      assert.deepEqual(read, created);
    },
  },
  {
    id: 'javascript-client/patch-formats',
    title:
      'The client sends JSON Patch unless told otherwise; merge, strategic and apply patches go by their content type',
    source: '@kubernetes/client-node, src/gen/apis/CoreV1Api.ts and src/patch.ts',
    mutation: {
      file: 'lab/kube/apiserver/operations/patch-type.ts',
      find: "  merge: 'application/merge-patch+json',",
      replace: "  merge: 'application/merge-patch',",
    },
    run: async (t) => {
      const { PatchStrategy, setHeaderOptions } = await import('@kubernetes/client-node');
      const { core } = await t.javascriptClient();
      const at = { namespace: t.namespace, name: 'patched' };
      await core.createNamespacedConfigMap({
        namespace: t.namespace,
        body: { metadata: { name: 'patched' }, data: { a: '1', b: '2' } },
      });
      const json = await core.patchNamespacedConfigMap({
        ...at,
        body: [{ op: 'replace', path: '/data/a', value: '3' }],
      });
      assert.deepEqual(json.data, { a: '3', b: '2' });
      const as = (format: Parameters<typeof setHeaderOptions>[1]): ReturnType<typeof setHeaderOptions> =>
        setHeaderOptions('Content-Type', format);
      const merged = await core.patchNamespacedConfigMap(
        { ...at, body: { data: { b: null, c: '4' } } },
        as(PatchStrategy.MergePatch),
      );
      assert.deepEqual(merged.data, { a: '3', c: '4' });
      const strategic = await core.patchNamespacedConfigMap(
        { ...at, body: { data: { $patch: 'replace', d: '5' } } },
        as(PatchStrategy.StrategicMergePatch),
      );
      assert.deepEqual(strategic.data, { d: '5' });
      const applied = await core.patchNamespacedConfigMap(
        {
          ...at,
          fieldManager: 'me',
          body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patched' }, data: { e: '6' } },
        },
        as(PatchStrategy.ServerSideApply),
      );
      assert.deepEqual(applied.data, { d: '5', e: '6' });
      assert.deepEqual(
        applied.metadata?.managedFields?.filter(({ operation }) => operation === 'Apply').map(({ manager }) => manager),
        ['me'],
      );
    },
  },
  {
    id: 'javascript-client/pages',
    title: 'Typed lists come in pages that _continue joins, and say how many are left',
    source: 'docs: reference/using-api/api-concepts, "Retrieving large results sets in chunks"',
    mutation: {
      file: 'lab/kube/apiserver/operations/read.ts',
      find: 'const left = entries.length - index - 1;',
      replace: 'const left = entries.length - index;',
    },
    run: async (t) => {
      const { core } = await t.javascriptClient();
      const { namespace } = t;
      for (const name of ['a', 'b', 'c', 'd', 'e'])
        await core.createNamespacedSecret({ namespace, body: { metadata: { name }, type: 'parity/paged' } });
      const names: string[] = [];
      const left: (number | undefined)[] = [];
      let token: string | undefined;
      do {
        const page = await core.listNamespacedSecret({
          namespace,
          fieldSelector: 'metadata.name!=z',
          limit: 2,
          ...(token === undefined ? {} : { _continue: token }),
        });
        for (const { metadata, type } of page.items) if (type === 'parity/paged') names.push(metadata?.name ?? '');
        token = page.metadata?._continue;
      } while (token !== undefined && token !== '');
      assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e']);
      for (const name of ['x', 'y', 'z'])
        await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { paged: 'yes' } } } });
      const whole = await core.listNamespacedConfigMap({ namespace, labelSelector: 'paged=yes' });
      assert.deepEqual(
        whole.items.map(({ metadata }) => metadata?.name),
        ['x', 'y', 'z'],
      );
      const all = (await core.listNamespacedConfigMap({ namespace })).items.length;
      for (let limit = 1; limit < all; limit += 1)
        left.push((await core.listNamespacedConfigMap({ namespace, limit })).metadata?.remainingItemCount);
      assert.deepEqual(
        left,
        Array.from({ length: all - 1 }, (_, index) => all - 1 - index),
      );
    },
  },
  {
    id: 'javascript-client/errors',
    title: 'A refused call throws an ApiException with the HTTP code and the Status',
    source: '@kubernetes/client-node, src/gen/apis/exception.ts; apimachinery pkg/api/errors/errors.go',
    mutation: {
      file: 'lab/kube/apiserver/status.ts',
      find: "new StatusError(409, 'AlreadyExists'",
      replace: "new StatusError(409, 'Conflict'",
    },
    run: async (t) => {
      const { core } = await t.javascriptClient();
      const { namespace } = t;
      const missing = await failureOf(core.readNamespacedConfigMap({ namespace, name: 'missing' }));
      assert.equal(missing.code, 404);
      assert.deepEqual(missing.status, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'configmaps "missing" not found',
        reason: 'NotFound',
        details: { name: 'missing', kind: 'configmaps' },
        code: 404,
      });
      const body = { metadata: { name: 'twice' } };
      await core.createNamespacedConfigMap({ namespace, body });
      const twice = await failureOf(core.createNamespacedConfigMap({ namespace, body }));
      assert.deepEqual(
        [twice.code, twice.status['reason'], twice.status['message']],
        [409, 'AlreadyExists', 'configmaps "twice" already exists'],
      );
    },
  },
  {
    id: 'javascript-client/lost-update',
    title:
      'Replacing an object by a copy that is no longer the latest is a Conflict, and retrying with a fresh copy succeeds',
    source:
      'docs: reference/using-api/api-concepts, "Resource versions"; apiserver pkg/registry/generic/registry/store.go, OptimisticLockErrorMsg',
    mutation: {
      file: 'lab/kube/apiserver/status.ts',
      find: "please apply your changes to the latest version and try again'",
      replace: "apply your changes to the latest version'",
    },
    run: async (t) => {
      const { core } = await t.javascriptClient();
      const at = { namespace: t.namespace, name: 'shared' };
      const first = await core.createNamespacedConfigMap({
        namespace: t.namespace,
        body: { metadata: { name: 'shared' } },
      });
      await core.replaceNamespacedConfigMap({ ...at, body: holding(first, 'another') });
      const lost = await failureOf(core.replaceNamespacedConfigMap({ ...at, body: holding(first, 'me') }));
      assert.deepEqual(
        [lost.code, lost.status['reason'], lost.status['message']],
        [
          409,
          'Conflict',
          'Operation cannot be fulfilled on configmaps "shared": the object has been modified; please apply your changes to the latest version and try again',
        ],
      );
      const fresh = await core.readNamespacedConfigMap(at);
      const again = await core.replaceNamespacedConfigMap({ ...at, body: holding(fresh, 'me') });
      assert.deepEqual(again.data, { by: 'me' });
    },
  },
  {
    id: 'javascript-client/guarded-deletion',
    title: 'A deletion with the uid of another object is a Conflict; with the right one it answers with a Status',
    source: 'apimachinery pkg/apis/meta/v1/types.go, Preconditions; apiserver pkg/registry/rest/delete.go',
    mutation: {
      file: 'lab/kube/apiserver/operations/removal.ts',
      find: 'in the precondition (${asked}) does not match',
      replace: 'in the precondition (${actual}) does not match',
    },
    run: async (t) => {
      const { core } = await t.javascriptClient();
      const at = { namespace: t.namespace, name: 'guarded' };
      const { metadata } = await core.createNamespacedConfigMap({
        namespace: t.namespace,
        body: { metadata: { name: 'guarded' } },
      });
      const uid = metadata?.uid ?? '';
      const wrong = await failureOf(
        core.deleteNamespacedConfigMap({ ...at, body: { preconditions: { uid: 'another' } } }),
      );
      assert.deepEqual(
        [wrong.code, wrong.status['reason'], wrong.status['message']],
        [
          409,
          'Conflict',
          `Operation cannot be fulfilled on ConfigMap "guarded": the UID in the precondition (another) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
        ],
      );
      const done = await core.deleteNamespacedConfigMap({ ...at, body: { preconditions: { uid } } });
      assert.deepEqual(
        [done.status, done.details?.name, done.details?.kind, done.details?.uid],
        ['Success', 'guarded', 'configmaps', uid],
      );
      assert.equal((await failureOf(core.readNamespacedConfigMap(at))).code, 404);
    },
  },
];
