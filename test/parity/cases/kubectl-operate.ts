// kubectl commands of operation: labels, taints, scale, roll-outs, images, waiting, deleting.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { configMap, deployment, makePods } from './kubectl-objects.ts';

const needs = ['kubectl'] as const;
const SERVER = 'lab/kube/apiserver';

async function makeNode(t: ParityContext): Promise<string> {
  const node = t.unique('node');
  await t.http.ok('POST', '/api/v1/nodes', { metadata: { name: node } });
  t.defer(() => t.http.call('DELETE', `/api/v1/nodes/${node}`));
  return node;
}

export const kubectlOperateCases: readonly ParityCase[] = [
  {
    id: 'kubectl/label-and-annotate',
    title: 'kubectl label and annotate add, refuse to overwrite unless told, and remove; --all does so everywhere',
    source: 'docs: reference/kubectl/generated/kubectl_label, kubectl_annotate',
    mutation: {
      file: `${SERVER}/names.ts`,
      find: "must be no more than 63 characters';\n  return VALUE_PATTERN.test",
      replace: "must be short';\n  return VALUE_PATTERN.test",
    },
    needs,
    run: async (t) => {
      for (const name of ['a', 'b'])
        await t.http.ok('POST', `${t.core}/configmaps`, configMap(name, {}, { labels: { case: 'labels' } }));
      assert.equal(await t.kubectl.ok('label configmap a tier=front'), 'configmap/a labeled\n');
      const refused = await t.kubectl.run('label configmap a tier=back');
      assert.deepEqual(
        [refused.code, refused.stderr],
        [1, "error: 'tier' already has a value (front), and --overwrite is false\n"],
      );
      assert.equal(await t.kubectl.ok('label configmap a tier=back --overwrite'), 'configmap/a labeled\n');
      assert.equal(
        await t.kubectl.ok('label configmap -l case=labels seen=yes'),
        'configmap/a labeled\nconfigmap/b labeled\n',
      );
      assert.equal(await t.kubectl.ok('label configmap a tier-'), 'configmap/a unlabeled\n');
      // Before 1.28 kubectl said `annotate`.
      assert.match(
        await t.kubectl.ok(['annotate', 'configmap', 'a', 'note=some words']),
        /^configmap\/a annotated?\n$/,
      );
      const { metadata } = await t.http.ok('GET', `${t.core}/configmaps/a`);
      assert.deepEqual(
        [metadata.labels, metadata.annotations],
        [{ case: 'labels', seen: 'yes' }, { note: 'some words' }],
      );
      const long = await t.kubectl.run(['label', 'configmap', 'a', `long=${'x'.repeat(64)}`]);
      assert.equal(long.code, 1);
      assert.match(long.stderr, /must be no more than 63 characters/);
      const raw = await t.http.patch('merge', `${t.core}/configmaps/a`, {
        metadata: { labels: { long: 'x'.repeat(64) } },
      });
      assert.match(raw.body['message'], /: must be no more than 63 characters$/);
    },
  },
  {
    id: 'kubectl/taint-and-cordon',
    title: 'kubectl taint adds and removes taints of a Node, cordon and uncordon its readiness for Pods',
    source: 'docs: reference/kubectl/generated/kubectl_taint, kubectl_cordon',
    mutation: {
      file: 'lab/kube/apiserver/builtin/types/core.ts',
      find: '  unschedulable bool\n',
      replace: '  unschedulableX bool\n',
    },
    needs,
    run: async (t) => {
      const node = await makeNode(t);
      const taints = async (): Promise<readonly unknown[]> => {
        const { spec } = await t.http.ok('GET', `/api/v1/nodes/${node}`);
        return (spec.taints ?? []).filter(({ key }: { key: string }) => key === 'case');
      };
      assert.equal(await t.kubectl.ok(['taint', 'node', node, 'case=one:NoExecute']), `node/${node} tainted\n`);
      assert.deepEqual(await taints(), [{ key: 'case', value: 'one', effect: 'NoExecute' }]);
      const again = await t.kubectl.run(['taint', 'node', node, 'case=two:NoExecute']);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /already has case taint\(s\) with same effect\(s\) and --overwrite is false/);
      assert.equal(await t.kubectl.ok(['taint', 'node', node, 'case-']), `node/${node} untainted\n`);
      assert.deepEqual(await taints(), []);
      assert.equal(await t.kubectl.ok(['cordon', node]), `node/${node} cordoned\n`);
      assert.match(await t.kubectl.ok(['get', 'node', node]), /SchedulingDisabled/);
      assert.equal(await t.kubectl.ok(['uncordon', node]), `node/${node} uncordoned\n`);
      assert.ok(!('unschedulable' in (await t.http.ok('GET', `/api/v1/nodes/${node}`))['spec']));
    },
  },
  {
    id: 'kubectl/scale',
    title: 'kubectl scale goes through the scale subresource, also under a condition, and refuses what has none',
    source: 'docs: reference/kubectl/generated/kubectl_scale',
    mutation: {
      file: `${SERVER}/builtin/kinds.ts`,
      find: "columns: statefulSetColumns,\n    shortNames: ['sts'],\n    categories: all,\n    subresources: ['status', 'scale'],",
      replace:
        "columns: statefulSetColumns,\n    shortNames: ['sts'],\n    categories: all,\n    subresources: ['status'],",
    },
    needs,
    run: async (t) => {
      await t.http.ok(
        'POST',
        `${t.apps}/deployments`,
        deployment('scaled', { paused: true, template: pausedTemplate('scaled') }),
      );
      await t.http.ok('POST', `${t.apps}/statefulsets`, {
        ...deployment('scaled', { serviceName: '', template: pausedTemplate('scaled') }),
        kind: 'StatefulSet',
      });
      assert.equal(await t.kubectl.ok('scale deployment/scaled --replicas=2'), 'deployment.apps/scaled scaled\n');
      assert.equal((await t.http.ok('GET', `${t.apps}/deployments/scaled`))['spec'].replicas, 2);
      const refused = await t.kubectl.run('scale deployment/scaled --current-replicas=5 --replicas=3');
      assert.deepEqual([refused.code, refused.stderr], [1, 'error: Expected replicas to be 5, was 2\n']);
      assert.equal(await t.kubectl.ok('scale sts scaled --replicas=0'), 'statefulset.apps/scaled scaled\n');
      await t.http.ok('POST', `${t.core}/configmaps`, configMap('unscaled'));
      const none = await t.kubectl.run('scale configmap/unscaled --replicas=1');
      assert.deepEqual(
        [none.code, none.stderr],
        [1, 'Error from server (NotFound): the server could not find the requested resource\n'],
      );
    },
  },
  {
    id: 'kubectl/rollout',
    title: 'kubectl rollout waits for a Deployment, restarts, pauses and resumes it',
    source: 'docs: concepts/workloads/controllers/deployment; reference/kubectl/generated/kubectl_rollout',
    mutation: {
      file: `${SERVER}/builtin/rules/workloads.ts`,
      find: "setDefault(spec, 'revisionHistoryLimit', 10);\n    setDefault(spec, 'progress",
      replace:
        "spec['paused'] = undefined;\n    setDefault(spec, 'revisionHistoryLimit', 10);\n    setDefault(spec, 'progress",
    },
    needs: ['kubectl', 'controllers'],
    run: async (t) => {
      await t.http.ok('POST', `${t.apps}/deployments`, deployment('rolled'));
      assert.match(
        await t.kubectl.ok('rollout status deployment/rolled --timeout=20s'),
        /deployment "rolled" successfully rolled out\n$/,
      );
      assert.equal(await t.kubectl.ok('rollout restart deployment/rolled'), 'deployment.apps/rolled restarted\n');
      const { spec } = await t.http.ok('GET', `${t.apps}/deployments/rolled`);
      assert.match(spec.template.metadata.annotations['kubectl.kubernetes.io/restartedAt'], /^\d{4}-/);
      assert.equal(await t.kubectl.ok('rollout pause deployment/rolled'), 'deployment.apps/rolled paused\n');
      assert.equal((await t.http.ok('GET', `${t.apps}/deployments/rolled`))['spec'].paused, true);
      const paused = await t.kubectl.run('rollout restart deployment/rolled');
      assert.equal(paused.code, 1);
      assert.match(paused.stderr, /can't restart paused deployment/);
      assert.equal(await t.kubectl.ok('rollout resume deployment/rolled'), 'deployment.apps/rolled resumed\n');
    },
  },
  {
    id: 'kubectl/rollout-history-of-a-daemon-set',
    title: 'kubectl rollout history and undo read the ControllerRevisions of a DaemonSet and patch the template back',
    source: 'staging/src/k8s.io/kubectl/pkg/polymorphichelpers/history.go, rollback.go',
    mutation: {
      file: `${SERVER}/builtin/rules/stateful-set.ts`,
      find: "setDefault(revision, 'revision', 0)",
      replace: "void (revision['revision'] = 7)",
    },
    needs,
    run: async (t) => {
      const template = (image: string): object => ({
        metadata: { labels: { app: 'd' } },
        spec: { containers: [{ name: 'main', image }] },
      });
      // Selects no Node, and is paused for a real controller by having nothing to do.
      const spec = { selector: { matchLabels: { app: 'd' } }, template: { ...template('nginx:2') } };
      const made = await t.http.ok('POST', `${t.apps}/daemonsets`, { metadata: { name: 'd' }, spec });
      const owner = {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        name: 'd',
        uid: made['metadata'].uid,
        controller: true,
        blockOwnerDeletion: true,
      };
      for (const [name, revision, image] of [
        ['d-old', 101, 'nginx:1'],
        // Where a controller runs, it keeps a revision of its own in between, or after.
        ['d-new', 202, 'nginx:2'],
      ] as const)
        await t.http.ok('POST', `${t.apps}/controllerrevisions`, {
          metadata: {
            name,
            labels: { app: 'd' },
            ownerReferences: [owner],
            annotations: { 'kubernetes.io/change-cause': image },
          },
          revision,
          data: { spec: { template: { $patch: 'replace', ...template(image) } } },
        });
      const history = await t.kubectl.ok('rollout history daemonset/d');
      assert.match(history, /\n101 +nginx:1\n/);
      assert.match(history, /\n202 +nginx:2\n/);
      assert.equal(await t.kubectl.ok('rollout undo daemonset/d --to-revision=101'), 'daemonset.apps/d rolled back\n');
      assert.equal(
        (await t.http.ok('GET', `${t.apps}/daemonsets/d`))['spec'].template.spec.containers[0].image,
        'nginx:1',
      );
    },
  },
  {
    id: 'kubectl/set',
    title: 'kubectl set changes images, variables, resources and the account of a workload',
    source: 'docs: reference/kubectl/generated/kubectl_set',
    mutation: {
      file: `${SERVER}/builtin/types/pod.ts`,
      find: 'args []string\n  command []string\n  env []EnvVar key=name\n  envFrom []EnvFromSource\n  image string\n  imagePullPolicy string\n  lifecycle',
      replace:
        'args []string\n  command []string\n  env []EnvVar\n  envFrom []EnvFromSource\n  image string\n  imagePullPolicy string\n  lifecycle',
    },
    needs,
    run: async (t) => {
      await t.http.ok('POST', `${t.apps}/deployments`, deployment('set'));
      assert.equal(await t.kubectl.ok('set image deployment/set main=nginx:3'), 'deployment.apps/set image updated\n');
      assert.equal(await t.kubectl.ok('set env deployment/set A=1'), 'deployment.apps/set env updated\n');
      assert.equal(await t.kubectl.ok('set env deployment/set B=2'), 'deployment.apps/set env updated\n');
      assert.equal(
        await t.kubectl.ok('set resources deployment/set --limits=cpu=200m,memory=64Mi'),
        'deployment.apps/set resource requirements updated\n',
      );
      await t.http.ok('POST', `${t.core}/serviceaccounts`, { metadata: { name: 'robot' } });
      assert.equal(
        await t.kubectl.ok('set serviceaccount deployment/set robot'),
        'deployment.apps/set serviceaccount updated\n',
      );
      const { spec } = (await t.http.ok('GET', `${t.apps}/deployments/set`))['spec'].template;
      const [{ env, image, resources }] = spec.containers;
      assert.deepEqual(
        { env, image, resources, account: spec.serviceAccountName, old: spec.serviceAccount },
        {
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          image: 'nginx:3',
          resources: { limits: { cpu: '200m', memory: '64Mi' } },
          account: 'robot',
          old: 'robot',
        },
      );
      const absent = await t.kubectl.run('set image deployment/set other=x');
      assert.deepEqual([absent.code, absent.stderr], [1, 'error: unable to find container named "other"\n']);
    },
  },
  {
    id: 'kubectl/wait',
    title: 'kubectl wait follows a condition, a field and a deletion, and gives up in time',
    source: 'docs: reference/kubectl/generated/kubectl_wait',
    mutation: {
      file: 'lab/kube/apiserver/operations/watch.ts',
      find: 'event.revision > start &&',
      replace: 'event.revision < start &&',
    },
    needs,
    run: async (t) => {
      await makePods(t, 'awaited');
      const path = `${t.core}/pods/awaited`;
      assert.equal(
        await t.kubectl.ok('wait --for=jsonpath={.status.phase}=Pending pod/awaited --timeout=10s'),
        'pod/awaited condition met\n',
      );
      const ready = t.kubectl.run('wait --for=condition=Ready pod/awaited --timeout=20s');
      await t.http.patch('strategic', `${path}/status`, {
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      });
      assert.deepEqual(await ready, { code: 0, stdout: 'pod/awaited condition met\n', stderr: '' });
      const gone = t.kubectl.run('wait --for=delete pod/awaited --timeout=20s');
      await t.http.call('DELETE', path);
      const { code, stdout, stderr } = await gone;
      assert.ok(code === 0 ? ['pod/awaited condition met\n', ''].includes(stdout) : /NotFound/.test(stderr), stderr);
      await makePods(t, 'never');
      const late = await t.kubectl.run('wait --for=condition=Ready pod/never --timeout=1s');
      assert.deepEqual([late.code, late.stderr], [1, 'error: timed out waiting for the condition on pods/never\n']);
    },
  },
];

/** A template whose Pods nobody schedules. */
function pausedTemplate(app: string): object {
  return {
    metadata: { labels: { app } },
    spec: { schedulerName: 'nobody', containers: [{ name: 'main', image: 'nginx:1' }] },
  };
}
