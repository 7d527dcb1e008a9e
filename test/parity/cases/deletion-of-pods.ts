// Pods go gracefully, unless nothing of them runs; and they can be evicted.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';

const REMOVAL = 'lab/kube/apiserver/operations/removal.ts';
const EVICTION = 'lab/kube/apiserver/operations/eviction.ts';

async function makePod(t: ParityContext, name: string, spec: object = {}): Promise<string> {
  await t.http.ok('POST', `${t.core}/pods`, {
    metadata: { name },
    // On a node that nobody runs: no kubelet ends what the case looks at.
    spec: { nodeName: t.unique('nowhere'), containers: [{ name: 'app', image: 'example.com/app' }], ...spec },
  });
  return `${t.core}/pods/${name}`;
}

/** Nothing of a case outlives it. */
const endNow = (t: ParityContext, path: string): void =>
  t.defer(() => t.http.call('DELETE', `${path}?gracePeriodSeconds=0`));

const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

export const deletionOfPodsCases: readonly ParityCase[] = [
  {
    id: 'deletion/pod-grace',
    title: 'A Pod on a node gets its grace: deletionTimestamp lies that many seconds ahead, and the Pod stays',
    source: 'docs: concepts/workloads/pods/pod-lifecycle, "Termination of Pods"',
    mutation: {
      file: REMOVAL,
      find: 'return { seconds, ends: core.clock.now().getTime() + seconds * 1000 };',
      replace: 'return { seconds, ends: core.clock.now().getTime() };',
    },
    run: async (t) => {
      const path = await makePod(t, 'a', { terminationGracePeriodSeconds: 600 });
      endNow(t, path);
      const before = new Date().toISOString();
      const { kind, metadata } = await t.http.ok('DELETE', path);
      assert.equal(kind, 'Pod');
      assert.equal(metadata.deletionGracePeriodSeconds, 600);
      const ahead = secondsBetween(before, metadata.deletionTimestamp);
      assert.ok(ahead > 590 && ahead < 640, `${ahead} s ahead`);
      assert.equal((await t.http.get(path)).code, 200);
    },
  },
  {
    id: 'deletion/pod-grace-only-shortens',
    title: 'A second DELETE may shorten the grace, counted from the first one, and never lengthens it',
    source: 'source: staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go, BeforeDelete',
    mutation: {
      file: REMOVAL,
      find: "if (requested === undefined || requested >= current) return 'pending';",
      replace: "if (requested === undefined) return 'pending';",
    },
    run: async (t) => {
      const path = await makePod(t, 'a', { terminationGracePeriodSeconds: 600 });
      endNow(t, path);
      const first = (await t.http.ok('DELETE', path))['metadata'];
      const longer = (await t.http.ok('DELETE', `${path}?gracePeriodSeconds=900`))['metadata'];
      assert.equal(longer.deletionGracePeriodSeconds, 600);
      assert.equal(longer.resourceVersion, first.resourceVersion);
      const shorter = (await t.http.ok('DELETE', `${path}?gracePeriodSeconds=500`))['metadata'];
      assert.equal(shorter.deletionGracePeriodSeconds, 500);
      assert.equal(secondsBetween(first.deletionTimestamp, shorter.deletionTimestamp), -100);
    },
  },
  {
    id: 'deletion/pod-without-node-goes-at-once',
    title: 'A Pod that no node runs goes at once, and watchers first see it marked',
    source: 'source: pkg/registry/core/pod/strategy.go, CheckGracefulDelete',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/pod.ts',
      find: "if (!stringAt(pod, 'spec', 'nodeName') || phase === 'Succeeded' || phase === 'Failed') return 0;",
      replace: "if (phase === 'Succeeded' || phase === 'Failed') return 0;",
    },
    run: async (t) => {
      const made = await t.http.ok('POST', `${t.core}/pods`, {
        metadata: { name: 'a' },
        // A scheduler that does not exist: the Pod stays without a node.
        spec: { schedulerName: 'nobody', containers: [{ name: 'app', image: 'example.com/app' }] },
      });
      const watch = await t.http.watch(`${t.core}/pods?watch=1&resourceVersion=${made['metadata'].resourceVersion}`);
      t.defer(async () => watch.close());
      const gone = await t.http.ok('DELETE', `${t.core}/pods/a`);
      assert.equal(gone['metadata'].deletionGracePeriodSeconds, 0);
      const [marked, removed] = [await watch.next(), await watch.next()];
      assert.deepEqual([marked.type, removed.type], ['MODIFIED', 'DELETED']);
      assert.equal(marked.object['metadata'].deletionGracePeriodSeconds, 0);
      assert.equal((await t.http.get(`${t.core}/pods/a`)).code, 404);
    },
  },
  {
    id: 'deletion/pod-by-force',
    title: 'Zero seconds of grace take a Pod away from its node at once, also when it is ending already',
    source: 'docs: concepts/workloads/pods/pod-lifecycle, "Forced Pod termination"',
    mutation: {
      file: REMOVAL,
      find: 'return { next, removes: finalizers.length === 0 && grace.seconds === 0 };',
      replace: 'return { next, removes: false };',
    },
    run: async (t) => {
      const path = await makePod(t, 'a', { terminationGracePeriodSeconds: 600 });
      await t.http.ok('DELETE', path);
      assert.equal((await t.http.get(path)).code, 200);
      await t.http.ok('DELETE', path, { gracePeriodSeconds: 0 });
      assert.equal((await t.http.get(path)).code, 404);
    },
  },
  {
    id: 'deletion/pod-that-ended',
    title: 'A Pod that has ended needs no grace',
    source: 'source: pkg/registry/core/pod/strategy.go, CheckGracefulDelete',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/pod.ts',
      find: "phase === 'Succeeded' || phase === 'Failed') return 0;",
      replace: "phase === 'Succeeded') return 0;",
    },
    run: async (t) => {
      const path = await makePod(t, 'a', { terminationGracePeriodSeconds: 600 });
      assert.equal((await t.http.patch('merge', `${path}/status`, { status: { phase: 'Failed' } })).code, 200);
      await t.http.ok('DELETE', path);
      assert.equal((await t.http.get(path)).code, 404);
    },
  },
  {
    id: 'deletion/eviction',
    title: 'An eviction deletes the Pod with its grace and answers 201; its name must be that of the path',
    source: 'docs: concepts/scheduling-eviction/api-eviction, "How API-initiated eviction works"',
    mutation: {
      file: EVICTION,
      find: "if ((stringAt(body, 'metadata', 'name') ?? '') !== scope.name)",
      replace: "if ((stringAt(body, 'metadata', 'name') ?? '') === '')",
    },
    run: async (t) => {
      const path = await makePod(t, 'a', { terminationGracePeriodSeconds: 600 });
      endNow(t, path);
      const apiVersion = t.server.version.minor >= 22 ? 'policy/v1' : 'policy/v1beta1';
      const eviction = { apiVersion, kind: 'Eviction' };
      const wrong = await t.http.call('POST', `${path}/eviction`, { ...eviction, metadata: { name: 'b' } });
      assert.deepEqual(
        [wrong.code, wrong.body['message']],
        [400, 'name in URL does not match name in Eviction object'],
      );
      const done = await t.http.call('POST', `${path}/eviction`, { ...eviction, metadata: { name: 'a' } });
      assert.deepEqual([done.code, done.body['status'], done.body['code']], [201, 'Success', 201]);
      assert.equal((await t.http.ok('GET', path))['metadata'].deletionGracePeriodSeconds, 600);
      const nobody = await t.http.call('POST', `${t.core}/pods/nobody/eviction`, {
        ...eviction,
        metadata: { name: 'nobody' },
      });
      assert.deepEqual([nobody.code, nobody.body['message']], [404, 'pods "nobody" not found']);
    },
  },
  {
    id: 'deletion/eviction-is-told',
    title: 'An evicted Pod says in a condition that it was disrupted',
    source: 'docs: concepts/workloads/pods/disruptions, "Pod disruption conditions"',
    since: '1.26',
    mutation: { file: EVICTION, find: "reason: 'EvictionByEvictionAPI',", replace: "reason: 'Evicted'," },
    run: async (t) => {
      const path = await makePod(t, 'a', { terminationGracePeriodSeconds: 600 });
      endNow(t, path);
      await t.http.ok('POST', `${path}/eviction`, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'a' },
      });
      const { status } = await t.http.ok('GET', path);
      const told = status.conditions.find((condition: { type: string }) => condition.type === 'DisruptionTarget');
      assert.deepEqual(
        [told.status, told.reason, told.message],
        ['True', 'EvictionByEvictionAPI', 'Eviction API: evicting'],
      );
    },
  },
];
