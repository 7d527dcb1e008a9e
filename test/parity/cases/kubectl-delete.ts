// kubectl commands that delete, and those that make a Pod and a Service from nothing.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { configMap, deployment, makePods, pod } from './kubectl-objects.ts';

const needs = ['kubectl'] as const;
const SERVER = 'lab/kube/apiserver';

async function makeNode(t: ParityContext): Promise<string> {
  const node = t.unique('node');
  await t.http.ok('POST', '/api/v1/nodes', { metadata: { name: node } });
  t.defer(() => t.http.call('DELETE', `/api/v1/nodes/${node}`));
  return node;
}

export const kubectlDeleteCases: readonly ParityCase[] = [
  {
    id: 'kubectl/delete',
    title: 'kubectl delete waits until objects are gone: by name, label, all, kind by kind, and not at all',
    source: 'docs: reference/kubectl/generated/kubectl_delete',
    mutation: {
      file: 'lab/kube/apiserver/selection/label-selector.ts',
      find: 'return value !== undefined && values.includes(value);',
      replace: 'return value !== undefined;',
    },
    needs,
    run: async (t) => {
      for (const name of ['a', 'b', 'c', 'd'])
        await t.http.ok('POST', `${t.core}/configmaps`, configMap(name, {}, { labels: { name, case: 'deleted' } }));
      const left = (): Promise<string> => t.kubectl.ok('get configmaps -l case=deleted -o name');
      assert.match(await t.kubectl.ok('delete configmap a'), /^configmap "a" deleted/);
      assert.match(await t.kubectl.ok('delete configmap -l name=b'), /^configmap "b" deleted/);
      assert.match(await t.kubectl.ok('delete cm/c --wait=false'), /^configmap "c" deleted/);
      assert.equal(await left(), 'configmap/d\n');
      const absent = await t.kubectl.run('delete configmap a');
      assert.deepEqual([absent.code, absent.stderr], [1, 'Error from server (NotFound): configmaps "a" not found\n']);
      assert.equal(await t.kubectl.ok('delete configmap a --ignore-not-found'), '');
      await makePods(t, 'p', 'q');
      assert.match(
        await t.kubectl.ok('delete pods --all --grace-period=0 --force'),
        /pod "p" force deleted.*\npod "q" force deleted/,
      );
      assert.equal(await t.kubectl.ok('get pods -o name'), '');
    },
  },
  {
    id: 'kubectl/delete-with-grace',
    title:
      'A Pod on a Node gets its grace period from kubectl delete, a shorter one may be asked for, and force removes it',
    source: 'docs: concepts/workloads/pods/pod-lifecycle "Termination of Pods"',
    mutation: {
      file: `${SERVER}/builtin/rules/pod.ts`,
      find: 'const seconds = requested ??',
      replace: 'const seconds = 5 ??',
    },
    needs,
    run: async (t) => {
      const { spec, ...rest } = pod('graceful') as { spec: object };
      const node = await makeNode(t);
      await t.http.ok('POST', `${t.core}/pods`, {
        ...rest,
        spec: { ...spec, nodeName: node, terminationGracePeriodSeconds: 40 },
      });
      const grace = async (): Promise<unknown> =>
        (await t.http.ok('GET', `${t.core}/pods/graceful`))['metadata'].deletionGracePeriodSeconds;
      await t.kubectl.ok('delete pod graceful --wait=false');
      assert.equal(await grace(), 40);
      await t.kubectl.ok('delete pod graceful --wait=false --grace-period=20');
      assert.equal(await grace(), 20);
      assert.match(await t.kubectl.ok('get pod graceful'), /Terminating/);
      const forced = await t.kubectl.run('delete pod graceful --grace-period=0 --force');
      assert.equal(forced.code, 0);
      assert.match(forced.stderr, /Immediate deletion does not wait for confirmation/);
      assert.equal((await t.http.get(`${t.core}/pods/graceful`)).code, 404);
    },
  },
  {
    id: 'kubectl/delete-cascades',
    title: 'kubectl delete --cascade leaves dependents alone, takes them along, or waits for them first',
    source: 'docs: tasks/administer-cluster/use-cascading-deletion',
    mutation: {
      file: 'lab/kube/apiserver/operations/delete-options.ts',
      find: "['Foreground', 'Background', 'Orphan']",
      replace: "['Foreground', 'Background']",
    },
    needs: ['kubectl', 'controllers'],
    run: async (t) => {
      const family = async (name: string): Promise<void> => {
        const { metadata } = await t.http.ok('POST', `${t.core}/configmaps`, configMap(name));
        const owner = { apiVersion: 'v1', kind: 'ConfigMap', name, uid: metadata.uid, blockOwnerDeletion: true };
        await t.http.ok('POST', `${t.core}/configmaps`, configMap(`${name}-child`, {}, { ownerReferences: [owner] }));
      };
      const child = (name: string): ReturnType<typeof t.http.get> => t.http.get(`${t.core}/configmaps/${name}-child`);
      await family('orphaned');
      await t.kubectl.ok('delete configmap orphaned --cascade=orphan');
      assert.equal((await child('orphaned')).body['metadata'].ownerReferences, undefined);
      await family('first');
      await t.kubectl.ok('delete configmap first --cascade=foreground');
      assert.equal((await child('first')).code, 404);
      await family('later');
      await t.kubectl.ok('delete configmap later --cascade=background');
      await t.until('the child to be collected', async () => ((await child('later')).code === 404 ? true : undefined));
      assert.equal((await child('orphaned')).code, 200);
    },
  },
  {
    id: 'kubectl/run-and-expose',
    title: 'kubectl run makes a Pod and expose a Service in front of a workload',
    source: 'docs: reference/kubectl/generated/kubectl_run, kubectl_expose',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/field-checks.ts',
      find: '/[a-z]/.test(name)',
      replace: '/[A-Z]/.test(name)',
    },
    needs,
    run: async (t) => {
      assert.equal(
        await t.kubectl.ok([
          'run',
          'one',
          '--image=nginx:1',
          '--port=80',
          '--labels=app=one',
          '--overrides={"spec":{"schedulerName":"nobody"}}',
        ]),
        'pod/one created\n',
      );
      assert.equal(await t.kubectl.ok('expose pod one --port=80'), 'service/one exposed\n');
      const { spec } = await t.http.ok('GET', `${t.core}/services/one`);
      assert.deepEqual([spec.selector, spec.ports], [{ app: 'one' }, [{ port: 80, protocol: 'TCP', targetPort: 80 }]]);
      await t.http.ok('POST', `${t.apps}/deployments`, deployment('web'));
      assert.equal(
        await t.kubectl.ok('expose deployment web --port=80 --target-port=http --type=NodePort'),
        'service/web exposed\n',
      );
      assert.equal((await t.http.ok('GET', `${t.core}/services/web`))['spec'].ports[0].targetPort, 'http');
    },
  },
];
