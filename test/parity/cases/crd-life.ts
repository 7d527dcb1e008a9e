// The life of a definition: how it is established, what may change, and how it goes with its objects.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';
import { anything, create, definition, definitionsPath, served, servedWith } from './crd-support.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

const conditionsOf = (crd: Answer['body']): readonly Condition[] => crd['status']?.conditions ?? [];
const conditionOf = (crd: Answer['body'], type: string): Condition | undefined =>
  conditionsOf(crd).find((condition) => condition.type === type);
const said = (condition: Condition | undefined): readonly (string | undefined)[] => [
  condition?.status,
  condition?.reason,
  condition?.message,
];

export const crdLifeCases: readonly ParityCase[] = [
  {
    id: 'crd-versions/established',
    title: 'A new definition has no conditions; its names are accepted, and then it is established, each with an event',
    source:
      'apiextensions-apiserver, pkg/controller/status/naming_controller.go and pkg/controller/establish/establishing_controller.go',
    mutation: {
      file: 'lab/kube/apiserver/custom/establish.ts',
      find: "condition.status === 'True' ? installing : notAccepted",
      replace: "condition.status === 'True' ? inService : notAccepted",
    },
    run: async (t) => {
      const made = definition(t, [{ name: 'v1' }]);
      t.defer(() => t.http.call('DELETE', made.path));
      const watch = await t.http.watch(`${definitionsPath}?watch=true&fieldSelector=metadata.name%3D${made.name}`);
      t.defer(() => Promise.resolve(watch.close()));
      const posted = await t.http.ok('POST', definitionsPath, made.body);
      assert.deepEqual(posted['status'], {
        conditions: null,
        acceptedNames: { plural: '', kind: '' },
        storedVersions: ['v1'],
      });
      assert.deepEqual(posted['spec'].names, {
        plural: 'gadgets',
        singular: 'gadget',
        kind: 'Gadget',
        listKind: 'GadgetList',
      });
      assert.deepEqual(posted['spec'].conversion, { strategy: 'None' });
      assert.equal((await watch.next()).type, 'ADDED');
      const accepted = await watch.next();
      assert.equal(accepted.type, 'MODIFIED');
      assert.deepEqual(accepted.object['status'].acceptedNames, posted['spec'].names);
      assert.deepEqual(said(conditionOf(accepted.object, 'NamesAccepted')), [
        'True',
        'NoConflicts',
        'no conflicts found',
      ]);
      assert.deepEqual(said(conditionOf(accepted.object, 'Established')), [
        'False',
        'Installing',
        'the initial names have been accepted',
      ]);
      const established = await watch.next();
      assert.deepEqual(said(conditionOf(established.object, 'Established')), [
        'True',
        'InitialNamesAccepted',
        'the initial names have been accepted',
      ]);
      assert.equal(established.object['metadata'].generation, 1);
    },
  },
  {
    id: 'crd-versions/name-conflicts',
    title:
      'A name that another definition of the group holds is not accepted until it is free, and what has none is not served',
    source:
      'apiextensions-apiserver, pkg/controller/status/naming_controller.go; test/integration/registration_test.go (TestNameConflicts)',
    mutation: {
      file: 'lab/kube/apiserver/custom/establish.ts',
      find: 'if (groupOf(entry.object) === groupOf(crd)) enqueue(entry.object.metadata.name);',
      replace: 'if (entry.object.metadata.name === crd.metadata.name) enqueue(entry.object.metadata.name);',
    },
    run: async (t) => {
      const first = await served(
        t,
        definition(t, [{ name: 'v1' }], { names: { plural: 'gadgets', kind: 'Gadget', shortNames: ['gt'] } }),
      );
      const names = {
        plural: 'gizmos',
        kind: 'Gadget',
        listKind: 'GizmoList',
        singular: 'gizmo',
        shortNames: ['gt', 'gz'],
      };
      const path = `${definitionsPath}/gizmos.${first.group}`;
      t.defer(() => t.http.call('DELETE', path));
      await t.http.ok('POST', definitionsPath, {
        ...first.body,
        metadata: { name: `gizmos.${first.group}` },
        spec: { ...first.body.spec, names },
      });
      const refused = await t.until('the names to be decided', async () => {
        const crd = await t.http.ok('GET', path);
        return conditionOf(crd, 'NamesAccepted') === undefined ? undefined : crd;
      });
      assert.deepEqual(said(conditionOf(refused, 'NamesAccepted')), [
        'False',
        'KindConflict',
        '"Gadget" is already in use',
      ]);
      assert.deepEqual(said(conditionOf(refused, 'Established')), [
        'False',
        'NotAccepted',
        'not all names are accepted',
      ]);
      assert.deepEqual(refused['status'].acceptedNames, {
        plural: 'gizmos',
        singular: 'gizmo',
        kind: '',
        listKind: 'GizmoList',
      });
      const gizmos = `/apis/${first.group}/v1/namespaces/${t.namespace}/gizmos`;
      assert.equal((await t.http.get(gizmos)).code, 404);
      await t.http.ok('DELETE', first.path);
      await t.until('the other definition to be served', async () =>
        (await t.http.get(gizmos)).code === 200 ? true : undefined,
      );
      const freed = await t.http.ok('GET', path);
      assert.deepEqual([freed['status'].acceptedNames, conditionOf(freed, 'Established')?.status], [names, 'True']);
    },
  },
  {
    id: 'crd-versions/immutable-parts',
    title: 'Group, plural and, once established, scope and kind cannot change; short names and categories can',
    source:
      'apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go (validateCustomResourceDefinitionSpecUpdate)',
    mutation: {
      file: 'lab/kube/apiserver/custom/definition-rules.ts',
      find: "...(established ? [['scope'], ['names', 'kind']] : [])",
      replace: "...(established ? [['names', 'kind']] : [])",
    },
    run: async (t) => {
      const made = await servedWith(t, {});
      const scope = await t.http.patch('merge', made.path, { spec: { scope: 'Cluster' } });
      const why = (field: string, value: string): string =>
        `CustomResourceDefinition.apiextensions.k8s.io "${made.name}" is invalid: ${field}: Invalid value: "${value}": field is immutable`;
      assert.deepEqual([scope.code, scope.body['message']], [422, why('spec.scope', 'Cluster')]);
      const kind = await t.http.patch('merge', made.path, { spec: { names: { kind: 'Gizmo' } } });
      assert.deepEqual([kind.code, kind.body['message']], [422, why('spec.names.kind', 'Gizmo')]);
      const group = await t.http.patch('merge', made.path, { spec: { group: 'other.example.com' } });
      assert.ok(
        group.body['details'].causes.some(
          (cause: { field: string; message: string }) =>
            cause.field === 'spec.group' && cause.message.endsWith('field is immutable'),
        ),
      );
      const short = await t.http.patch('merge', made.path, {
        spec: { names: { shortNames: ['gd'], categories: ['mine'] } },
      });
      assert.deepEqual([short.code, short.body['metadata'].generation], [200, 2]);
      const shown = await t.until('discovery to show the short name', async () => {
        const { body } = await t.http.get(`/apis/${made.group}/v1`);
        const found = body['resources']?.find((resource: { name: string }) => resource.name === 'gadgets');
        return found?.shortNames === undefined ? undefined : found;
      });
      assert.deepEqual(
        [shown.shortNames, shown.categories, shown.singularName, shown.kind],
        [['gd'], ['mine'], 'gadget', 'Gadget'],
      );
    },
  },
  {
    id: 'crd-versions/needs-the-lock',
    until: '1.34',
    title: 'A definition and a custom object are replaced under their resourceVersion alone',
    source: 'apiextensions-apiserver, pkg/registry/customresourcedefinition/strategy.go (AllowUnconditionalUpdate)',
    mutation: {
      file: 'lab/kube/apiserver/custom/definition-rules.ts',
      find: 'needsLock: true,',
      replace: 'needsLock: false,',
    },
    run: async (t) => {
      const made = await servedWith(t, {});
      // Go's notation of the number differs from release to release.
      const told = ({ code, body }: Answer): unknown => [code, body['message'].replace('0x0', '0')];
      const fault = 'is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update';
      assert.deepEqual(told(await t.http.call('PUT', made.path, made.body)), [
        422,
        `customresourcedefinitions.apiextensions.k8s.io "${made.name}" ${fault}`,
      ]);
      await create(t, made, 'x', {});
      assert.deepEqual(told(await t.http.call('PUT', `${made.objects()}/x`, made.object('x', {}))), [
        422,
        `gadgets.${made.group} "x" ${fault}`,
      ]);
    },
  },
  {
    id: 'crd-versions/schema-changes-live',
    title:
      'A changed schema holds for the next request and ends the watches; objects from before stay until they are written',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Validation"',
    mutation: {
      file: 'lab/kube/apiserver/custom/establish.ts',
      find: "    object['spec'],",
      replace: "    object['kind'],",
    },
    run: async (t) => {
      const made = await servedWith(t, { properties: { size: { type: 'integer' }, gone: { type: 'string' } } });
      const path = `${made.objects()}/old`;
      await create(t, made, 'old', { size: 0, gone: 'x' });
      const watch = await t.http.watch(`${made.objects()}?watch=true`);
      t.defer(() => Promise.resolve(watch.close()));
      const properties = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties';
      const changedTo = await t.http.patch('json', made.path, [
        { op: 'add', path: `${properties}/size/minimum`, value: 1 },
        { op: 'remove', path: `${properties}/gone` },
      ]);
      assert.deepEqual([changedTo.code, changedTo.body['metadata'].generation], [200, 2]);
      await t.until('the new schema', async () =>
        (await create(t, made, 'probe', { size: 0 })).code === 422 ? true : undefined,
      );
      await watch.ended;
      const old = await t.http.ok('GET', path);
      assert.deepEqual(old['spec'], { size: 0 });
      const mended = await t.http.patch('merge', path, { spec: { size: 2 } });
      assert.deepEqual([mended.code, mended.body['spec']], [200, { size: 2 }]);
    },
  },
  {
    id: 'crd-versions/deletion',
    title: 'A definition takes its objects with it; watches of them see each one go, and end',
    source: 'apiextensions-apiserver, pkg/controller/finalizer/crd_finalizer.go; test/integration/finalization_test.go',
    mutation: {
      file: 'lab/kube/apiserver/custom/definition-cleanup.ts',
      find: 'if (finalizers.length === 0) instances.remove(key, entry, object);',
      replace: 'if (finalizers.length < 0) instances.remove(key, entry, object);',
    },
    run: async (t) => {
      const made = await servedWith(t, {});
      await create(t, made, 'a', {});
      await create(t, made, 'b', {});
      const watch = await t.http.watch(`${made.objects()}?watch=true`);
      t.defer(() => Promise.resolve(watch.close()));
      assert.deepEqual([(await watch.next()).type, (await watch.next()).type], ['ADDED', 'ADDED']);
      const deleted = await t.http.ok('DELETE', made.path);
      assert.deepEqual(
        [deleted['kind'], deleted['metadata'].finalizers],
        ['CustomResourceDefinition', ['customresourcecleanup.apiextensions.k8s.io']],
      );
      assert.deepEqual(said(conditionOf(deleted, 'Terminating')), [
        'True',
        'InstanceDeletionPending',
        'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      ]);
      const gone = [await watch.next(), await watch.next()];
      assert.deepEqual(
        gone.map((event) => event.type),
        ['DELETED', 'DELETED'],
      );
      await t.until('the definition to be gone', async () =>
        (await t.http.get(made.path)).code === 404 ? true : undefined,
      );
      await watch.ended;
      await t.until('the resource to be gone', async () =>
        (await t.http.get(made.objects())).code === 404 ? true : undefined,
      );
    },
  },
  {
    id: 'crd-versions/deletion-waits-for-finalizers',
    until: '1.36',
    title:
      'While an object has finalizers its definition stays, terminating: nothing new is created, and the object can be finalized',
    source:
      'apiextensions-apiserver, test/integration/finalization_test.go (TestFinalizationAndDeletion); pkg/apiserver/customresource_handler.go',
    mutation: {
      file: 'lab/kube/apiserver/custom/definition-cleanup.ts',
      find: 'return instances.size > 0 ? undefined : withoutFinalizer(withStatus(crd, completed, time));',
      replace: 'return withoutFinalizer(withStatus(crd, completed, time));',
    },
    run: async (t) => {
      const made = await servedWith(t, {});
      const held = { ...made.object('held'), metadata: { name: 'held', finalizers: ['parity.example.com/hold'] } };
      await t.http.ok('POST', made.objects(), held);
      await t.http.ok('DELETE', made.path);
      const marked = await t.until('the object to be marked', async () => {
        const object = await t.http.ok('GET', `${made.objects()}/held`);
        return object['metadata'].deletionTimestamp === undefined ? undefined : object;
      });
      assert.deepEqual([marked['metadata'].generation, marked['metadata'].deletionGracePeriodSeconds], [2, 0]);
      const crd = await t.http.ok('GET', made.path);
      assert.deepEqual(said(conditionOf(crd, 'Terminating')), [
        'True',
        'InstanceDeletionInProgress',
        'CustomResource deletion is in progress',
      ]);
      const refused = await create(t, made, 'late', {});
      // 405 for long, 403 with newer releases.
      assert.ok(refused.code === 405 || refused.code === 403, refused.text);
      assert.match(refused.body['message'], /create not allowed while custom resource definition is terminating$/);
      const released = await t.http.patch('merge', `${made.objects()}/held`, { metadata: { finalizers: null } });
      assert.equal(released.code, 200);
      await t.until('the definition to be gone', async () =>
        (await t.http.get(made.path)).code === 404 ? true : undefined,
      );
    },
  },
  {
    id: 'crd-versions/cluster-scoped',
    title: 'Cluster-scoped objects live outside of Namespaces, and a namespaced path for them is not found',
    source:
      'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Create a CustomResourceDefinition"',
    mutation: {
      file: 'lab/kube/apiserver/custom/definitions.ts',
      find: "const namespaced = stringAt(crd, 'spec', 'scope') === 'Namespaced';",
      replace: 'const namespaced = true;',
    },
    run: async (t) => {
      const made = definition(t, [{ name: 'v1', schema: { type: 'object', properties: { spec: anything } } }], {
        scope: 'Cluster',
      });
      t.defer(() => t.http.call('DELETE', made.path));
      await t.http.ok('POST', definitionsPath, made.body);
      const all = `/apis/${made.group}/v1/gadgets`;
      await t.until('the resource', async () => ((await t.http.get(all)).code === 200 ? true : undefined));
      const object = await t.http.ok('POST', all, made.object('x'));
      assert.deepEqual([object['metadata'].namespace, object['metadata'].name], [undefined, 'x']);
      assert.equal((await t.http.get(made.objects())).code, 404);
    },
  },
  {
    id: 'crd-versions/objects-of-another-kind',
    title:
      'A body of another kind is invalid, one of another version is a bad request, and names are RFC 1123 subdomains',
    source: 'apiextensions-apiserver, pkg/registry/customresource/validator.go (ValidateTypeMeta)',
    mutation: {
      file: 'lab/kube/apiserver/operations/decode-object.ts',
      find: 'if (definition.custom) checkCustomKind(definition, body);',
      replace: 'if (definition.custom && body === undefined) checkCustomKind(definition, body);',
    },
    run: async (t) => {
      const made = await servedWith(t, {});
      const kind = await t.http.call('POST', made.objects(), { ...made.object('x'), kind: 'Gizmo' });
      assert.deepEqual(
        [kind.code, kind.body['message']],
        [422, `Gizmo.${made.group} "x" is invalid: kind: Invalid value: "Gizmo": must be Gadget`],
      );
      const version = await t.http.call('POST', made.objects(), {
        ...made.object('x'),
        apiVersion: `${made.group}/v2`,
      });
      assert.deepEqual(
        [version.code, version.body['message']],
        [
          400,
          `the API version in the data (${made.group}/v2) does not match the expected API version (${made.group}/v1)`,
        ],
      );
      const name = await create(t, made, 'Not_A_Name', {});
      assert.deepEqual([name.code, name.body['details'].causes[0].field], [422, 'metadata.name']);
      const label = await t.http.call('POST', made.objects(), {
        ...made.object('y'),
        metadata: { name: 'y', labels: { a: 'not valid!' } },
      });
      assert.deepEqual([label.code, label.body['details'].causes[0].field], [422, 'metadata.labels']);
    },
  },
];
