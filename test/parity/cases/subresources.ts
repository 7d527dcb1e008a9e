// Parity cases: status and scale, and what the main resource leaves to them.
import assert from 'node:assert/strict';
import { entriesOf, owned } from './apply-owners.ts';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';
import { replaceCases } from './subresources-replace.ts';

const UPDATE = 'lab/kube/apiserver/operations/update.ts';
const SCALE = 'lab/kube/apiserver/operations/scale.ts';
const statusDocs =
  'docs: reference/using-api/api-concepts; contributors/devel/sig-architecture/api-conventions, "Spec and Status"';
const scaleSource = 'source: pkg/registry/apps/deployment/storage/storage.go, ScaleREST';

async function deployment(t: ParityContext, replicas = 0): Promise<string> {
  await t.http.ok('POST', `${t.apps}/deployments?fieldManager=maker`, {
    metadata: { name: 'd', labels: { a: '1' } },
    spec: {
      replicas,
      paused: true,
      selector: { matchLabels: { app: 'd' } },
      template: {
        metadata: { labels: { app: 'd' } },
        spec: { containers: [{ name: 'a', image: 'registry.example/a:1' }] },
      },
    },
  });
  return `${t.apps}/deployments/d`;
}

async function pod(t: ParityContext): Promise<string> {
  await t.http.ok('POST', `${t.core}/pods?fieldManager=maker`, {
    metadata: { name: 'p' },
    spec: {
      automountServiceAccountToken: false,
      schedulerName: 'nobody',
      containers: [{ name: 'a', image: 'registry.example/a:1' }],
    },
    status: { phase: 'Failed', message: 'sent along' },
  });
  return `${t.core}/pods/p`;
}

/** A definition with both subresources; answers the path of its objects and their apiVersion. */
async function gauges(t: ParityContext): Promise<{ readonly path: string; readonly apiVersion: string }> {
  const plural = t.unique('gauges');
  const group = `${plural}.example.com`;
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await t.http.ok('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind: 'Gauge' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } },
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.size',
              statusReplicasPath: '.status.size',
              labelSelectorPath: '.status.selector',
            },
          },
        },
      ],
    },
  });
  t.defer(() => t.http.call('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`));
  const path = `/apis/${group}/v1/namespaces/${t.namespace}/${plural}`;
  await t.until('the resource to be served', async () => ((await t.http.get(path)).code === 200 ? true : undefined));
  return { path, apiVersion: `${group}/v1` };
}

const merge = (t: ParityContext, path: string, patch: object): Promise<Answer> => t.http.patch('merge', path, patch);

export const subresourcesCases: readonly ParityCase[] = [
  {
    id: 'subresources/status-is-apart',
    title: 'A create and an update drop the status; an update of the status drops the spec',
    source: statusDocs,
    mutation: {
      file: UPDATE,
      find: "if (subresource === 'status') return { ...withMember(old, 'status', draft['status']), metadata };",
      replace: "if (subresource === 'status') return { ...draft, metadata };",
    },
    run: async (t) => {
      const path = await pod(t);
      const { status } = (await t.http.get(path)).body;
      assert.deepEqual([status.phase, status.message], ['Pending', undefined]);
      const main = await merge(t, path, { metadata: { labels: { a: '1' } }, status: { phase: 'Failed' } });
      assert.equal(main.body['status'].phase, 'Pending');
      const sub = await merge(t, `${path}/status`, {
        spec: { terminationGracePeriodSeconds: 7 },
        status: { phase: 'Running', message: 'so' },
      });
      assert.equal(sub.code, 200, sub.text);
      assert.equal(sub.body['spec'].terminationGracePeriodSeconds, 30);
      assert.deepEqual([sub.body['status'].phase, sub.body['status'].message], ['Running', 'so']);
    },
  },
  {
    id: 'subresources/status-owners',
    title:
      'What is written through the status is recorded with the subresource; what a create sends as status is not recorded',
    source: 'docs: reference/using-api/server-side-apply; source: GetResetFields of the strategies',
    since: '1.22',
    mutation: {
      file: 'lab/kube/apiserver/apply/reset-fields.ts',
      find: "return definition.subresources.includes('status') ? tree({ status: leaf }) : emptySet;",
      replace: 'return emptySet;',
    },
    run: async (t) => {
      const path = await pod(t);
      const { body } = await t.http.patch('strategic', `${path}/status?fieldManager=kubelet`, {
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
      });
      assert.equal((owned(body, 'maker') as Record<string, object>)['f:status'], undefined);
      const kubelet = entriesOf(body).find(({ manager }) => manager === 'kubelet');
      assert.equal(kubelet?.subresource, 'status');
      assert.deepEqual(kubelet?.fieldsV1, {
        'f:status': {
          'f:conditions': {
            '.': {},
            'k:{"type":"Ready"}': {
              '.': {},
              'f:lastProbeTime': {},
              'f:lastTransitionTime': {},
              'f:status': {},
              'f:type': {},
            },
          },
          'f:phase': {},
        },
      });
    },
  },
  {
    id: 'subresources/generation',
    title: 'The generation of a Deployment rises with its spec and its annotations, and with nothing else',
    source:
      'docs: contributors/devel/sig-architecture/api-conventions, "Metadata"; source: pkg/registry/apps/deployment/strategy.go',
    mutation: { file: UPDATE, find: "Deployment: ['annotations']", replace: "Deployment: ['labels']" },
    run: async (t) => {
      const path = await deployment(t);
      const generation = async (): Promise<number> => (await t.http.get(path)).body['metadata'].generation;
      assert.equal(await generation(), 1);
      await merge(t, path, { metadata: { labels: { a: '2' } }, spec: { replicas: 0 } });
      assert.equal(await generation(), 1);
      await merge(t, path, { spec: { minReadySeconds: 5 } });
      assert.equal(await generation(), 2);
      await merge(t, path, { metadata: { generation: 9 } });
      assert.equal(await generation(), 2);
      await merge(t, path, { metadata: { annotations: { b: '1' } } });
      assert.equal(await generation(), 3);
    },
  },
  {
    id: 'subresources/custom-status',
    title:
      'A custom resource with the status subresource: its status endpoint changes neither spec nor metadata, and the generation counts the spec',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Status subresource"',
    mutation: {
      file: UPDATE,
      find: "subresource === 'status' && definition.custom\n",
      replace: "subresource === 'scale' && definition.custom\n",
    },
    run: async (t) => {
      const { path, apiVersion } = await gauges(t);
      const created = await t.http.ok('POST', path, {
        apiVersion,
        kind: 'Gauge',
        metadata: { name: 'g' },
        spec: { size: 1 },
        status: { size: 5 },
      });
      assert.equal(created['status'], undefined);
      const status = await merge(t, `${path}/g/status`, {
        metadata: { labels: { a: '1' } },
        spec: { size: 9 },
        status: { size: 2 },
      });
      assert.equal(status.code, 200, status.text);
      assert.deepEqual(
        [status.body['spec'], status.body['status'], status.body['metadata'].labels],
        [{ size: 1 }, { size: 2 }, undefined],
      );
      assert.equal(status.body['metadata'].generation, 1);
      const main = await merge(t, `${path}/g`, { spec: { size: 3 }, status: { size: 9 } });
      assert.deepEqual(
        [main.body['spec'], main.body['status'], main.body['metadata'].generation],
        [{ size: 3 }, { size: 2 }, 2],
      );
    },
  },
  {
    id: 'subresources/scale-of-a-deployment',
    title: 'scale shows and sets the replicas as an autoscaling/v1 Scale; none are left out',
    source: `${scaleSource}; docs: reference/kubernetes-api/workload-resources/deployment-v1`,
    mutation: { file: SCALE, find: 'spec: replicas === 0 ? {} : { replicas },', replace: 'spec: { replicas },' },
    run: async (t) => {
      const path = await deployment(t);
      const { metadata } = (await t.http.get(path)).body;
      const scale = (await t.http.get(`${path}/scale`)).body;
      assert.deepEqual(
        [scale['apiVersion'], scale['kind'], scale['spec'], scale['status']],
        ['autoscaling/v1', 'Scale', {}, { replicas: 0, selector: 'app=d' }],
      );
      assert.deepEqual(Object.keys(scale['metadata']).sort(), [
        'creationTimestamp',
        'name',
        'namespace',
        'resourceVersion',
        'uid',
      ]);
      assert.equal(scale['metadata'].uid, metadata.uid);
      const put = await t.http.ok('PUT', `${path}/scale`, {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name: 'd', namespace: t.namespace },
        spec: { replicas: 2 },
      });
      assert.deepEqual(put['spec'], { replicas: 2 });
      for (const [type, patch] of [
        ['merge', { spec: { replicas: 3 } }],
        ['strategic', { spec: { replicas: 4 } }],
        ['json', [{ op: 'replace', path: '/spec/replicas', value: 5 }]],
      ] as const)
        assert.equal((await t.http.patch(type, `${path}/scale`, patch)).code, 200);
      const after = (await t.http.get(path)).body;
      assert.equal(after['spec'].replicas, 5);
      assert.equal(after['metadata'].generation, 5);
    },
  },
  {
    id: 'subresources/scale-is-checked',
    title:
      'A Scale has a name, no fewer than no replicas, and its resourceVersion is a lock; absent objects are named with the subresource',
    source: scaleSource,
    mutation: { file: SCALE, find: 'if (replicas < 0)', replace: 'if (replicas < -5)' },
    run: async (t) => {
      const path = `${await deployment(t)}/scale`;
      const put = (metadata: object, replicas: number): Promise<Answer> =>
        t.http.call('PUT', path, { metadata: { namespace: t.namespace, ...metadata }, spec: { replicas } });
      const negative = await put({ name: 'd' }, -1);
      assert.equal(negative.code, 422);
      assert.equal(
        negative.body['message'],
        'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      );
      const nameless = await put({}, 1);
      assert.equal(
        nameless.body['message'],
        'the name of the object (d based on URL) was undeterminable: name must be provided',
      );
      const stale = await put({ name: 'd', resourceVersion: '1' }, 1);
      assert.equal(stale.code, 409);
      assert.equal(
        stale.body['message'],
        'Operation cannot be fulfilled on deployments.apps "d": the object has been modified; please apply your changes to the latest version and try again',
      );
      const absent = await t.http.get(`${t.apps}/deployments/none/scale`);
      assert.deepEqual([absent.code, absent.body['message']], [404, 'deployments/scale.apps "none" not found']);
      const dry = await merge(t, `${path}?dryRun=All`, { spec: { replicas: 9 } });
      assert.deepEqual(dry.body['spec'], { replicas: 9 });
      assert.deepEqual((await t.http.get(path)).body['spec'], {});
    },
  },
  {
    id: 'subresources/scale-of-a-custom-resource',
    title: 'The scale of a custom resource reads and writes the paths that its definition names',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Scale subresource"',
    mutation: {
      file: SCALE,
      find: 'setNumber(draft, paths.specReplicas, replicas);',
      replace: "setNumber(draft, ['spec', 'replicas'], replicas);",
    },
    run: async (t) => {
      const { path, apiVersion } = await gauges(t);
      await t.http.ok('POST', path, {
        apiVersion,
        kind: 'Gauge',
        metadata: { name: 'g' },
        spec: { size: 2, other: 'x' },
      });
      await merge(t, `${path}/g/status`, { status: { size: 1, selector: 'app=g' } });
      const scale = (await t.http.get(`${path}/g/scale`)).body;
      assert.deepEqual([scale['spec'], scale['status']], [{ replicas: 2 }, { replicas: 1, selector: 'app=g' }]);
      const changed = await merge(t, `${path}/g/scale`, { spec: { replicas: 4 } });
      assert.equal(changed.code, 200, changed.text);
      assert.deepEqual((await t.http.get(`${path}/g`)).body['spec'], { other: 'x', size: 4 });
    },
  },
  ...replaceCases,
];
