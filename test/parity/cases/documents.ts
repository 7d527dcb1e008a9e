// The YAML of the product's documents over HTTP and through kubectl: every object as printed there, and what comes back.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import {
  documentPath,
  objectsOf,
  readDocument,
  useDefinition,
  useNamespace,
  yaml,
} from '../documents/read-document.ts';
import type { ParityCase } from '../parity-case.ts';
import { documentCommandCases } from './documents-commands.ts';

const POLICIES = 'securitygrouppolicies.vpcresources.tke.cloud.tencent.com';
const policies = (namespace: string): string =>
  `/apis/vpcresources.tke.cloud.tencent.com/v1beta1/namespaces/${namespace}/securitygrouppolicies`;
const STATEFUL_SETS = '/apis/apps/v1/namespaces/default/statefulsets';
const FILE = 'lab/kube/apiserver/builtin/rules';

const filledContainer = {
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};
const filledPod = {
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
};

/** Removed with its Pods, and gone when the case ends: the next one may use the name. */
function removeLater(t: ParityContext, path: string): void {
  t.defer(async () => {
    await t.http.call('DELETE', `${path}?propagationPolicy=Background`);
    await t.until(`${path} to be gone`, async () => ((await t.http.get(path)).code === 404 ? true : undefined));
  });
}

const limits = { 'tke.cloud.tencent.com/eip': '1', 'tke.cloud.tencent.com/eni-ip': '1' };
const labels = { 'k8s-app': 'busybox', 'qcloud-app': 'busybox' };

/** The spec of either StatefulSet of the document on public addresses, as a server completes it. */
const busybox = (annotations: Record<string, string>): object => ({
  podManagementPolicy: 'OrderedReady',
  replicas: 1,
  revisionHistoryLimit: 10,
  selector: { matchLabels: labels },
  serviceName: '',
  template: {
    metadata: {
      annotations: { 'tke.cloud.tencent.com/networks': 'tke-route-eni', ...annotations },
      creationTimestamp: null,
      labels,
    },
    spec: {
      ...filledPod,
      containers: [
        {
          ...filledContainer,
          args: ['10000000000'],
          command: ['sleep'],
          image: 'busybox',
          imagePullPolicy: 'Always',
          name: 'busybox',
          resources: { limits, requests: limits },
        },
      ],
      terminationGracePeriodSeconds: 30,
    },
  },
  updateStrategy: { rollingUpdate: { partition: 0 }, type: 'RollingUpdate' },
});

const automatic = {
  'tke.cloud.tencent.com/eip-attributes': '{"Bandwidth":"100","ISP":"BGP"}',
  'tke.cloud.tencent.com/eip-claim-delete-policy': 'Never',
};

/** Releases since 1.23 say what becomes of claims; the document leaves it to them. */
function withoutRetention(spec: Record<string, unknown>): object {
  const { persistentVolumeClaimRetentionPolicy: _retention, ...rest } = spec;
  return rest;
}

const statefulSetCase = (
  name: string,
  file: string,
  annotations: Record<string, string>,
  mutation: ParityCase['mutation'],
): ParityCase => ({
  id: `documents/${name}-over-http`,
  title: `The document's ${file} is taken as it is, its word arguments kept as words and its null times as null`,
  source: 'documents: binding public addresses to Pods, 004; pkg/apis/apps/v1/defaults.go SetDefaults_StatefulSet',
  mutation,
  run: async (t) => {
    removeLater(t, `${STATEFUL_SETS}/busybox`);
    const made = await t.http.call('POST', STATEFUL_SETS, await readDocument(file), yaml);
    assert.equal(made.code, 201, made.text);
    assert.deepEqual(withoutRetention(made.body['spec']), busybox(annotations));
    assert.deepEqual(made.body['metadata'].labels, { 'k8s-app': 'busybox' });
    const { body } = await t.http.get(`${STATEFUL_SETS}/busybox`);
    assert.deepEqual(body['spec'], made.body['spec']);
  },
});

const nginxSpec = {
  progressDeadlineSeconds: 600,
  replicas: 1,
  revisionHistoryLimit: 10,
  selector: { matchLabels: { app: 'my-app' } },
  strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' }, type: 'RollingUpdate' },
  template: {
    metadata: { creationTimestamp: null, labels: { app: 'my-app' } },
    spec: {
      ...filledPod,
      containers: [
        {
          ...filledContainer,
          image: 'nginx:1.7.9',
          imagePullPolicy: 'IfNotPresent',
          name: 'nginx',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
        },
      ],
      terminationGracePeriodSeconds: 0,
    },
  },
};

const sampleSpec = {
  ...nginxSpec,
  replicas: 2,
  template: {
    ...nginxSpec.template,
    spec: {
      ...filledPod,
      containers: [
        {
          ...filledContainer,
          image: 'nginx:latest',
          imagePullPolicy: 'Always',
          name: 'nginx',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
        },
      ],
      nodeSelector: { 'node.kubernetes.io/instance-type': 'eklet' },
      terminationGracePeriodSeconds: 120,
      tolerations: [{ effect: 'NoSchedule', key: 'eks.tke.cloud.tencent.com/eklet', operator: 'Exists' }],
    },
  },
};

export const documentsCases: readonly ParityCase[] = [
  {
    id: 'documents/security-group-policy-with-placeholder',
    title:
      'The policy of document 001 with its placeholder is refused by the pattern, and taken with a group in its place',
    source:
      'documents: security groups of Pods, 001; deploy/crds/securitygrouppolicies.vpcresources.tke.cloud.tencent.com.yaml',
    mutation: {
      file: 'lab/kube/apiserver/schema/patterns.ts',
      find: 'return new RegExp(source, ',
      replace: "return new RegExp('', ",
    },
    run: async (t) => {
      await useDefinition(t, POLICIES);
      await useNamespace(t, 'my-namespace');
      removeLater(t, `${policies('my-namespace')}/my-security-group-policy`);
      const text = await readDocument('001-security-group-policy.yaml');
      const refused = await t.http.call('POST', policies('my-namespace'), text, yaml);
      assert.equal(refused.code, 422);
      // Older releases name the list, newer ones the element.
      assert.match(refused.body['details'].causes[0].field, /^spec\.securityGroups\.groupIds(\[0\])?$/);
      assert.match(
        refused.body['message'],
        /^SecurityGroupPolicy\.vpcresources\.tke\.cloud\.tencent\.com "my-security-group-policy" is invalid: /,
      );
      assert.match(refused.body['message'], /should match '\^sg-\[a-z0-9\]\{8\}\$'/);
      const upper = text.replace('$my_pod_security_group_id', 'SG-ABCD1234');
      assert.equal((await t.http.call('POST', policies('my-namespace'), upper, yaml)).code, 422);
      const filled = text.replace('$my_pod_security_group_id', 'sg-abcd1234');
      const made = await t.http.call('POST', policies('my-namespace'), filled, yaml);
      assert.equal(made.code, 201, made.text);
      assert.deepEqual(made.body['spec'], {
        podSelector: { matchLabels: { app: 'my-app' } },
        securityGroups: { groupIds: ['sg-abcd1234'] },
      });
    },
  },
  {
    id: 'documents/sample-application-over-http',
    title: 'The Deployment and the Service of document 001 come back with every default filled in',
    source: 'documents: security groups of Pods, 001; pkg/apis/apps/v1/defaults.go, pkg/apis/core/v1/defaults.go',
    mutation: {
      file: `${FILE}/workloads.ts`,
      find: "setDefault(spec, 'progressDeadlineSeconds', 600)",
      replace: "setDefault(spec, 'progressDeadlineSeconds', 60)",
    },
    run: async (t) => {
      await useNamespace(t, 'my-namespace');
      const [deployment = '', service = ''] = objectsOf(await readDocument('001-sample-application.yaml'));
      const deployments = '/apis/apps/v1/namespaces/my-namespace/deployments';
      removeLater(t, `${deployments}/my-deployment`);
      const made = await t.http.call('POST', deployments, deployment, yaml);
      assert.equal(made.code, 201, made.text);
      assert.deepEqual(made.body['spec'], sampleSpec);
      const services = '/api/v1/namespaces/my-namespace/services';
      removeLater(t, `${services}/my-app`);
      const served = await t.http.call('POST', services, service, yaml);
      assert.equal(served.code, 201, served.text);
      const { clusterIP, clusterIPs, ports, selector, sessionAffinity, type } = served.body['spec'];
      assert.match(clusterIP, /^\d+\.\d+\.\d+\.\d+$/);
      assert.deepEqual(
        { clusterIPs, ports, selector, sessionAffinity, type },
        {
          clusterIPs: [clusterIP],
          ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
          selector: { app: 'my-app' },
          sessionAffinity: 'None',
          type: 'ClusterIP',
        },
      );
    },
  },
  {
    id: 'documents/sample-application-by-kubectl',
    title:
      'kubectl apply -f of document 001 makes both objects, finds them unchanged, and kubectl delete -f removes them',
    source: 'documents: security groups of Pods, 001: "kubectl apply -f sample-application.yaml"',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/pod-defaults.ts',
      find: "setDefault(spec, 'schedulerName', 'default-scheduler')",
      replace: "setDefault(spec, 'schedulerName', 'other-scheduler')",
    },
    needs: ['kubectl'],
    run: async (t) => {
      await useNamespace(t, 'my-namespace');
      const namespace = { namespace: 'my-namespace' };
      const file = documentPath('001-sample-application.yaml');
      removeLater(t, '/apis/apps/v1/namespaces/my-namespace/deployments/my-deployment');
      removeLater(t, '/api/v1/namespaces/my-namespace/services/my-app');
      assert.equal(
        await t.kubectl.ok(['apply', '-f', file], namespace),
        'deployment.apps/my-deployment created\nservice/my-app created\n',
      );
      assert.equal(
        await t.kubectl.ok(['apply', '-f', file], namespace),
        'deployment.apps/my-deployment unchanged\nservice/my-app unchanged\n',
      );
      assert.equal((await t.kubectl.run(['diff', '-f', file], namespace)).code, 0);
      const { body } = await t.http.get('/apis/apps/v1/namespaces/my-namespace/deployments/my-deployment');
      assert.deepEqual(body['spec'], sampleSpec);
      assert.match(
        await t.kubectl.ok(['delete', '-f', file], namespace),
        /^deployment.apps "my-deployment" deleted.*\nservice "my-app" deleted.*\n$/,
      );
    },
  },
  {
    id: 'documents/nginx-over-http',
    title: 'The Deployment of document 002 loses its empty annotations and keeps a grace period of zero',
    source: 'documents: SecurityGroupPolicy on trunk interfaces, 002; omitempty of ObjectMeta.annotations',
    mutation: {
      file: 'lab/kube/apiserver/builtin/zero-values.ts',
      find: 'shareProcessNamespace terminationGracePeriodSeconds',
      replace: 'shareProcessNamespace',
    },
    run: async (t) => {
      const made = await t.http.call('POST', `${t.apps}/deployments`, await readDocument('002-nginx.yaml'), yaml);
      assert.equal(made.code, 201, made.text);
      assert.deepEqual(made.body['spec'], nginxSpec);
      const { creationTimestamp, generation, labels: given, name, namespace } = made.body['metadata'];
      assert.deepEqual(
        { generation, given, name, namespace },
        { generation: 1, given: { app: 'my-app' }, name: 'nginx', namespace: t.namespace },
      );
      assert.match(creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    },
  },
  {
    id: 'documents/nginx-by-kubectl',
    title:
      'kubectl apply of document 002, client side and then server side, changes nothing: the empty annotations are no annotations',
    source: 'documents: SecurityGroupPolicy on trunk interfaces, 002; docs: reference/using-api/server-side-apply',
    mutation: {
      file: `${FILE}/pod-defaults.ts`,
      find: "return (tag === undefined && !image.includes('@')) || tag === 'latest' ?",
      replace: 'return tag !== undefined ?',
    },
    needs: ['kubectl'],
    run: async (t) => {
      const file = documentPath('002-nginx.yaml');
      assert.equal(await t.kubectl.ok(['apply', '-f', file]), 'deployment.apps/nginx created\n');
      // kubectl sends the null again, and calls that a change.
      assert.equal(await t.kubectl.ok(['apply', '-f', file]), 'deployment.apps/nginx configured\n');
      const { body: again } = await t.http.get(`${t.apps}/deployments/nginx`);
      assert.equal(again['metadata'].generation, 1);
      assert.equal(
        await t.kubectl.ok(['apply', '--server-side', '-f', file]),
        'deployment.apps/nginx serverside-applied\n',
      );
      const { body } = await t.http.get(`${t.apps}/deployments/nginx`);
      assert.deepEqual(body['spec'], nginxSpec);
    },
  },
  {
    id: 'documents/policy-of-trunk-interfaces',
    title: 'The policy of document 002 is applied by kubectl and read back by its short name',
    source: 'documents: SecurityGroupPolicy on trunk interfaces, 002, step 7',
    mutation: {
      file: 'lab/kube/apiserver/custom/definitions.ts',
      find: "shortNames: stringsAt(names, 'shortNames'),",
      replace: 'shortNames: [],',
    },
    needs: ['kubectl'],
    run: async (t) => {
      await useDefinition(t, POLICIES);
      await useNamespace(t, 'my-namespace');
      const namespace = { namespace: 'my-namespace' };
      removeLater(t, `${policies('my-namespace')}/my-security-group-policy`);
      const file = documentPath('002-security-group-policy.yaml');
      assert.equal(
        await t.kubectl.ok(['apply', '-f', file], namespace),
        'securitygrouppolicy.vpcresources.tke.cloud.tencent.com/my-security-group-policy created\n',
      );
      assert.equal(
        await t.kubectl.ok(['get', 'sgp', '-o', 'jsonpath={.items[*].spec.securityGroups.groupIds}'], namespace),
        '["sg-xxxxyyyy"]',
      );
      assert.match(
        await t.kubectl.ok(['get', 'sgp'], namespace),
        /^NAME +GROUPS +MATCHED +PROGRAMMED +DRIFTED +FAILED +AGE\nmy-security-group-policy +\["sg-xxxxyyyy"\] +\d+s\n$/,
      );
    },
  },
  statefulSetCase('automatic-eip', '004-automatic-eip.yaml', automatic, {
    file: `${FILE}/stateful-set.ts`,
    find: "setDefault(spec, 'podManagementPolicy', 'OrderedReady')",
    replace: "setDefault(spec, 'podManagementPolicy', 'Parallel')",
  }),
  statefulSetCase(
    'chosen-eip',
    '004-chosen-eip.yaml',
    { 'tke.cloud.tencent.com/eip-id-list': 'eip-xxx1,eip-xxx2' },
    {
      file: `${FILE}/stateful-set.ts`,
      find: "setDefault(spec, 'revisionHistoryLimit', 10)",
      replace: "setDefault(spec, 'revisionHistoryLimit', 11)",
    },
  ),
  {
    id: 'documents/automatic-eip-by-kubectl',
    title:
      'kubectl apply of the StatefulSet of document 004 makes it, changes nothing the second time, and replaces it by the other one',
    source: 'documents: binding public addresses to Pods, 004',
    mutation: {
      file: `${FILE}/stateful-set.ts`,
      find: "setDefault(strategy, 'type', 'RollingUpdate')",
      replace: "setDefault(strategy, 'type', 'OnDelete')",
    },
    needs: ['kubectl'],
    run: async (t) => {
      const namespace = { namespace: 'default' };
      removeLater(t, `${STATEFUL_SETS}/busybox`);
      const file = documentPath('004-automatic-eip.yaml');
      assert.equal(await t.kubectl.ok(['apply', '-f', file], namespace), 'statefulset.apps/busybox created\n');
      assert.equal(await t.kubectl.ok(['apply', '-f', file], namespace), 'statefulset.apps/busybox unchanged\n');
      assert.deepEqual(
        withoutRetention((await t.http.get(`${STATEFUL_SETS}/busybox`)).body['spec']),
        busybox(automatic),
      );
      assert.equal(
        await t.kubectl.ok(['apply', '-f', documentPath('004-chosen-eip.yaml')], namespace),
        'statefulset.apps/busybox configured\n',
      );
      assert.deepEqual(
        withoutRetention((await t.http.get(`${STATEFUL_SETS}/busybox`)).body['spec']),
        busybox({ 'tke.cloud.tencent.com/eip-id-list': 'eip-xxx1,eip-xxx2' }),
      );
    },
  },
  ...documentCommandCases,
];
