// What becomes of the dependents when an owner goes, in the background, in the foreground, or cut loose.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { KEEP, ownedObjects, untilFinalizers } from './owned-objects.ts';

const COLLECT = 'lab/kube/controllers/garbage/collect.ts';
const GRAPH = 'lab/kube/controllers/garbage/graph.ts';
const DOCS = 'docs: concepts/architecture/garbage-collection';
const SOURCE = 'source: pkg/controller/garbagecollector/garbagecollector.go';

export const collectedDependentsCases: readonly ParityCase[] = [
  {
    id: 'garbage-collection/background',
    title: 'In the background the owner goes at once, and what it owned follows, through generations',
    source: `${DOCS}, "Background cascading deletion"`,
    needs: ['controllers'],
    mutation: {
      file: GRAPH,
      find: 'return [...dependentUids(uid), ...waitingOwners(node)];',
      replace: 'return waitingOwners(node);',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const owner = await objects.make('owner');
      const child = await objects.make('child', owner.reference);
      await objects.make('grandchild', child.reference);
      assert.equal((await objects.remove('owner', 'Background')).code, 200);
      assert.equal((await objects.get('owner')).code, 404);
      await objects.gone('child');
      await objects.gone('grandchild');
    },
  },
  {
    id: 'garbage-collection/foreground-waits',
    title: 'In the foreground the owner stays, marked, until the dependents that block it are gone',
    source: `${DOCS}, "Foreground cascading deletion"; conformance: [sig-api-machinery] Garbage collector "should keep the rc around until all its pods are deleted if the deleteOptions says so"`,
    needs: ['controllers'],
    mutation: {
      file: COLLECT,
      find: 'const blocking = graph.dependents(uid).filter((dependent) => blocks(dependent, uid));',
      replace:
        'const blocking = graph.dependents(uid).filter((dependent) => blocks(dependent, uid) && uid === blocks.name);',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const owner = await objects.make('owner');
      await objects.make('child', owner.blocking);
      await t.http.patch('merge', objects.path('child'), { metadata: { finalizers: [KEEP] } });
      t.defer(() => t.http.patch('merge', objects.path('child'), { metadata: { finalizers: null } }));
      const { body } = await objects.remove('owner', 'Foreground');
      assert.deepEqual(body['metadata'].finalizers, ['foregroundDeletion']);
      await t.until(
        'the child to be marked',
        async () => (await objects.get('child')).body['metadata'].deletionTimestamp,
      );
      assert.equal((await objects.get('owner')).code, 200);
      await t.http.patch('merge', objects.path('child'), { metadata: { finalizers: null } });
      await objects.gone('owner');
    },
  },
  {
    id: 'garbage-collection/foreground-waits-for-blocking-only',
    title: 'A dependent that does not block its owner is not waited for',
    source: `${DOCS}, "Foreground cascading deletion"; ${SOURCE}, processDeletingDependentsItem`,
    needs: ['controllers'],
    mutation: {
      file: GRAPH,
      find: 'owner.uid === ownerUid && owner.blockOwnerDeletion === true',
      replace: 'owner.uid === ownerUid',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const owner = await objects.make('owner');
      await objects.make('child', owner.reference);
      await t.http.patch('merge', objects.path('child'), { metadata: { finalizers: [KEEP] } });
      t.defer(() => t.http.patch('merge', objects.path('child'), { metadata: { finalizers: null } }));
      await objects.remove('owner', 'Foreground');
      await objects.gone('owner');
      assert.ok(
        (await t.until(
          'the child to be marked',
          async () => (await objects.get('child')).body['metadata'].deletionTimestamp,
        )) !== '',
      );
    },
  },
  {
    id: 'garbage-collection/foreground-goes-down',
    title: 'Dependents that have dependents are deleted in the foreground too, so that the last generation goes first',
    source: `${SOURCE}, attemptToDeleteItem`,
    needs: ['controllers'],
    mutation: {
      file: COLLECT,
      find: "await remove(node, 'Foreground');",
      replace: "await remove(node, 'Background');",
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const owner = await objects.make('owner');
      const child = await objects.make('child', owner.blocking);
      await objects.make('grandchild', child.blocking);
      await t.http.patch('merge', objects.path('grandchild'), { metadata: { finalizers: [KEEP] } });
      t.defer(() => t.http.patch('merge', objects.path('grandchild'), { metadata: { finalizers: null } }));
      await objects.remove('owner', 'Foreground');
      await t.until(
        'the grandchild to be marked',
        async () => (await objects.get('grandchild')).body['metadata'].deletionTimestamp,
      );
      const { body } = await objects.get('child');
      assert.deepEqual(body['metadata']?.finalizers, ['foregroundDeletion']);
      assert.equal((await objects.get('owner')).code, 200);
      await t.http.patch('merge', objects.path('grandchild'), { metadata: { finalizers: null } });
      for (const name of ['grandchild', 'child', 'owner']) await objects.gone(name);
    },
  },
  {
    id: 'garbage-collection/orphan',
    title: 'Orphaned dependents lose the reference and stay; the owner goes after that',
    source: `${DOCS}, "Orphaned dependents"; conformance: [sig-api-machinery] Garbage collector "should orphan pods created by rc if delete options say so"`,
    needs: ['controllers'],
    mutation: {
      file: COLLECT,
      find: 'await Promise.all(graph.dependents(uid).map((dependent) => removeOwners(dependent, [uid])));',
      replace: 'void uid;',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const owner = await objects.make('owner');
      const other = await objects.make('other');
      await objects.make('child', owner.reference);
      await objects.make('shared', owner.reference, other.reference);
      // The collector knows only what it has seen: it sees both children before one that it must act on.
      await objects.make('sign', { ...owner.reference, name: 'nobody', uid: 'nobody' });
      await objects.gone('sign');
      const { body } = await objects.remove('owner', 'Orphan');
      assert.deepEqual(body['metadata'].finalizers, ['orphan']);
      await objects.gone('owner');
      const child = await objects.get('child');
      assert.equal(child.code, 200);
      assert.equal(child.body['metadata'].ownerReferences, undefined);
      const shared = (await objects.get('shared')).body['metadata'].ownerReferences;
      assert.deepEqual(
        shared.map((reference: { name: string }) => reference.name),
        ['other'],
      );
    },
  },
  {
    id: 'garbage-collection/circle',
    title: 'Owners in a circle do not keep each other',
    source: 'conformance: [sig-api-machinery] Garbage collector "should not be blocked by dependency circle"',
    needs: ['controllers'],
    mutation: {
      file: COLLECT,
      find: 'if (dependents.some(waitsForDependents)) await unblock(node, latest);',
      replace: 'void unblock;',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const first = await objects.make('first');
      const second = await objects.make('second', first.blocking);
      const third = await objects.make('third', second.blocking);
      await t.http.patch('merge', objects.path('first'), { metadata: { ownerReferences: [third.blocking] } });
      await objects.remove('first', 'Foreground');
      for (const name of ['first', 'second', 'third']) await objects.gone(name);
    },
  },
  {
    id: 'garbage-collection/second-owner-keeps',
    title: 'A dependent with another owner stays when one goes, and forgets the one that went',
    source:
      'conformance: [sig-api-machinery] Garbage collector "should not delete dependents that have both valid owner and owner that\'s waiting for dependents to be deleted"',
    needs: ['controllers'],
    mutation: {
      file: COLLECT,
      find: 'if (uids.length > 0) await removeOwners(node, uids);',
      replace: 'void removeOwners;',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const [one, two] = [await objects.make('one'), await objects.make('two')];
      await objects.make('child', one.blocking, two.reference);
      await objects.remove('one', 'Foreground');
      await objects.gone('one');
      const references = await t.until('the reference to go', async () => {
        const found = (await objects.get('child')).body['metadata'].ownerReferences;
        return found.length === 1 ? found : undefined;
      });
      assert.equal(references[0].uid, two.uid);
    },
  },
  {
    id: 'garbage-collection/finalizer-of-the-collector',
    title: 'A dependent that carries `orphan` itself is orphaned from its own dependents when it is collected',
    source: `${SOURCE}, attemptToDeleteItem`,
    needs: ['controllers'],
    mutation: {
      file: COLLECT,
      find: "hasFinalizer(latest, ORPHAN) ? 'Orphan' : ",
      replace: '',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const owner = await objects.make('owner');
      const child = await objects.make('child', owner.reference);
      await t.http.patch('merge', objects.path('child'), { metadata: { finalizers: ['orphan'] } });
      await objects.make('grandchild', child.reference);
      await objects.make('sign', { ...owner.reference, name: 'nobody', uid: 'nobody' });
      await objects.gone('sign');
      await objects.remove('owner', 'Background');
      await objects.gone('child');
      const { code, body } = await objects.get('grandchild');
      assert.deepEqual([code, body['metadata'].ownerReferences], [200, undefined]);
    },
  },
  {
    id: 'garbage-collection/foreground-without-dependents',
    title:
      'An owner of nothing, deleted in the foreground, loses the finalizer and goes; other finalizers still hold it',
    source: `${SOURCE}, processDeletingDependentsItem`,
    needs: ['controllers'],
    mutation: {
      file: COLLECT,
      find: 'else if (hasFinalizer(node, FOREGROUND)) await finishForeground(node);',
      replace: 'else void finishForeground;',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      await objects.make('alone');
      await t.http.patch('merge', objects.path('alone'), { metadata: { finalizers: [KEEP] } });
      t.defer(() => t.http.patch('merge', objects.path('alone'), { metadata: { finalizers: null } }));
      const { body } = await objects.remove('alone', 'Foreground');
      assert.deepEqual(body['metadata'].finalizers, [KEEP, 'foregroundDeletion']);
      await untilFinalizers(t, objects.path('alone'), [KEEP]);
      await t.http.patch('merge', objects.path('alone'), { metadata: { finalizers: null } });
      assert.equal((await objects.get('alone')).code, 404);
    },
  },
];
