// Parity cases: the directives of strategic merge patches.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { deployment, failsWith, inPod, names, podAfter, send } from './strategic-patch-objects.ts';

const STRATEGIC = 'lab/kube/apiserver/patch/strategic-merge.ts';
const tutorial = 'docs: tasks/manage-kubernetes-objects/update-api-object-kubectl-patch';
const library = 'source: apimachinery/pkg/util/strategicpatch/patch.go';
const directives = 'docs: contributors/devel/sig-api-machinery/strategic-merge-patch';

export const strategicDirectiveCases: readonly ParityCase[] = [
  {
    id: 'strategic-patch/delete-directive',
    title: '$patch: delete takes an item out of a keyed list, or empties a map',
    source: `${directives}, "Delete Directive"`,
    mutation: {
      file: STRATEGIC,
      find: 'base = base.filter((other) => !(isObject(other) && equalJson(other[key], identity)));',
      replace: '',
    },
    run: async (t) => {
      const path = await deployment(t, { securityContext: { fsGroup: 5 }, nodeSelector: { a: '1' } });
      const spec = await podAfter(t, path, {
        containers: [
          { name: 'b', $patch: 'delete' },
          { name: 'a', env: [{ name: 'E', $patch: 'delete' }] },
        ],
        securityContext: { $patch: 'delete' },
        nodeSelector: { $patch: 'delete' },
      });
      assert.deepEqual(names(spec.containers), ['a']);
      assert.equal(spec.containers[0].env, undefined);
      assert.deepEqual(spec.securityContext, {});
      assert.equal(spec.nodeSelector, undefined);
    },
  },
  {
    id: 'strategic-patch/replace-directive',
    title: '$patch: replace sets a map, or (as an item of its own) a keyed list, to what the patch has',
    source: `${directives}, "Replace Directive"`,
    mutation: {
      file: STRATEGIC,
      find: "else if (directive === 'replace') replaces = true;",
      replace: "else if (directive === 'replace') continue;",
    },
    run: async (t) => {
      const spec = await podAfter(t, await deployment(t, { securityContext: { fsGroup: 5 } }), {
        containers: [{ $patch: 'replace' }, { name: 'only', image: 'registry.example/only' }],
        securityContext: { $patch: 'replace', runAsUser: 7 },
      });
      assert.deepEqual(names(spec.containers), ['only']);
      assert.deepEqual(spec.securityContext, { runAsUser: 7 });
    },
  },
  {
    id: 'strategic-patch/other-directives',
    title: '$patch: merge and unknown directives are a 500 that shows the map',
    source: `${library}, handleDirectiveInMergeMap and mergeSliceWithSpecialElements`,
    mutation: {
      file: STRATEGIC,
      find: 'throw badDirective(directive, patch);',
      replace: 'return { ...live, ...rest };',
    },
    run: async (t) => {
      const path = await deployment(t, { securityContext: { fsGroup: 5 } });
      await failsWith(
        t,
        path,
        inPod({ securityContext: { $patch: 'merge', runAsUser: 7 } }),
        500,
        'unknown patch type: merge in map: map[$patch:merge runAsUser:7]',
      );
      await failsWith(
        t,
        path,
        inPod({ containers: [{ name: 'a', $patch: 'merge' }] }),
        500,
        'merging lists cannot yet be specified in the patch',
      );
      await failsWith(
        t,
        path,
        inPod({ containers: [{ name: 'a', $patch: 'explode' }] }),
        500,
        'unknown patch type: explode in map: map[$patch:explode name:a]',
      );
    },
  },
  {
    id: 'strategic-patch/set-element-order',
    title:
      '$setElementOrder orders a keyed list, with and without changes to it; items that it does not name keep their place',
    source: `${directives}, "List of maps with $setElementOrder"`,
    mutation: {
      file: STRATEGIC,
      find: 'setOwn(live, name, inOrder(merged, order, current ?? [], key));',
      replace: 'setOwn(live, name, merged);',
    },
    run: async (t) => {
      const path = await deployment(t);
      const turned = await podAfter(t, path, { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] });
      assert.deepEqual(names(turned.containers), ['b', 'a']);
      const more = await podAfter(t, path, {
        '$setElementOrder/containers': [{ name: 'a' }, { name: 'c' }],
        containers: [{ name: 'c', image: 'registry.example/c' }],
      });
      assert.deepEqual(names(more.containers), ['b', 'a', 'c']);
    },
  },
  {
    id: 'strategic-patch/contradicting-order',
    title: 'A list that contradicts its $setElementOrder is a 500 with both',
    source: `${library}, validatePatchWithSetOrderList`,
    mutation: { file: STRATEGIC, find: 'if (next < set.length)\n', replace: 'if (next > set.length)\n' },
    run: async (t) => {
      const patch = { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'b', image: 'x' }] };
      await failsWith(
        t,
        await deployment(t),
        inPod(patch),
        500,
        "The order in patch list:\n[map[image:x name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
      );
    },
  },
  {
    id: 'strategic-patch/primitive-lists',
    title:
      'Finalizers are a set: a patch adds to them, $deleteFromPrimitiveList takes from them, $setElementOrder sorts them',
    source: `${directives}, "$deleteFromPrimitiveList"`,
    mutation: {
      file: STRATEGIC,
      find: 'live[name] = current.filter((item) => !value.includes(item));',
      replace: 'live[name] = value;',
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'c', finalizers: ['a.b/one', 'a.b/two'] } });
      const path = `${t.core}/configmaps/c`;
      t.defer(() => t.http.patch('merge', path, { metadata: { finalizers: null } }));
      const after = async (metadata: object): Promise<string[]> =>
        (await send(t, path, { metadata })).body['metadata'].finalizers;
      assert.deepEqual(await after({ finalizers: ['a.b/new'] }), ['a.b/new', 'a.b/one', 'a.b/two']);
      assert.deepEqual(await after({ '$deleteFromPrimitiveList/finalizers': ['a.b/one'] }), ['a.b/new', 'a.b/two']);
      assert.deepEqual(await after({ '$setElementOrder/finalizers': ['a.b/two', 'a.b/new'] }), ['a.b/two', 'a.b/new']);
      await failsWith(
        t,
        path,
        { metadata: { $deleteFromPrimitiveList: ['a.b/two'] } },
        400,
        'invalid patch format of primitive list',
      );
    },
  },
  {
    id: 'strategic-patch/retain-keys',
    title: '$retainKeys takes the other members away, so that one choice can follow another',
    source: `${tutorial}, "Use strategic merge patch to update a Deployment using the retainKeys strategy"`,
    mutation: {
      file: STRATEGIC,
      find: 'if (!retained.includes(name)) delete live[name];',
      replace: 'if (retained.includes(name)) continue;',
    },
    run: async (t) => {
      const path = await deployment(t);
      const refused = await send(t, path, { spec: { strategy: { type: 'Recreate' } } });
      assert.equal(refused.code, 422);
      assert.equal(
        refused.body['message'],
        'Deployment.apps "d" is invalid: spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is \'Recreate\'',
      );
      const answer = await send(t, path, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } });
      assert.deepEqual(answer.body['spec'].strategy, { type: 'Recreate' });
      const { volumes } = await podAfter(t, path, {
        volumes: [{ name: 'data', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }],
      });
      assert.deepEqual(volumes, [{ name: 'data', hostPath: { path: '/x', type: '' } }]);
    },
  },
  {
    id: 'strategic-patch/retain-keys-must-name-what-is-set',
    title: '$retainKeys that does not name what the patch sets, or is no list, is a 400',
    source: `${library}, applyRetainKeysDirective`,
    mutation: {
      file: STRATEGIC,
      find: 'if (!exempt && !retained.includes(name)) throw',
      replace: 'if (!exempt && retained.length < 0) throw',
    },
    run: async (t) => {
      const path = await deployment(t);
      const message = 'invalid patch format of retainKeys';
      await failsWith(t, path, { spec: { strategy: { $retainKeys: [], type: 'Recreate' } } }, 400, message);
      await failsWith(t, path, { spec: { strategy: { $retainKeys: 'type', type: 'Recreate' } } }, 400, message);
    },
  },
];
