// ConfigMaps, Secrets, Nodes, Events and the smaller kinds.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { assertInvalid } from './refusal.ts';

const RULES = 'lab/kube/apiserver/builtin/rules';
const VALIDATION = 'pkg/apis/core/validation/validation.go';
const IMMUTABLE = 'Forbidden: field is immutable when `immutable` is set';

export const kindsOfConfigurationCases: readonly ParityCase[] = [
  {
    id: 'kinds/immutable-config-map',
    title: 'An immutable ConfigMap keeps its data and stays immutable; its metadata may change',
    source: 'docs: concepts/configuration/configmap "Immutable ConfigMaps"',
    mutation: {
      file: `${RULES}/config.ts`,
      find: "immutableFaults(map, old, ['data', 'binaryData'])",
      replace: "immutableFaults(map, old, ['binaryData'])",
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'c' }, immutable: true, data: { a: 'b' } });
      const path = `${t.core}/configmaps/c`;
      assertInvalid(await t.http.patch('merge', path, { data: { a: 'c' } }), 'ConfigMap "c"', [`data: ${IMMUTABLE}`]);
      assertInvalid(await t.http.patch('merge', path, { immutable: false }), 'ConfigMap "c"', [
        `immutable: ${IMMUTABLE}`,
      ]);
      assert.equal((await t.http.patch('merge', path, { metadata: { labels: { a: 'b' } } })).code, 200);
    },
  },
  {
    id: 'kinds/config-map-keys',
    title:
      'Keys of a ConfigMap are file names, appear in one of its two parts, and all values together are at most one MiB',
    source: `${VALIDATION} ValidateConfigMap`,
    mutation: { file: `${RULES}/config.ts`, find: "'duplicate of key present in binaryData'", replace: "'twice'" },
    run: async (t) => {
      const create = (body: object): ReturnType<typeof t.http.call> =>
        t.http.call('POST', `${t.core}/configmaps`, { metadata: { name: 'c' }, ...body });
      const key =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
      assertInvalid(await create({ data: { 'a b': 'c' } }), 'ConfigMap "c"', [
        `data[a b]: Invalid value: "a b": ${key}`,
      ]);
      assertInvalid(await create({ data: { '..x': 'c' } }), 'ConfigMap "c"', [
        'data[..x]: Invalid value: "..x": must not start with \'..\'',
      ]);
      assertInvalid(await create({ data: { a: 'b' }, binaryData: { a: 'AAA=' } }), 'ConfigMap "c"', [
        'data[a]: Invalid value: "a": duplicate of key present in binaryData',
      ]);
      assertInvalid(await create({ data: { a: 'x'.repeat(1_048_577) } }), 'ConfigMap "c"', [
        '[]: Too long: must have at most 1048576 bytes',
      ]);
    },
  },
  {
    id: 'kinds/secret-data',
    title: 'A Secret takes texts, gives back base64, and refuses what is none',
    source: 'docs: concepts/configuration/secret; pkg/apis/core/v1/conversion.go Convert_v1_Secret_To_core_Secret',
    mutation: { file: `${RULES}/config.ts`, find: "delete secret['stringData']", replace: "delete secret['strings']" },
    run: async (t) => {
      const secrets = `${t.core}/secrets`;
      const made = await t.http.ok('POST', secrets, {
        metadata: { name: 's' },
        data: { a: 'Yg==', c: 'ZA==' },
        stringData: { a: 'text' },
      });
      assert.equal(made['type'], 'Opaque');
      assert.deepEqual(made['data'], { a: Buffer.from('text').toString('base64'), c: 'ZA==' });
      assert.equal(made['stringData'], undefined);
      assertInvalid(await t.http.patch('merge', `${secrets}/s`, { type: 'other' }), 'Secret "s"', [
        'type: Invalid value: "other": field is immutable',
      ]);
      const refused = await t.http.call('POST', secrets, { metadata: { name: 'r' }, data: { a: '!!' } });
      assert.equal(refused.code, 400);
      assert.match(
        refused.body['message'],
        /^Secret in version "v1" cannot be handled as a Secret: .*illegal base64 data at input byte 0/,
      );
    },
  },
  {
    id: 'kinds/secret-types',
    title: 'Secrets of the known types carry the keys of their type',
    source: `${VALIDATION} ValidateSecret; docs: concepts/configuration/secret "Types of Secret"`,
    mutation: { file: `${RULES}/config.ts`, find: "missing('tls.key')", replace: "missing('tls.crt')" },
    run: async (t) => {
      const refuse = async (type: string, causes: readonly string[], stringData?: object): Promise<void> =>
        assertInvalid(
          await t.http.call('POST', `${t.core}/secrets`, { metadata: { name: 's' }, type, stringData }),
          'Secret "s"',
          causes,
        );
      await refuse('kubernetes.io/tls', ['data[tls.crt]: Required value', 'data[tls.key]: Required value']);
      await refuse('kubernetes.io/dockerconfigjson', ['data[.dockerconfigjson]: Required value']);
      await refuse(
        'kubernetes.io/dockerconfigjson',
        [
          'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'x\' looking for beginning of value',
        ],
        { '.dockerconfigjson': 'x' },
      );
      await refuse('kubernetes.io/basic-auth', [
        'data[%s][username]: Required value',
        'data[%s][password]: Required value',
      ]);
      await refuse('kubernetes.io/ssh-auth', ['data[%s][ssh-privatekey]: Required value']);
      await refuse('kubernetes.io/service-account-token', [
        'metadata.annotations[kubernetes.io/service-account.name]: Required value',
      ]);
    },
  },
  {
    id: 'kinds/nodes',
    title:
      "A Node registers with its capacity, keeps the provider's name and its range, and has taints that are told apart",
    source: `${VALIDATION} ValidateNode, ValidateNodeUpdate; pkg/apis/core/v1/defaults.go SetDefaults_NodeStatus`,
    mutation: {
      file: `${RULES}/node.ts`,
      find: '\'node updates may not change providerID except from "" to valid\'',
      replace: "'no'",
    },
    run: async (t) => {
      const name = t.unique('node');
      const path = `/api/v1/nodes/${name}`;
      const whole =
        '[]: Forbidden: node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)';
      const taints = [{ key: 'a b', effect: 'NoSchedule' }, { key: 'c' }, { key: 'd', effect: 'Never' }];
      const refused = await t.http.call('POST', '/api/v1/nodes', { metadata: { name }, spec: { taints } });
      assert.equal(refused.code, 422);
      assert.deepEqual(
        refused.body['details'].causes.map((cause: { field: string; reason: string }) => [cause.field, cause.reason]),
        [
          ['metadata.taints[0].key', 'FieldValueInvalid'],
          ['metadata.taints[1].effect', 'FieldValueRequired'],
          ['metadata.taints[2].effect', 'FieldValueNotSupported'],
        ],
      );
      t.defer(() => t.http.call('DELETE', path));
      const made = await t.http.ok('POST', '/api/v1/nodes', {
        metadata: { name },
        spec: { podCIDR: '10.9.0.0/24' },
        status: { capacity: { cpu: '2', 'tke.cloud.tencent.com/sub-eni': '4' } },
      });
      assert.deepEqual(made['status'].allocatable, { cpu: '2', 'tke.cloud.tencent.com/sub-eni': '4' });
      assert.deepEqual(made['spec'].podCIDRs, ['10.9.0.0/24']);
      assert.equal((await t.http.patch('merge', path, { spec: { providerID: 'cloud://a' } })).code, 200);
      assertInvalid(await t.http.patch('merge', path, { spec: { providerID: 'cloud://b' } }), `Node "${name}"`, [
        'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
        whole,
      ]);
      assertInvalid(
        await t.http.patch('merge', path, { spec: { podCIDR: '10.9.1.0/24', podCIDRs: ['10.9.1.0/24'] } }),
        `Node "${name}"`,
        ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid', whole],
      );
      const half = await t.http.patch('merge', `${path}/status`, {
        status: { capacity: { 'tke.cloud.tencent.com/sub-eni': '0.5' } },
      });
      assert.equal(half.code, 422);
      assert.match(half.body['details'].causes[0].message, /must be an integer$/);
    },
  },
  {
    id: 'kinds/events-have-two-views',
    title: 'An Event of core/v1 is the same object in events.k8s.io/v1 under other names, in both directions',
    source: 'pkg/apis/events/v1/conversion.go; docs: reference/kubernetes-api/cluster-resources/event-v1',
    mutation: {
      file: 'lab/kube/apiserver/builtin/event-view.ts',
      find: "['message', 'note']",
      replace: "['message', 'text']",
    },
    run: async (t) => {
      const views = `/apis/events.k8s.io/v1/namespaces/${t.namespace}/events`;
      const involvedObject = { kind: 'Pod', name: 'p', namespace: t.namespace, uid: 'u' };
      const old = await t.http.ok('POST', `${t.core}/events`, {
        metadata: { name: 'old' },
        involvedObject,
        reason: 'Started',
        message: 'it runs',
        type: 'Normal',
        source: { component: 'kubelet', host: 'n' },
        count: 3,
        firstTimestamp: '2020-01-01T00:00:00Z',
        lastTimestamp: '2020-01-02T00:00:00Z',
      });
      const { metadata, ...shown } = (await t.http.ok('GET', `${views}/old`)) as { metadata: Record<string, unknown> };
      assert.deepEqual(shown, {
        kind: 'Event',
        apiVersion: 'events.k8s.io/v1',
        eventTime: null,
        reason: 'Started',
        regarding: involvedObject,
        note: 'it runs',
        type: 'Normal',
        deprecatedSource: { component: 'kubelet', host: 'n' },
        deprecatedFirstTimestamp: '2020-01-01T00:00:00Z',
        deprecatedLastTimestamp: '2020-01-02T00:00:00Z',
        deprecatedCount: 3,
      });
      assert.equal(metadata['uid'], old['metadata'].uid);
      const made = await t.http.call('POST', views, {
        metadata: { name: 'new' },
        eventTime: '2020-01-01T00:00:00.000000Z',
        regarding: involvedObject,
        reason: 'Seen',
        action: 'Look',
        note: 'there',
        type: 'Warning',
        reportingController: 'example.com/looker',
        reportingInstance: 'looker-0',
      });
      assert.equal(made.code, 201, made.text);
      const { body } = await t.http.get(`${t.core}/events/new`);
      assert.deepEqual(
        [
          body['message'],
          body['involvedObject'],
          body['reportingComponent'],
          body['eventTime'],
          body['firstTimestamp'],
          body['source'],
        ],
        ['there', involvedObject, 'example.com/looker', '2020-01-01T00:00:00.000000Z', null, {}],
      );
      const listed = await t.http.ok('GET', `${views}?fieldSelector=regarding.name%3Dp,reason%3DSeen`);
      assert.deepEqual(
        listed['items'].map((item: { metadata: { name: string } }) => item.metadata.name),
        ['new'],
      );
    },
  },
  {
    id: 'kinds/events-of-the-new-group-are-complete',
    title: 'events.k8s.io/v1 asks for a time, a controller, an action and a reason, which core/v1 does not',
    source: 'pkg/apis/core/validation/events.go ValidateEventCreate',
    mutation: { file: `${RULES}/events.ts`, find: "[required('eventTime')]", replace: '[]' },
    run: async (t) => {
      const views = `/apis/events.k8s.io/v1/namespaces/${t.namespace}/events`;
      const regarding = { kind: 'Pod', name: 'p', namespace: t.namespace };
      assertInvalid(await t.http.call('POST', views, { metadata: { name: 'e' }, regarding }), 'Event "e"', [
        'eventTime: Required value',
        'type: Invalid value: "": has invalid value: ',
      ]);
      const refused = await t.http.call('POST', views, {
        metadata: { name: 'e' },
        regarding,
        type: 'Normal',
        eventTime: '2020-01-01T00:00:00.000000Z',
        deprecatedCount: 1,
        series: { count: 1, lastObservedTime: '2020-01-01T00:00:00.000000Z' },
      });
      const missing =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
      assertInvalid(refused, 'Event "e"', [
        'reportingController: Required value',
        'reportingController: Invalid value: "": name part must be non-empty',
        `reportingController: Invalid value: "": ${missing}`,
        'reportingInstance: Required value',
        'action: Required value',
        'reason: Required value',
        'series.count: Invalid value: "": should be at least 2',
        'count: Invalid value: "": needs to be unset',
      ]);
      const foreign = await t.http.call('POST', `${t.core}/events`, {
        metadata: { name: 'e' },
        involvedObject: { kind: 'Pod', name: 'p', namespace: 'elsewhere' },
      });
      assertInvalid(foreign, 'Event "e"', [
        'involvedObject.namespace: Invalid value: "elsewhere": does not match event.namespace',
      ]);
    },
  },
  {
    id: 'kinds/priority-classes',
    title: "A priority class keeps its value, stays below the system's, and does not call itself one of the system",
    source: 'pkg/apis/scheduling/validation/validation.go; pkg/apis/scheduling/v1/helpers.go',
    mutation: { file: `${RULES}/small-kinds.ts`, find: 'is not a known system priority class', replace: 'is unknown' },
    run: async (t) => {
      const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
      const name = t.unique('class');
      t.defer(() => t.http.call('DELETE', `${classes}/${name}`));
      const made = await t.http.ok('POST', classes, { metadata: { name }, value: 5 });
      assert.equal(made['preemptionPolicy'], 'PreemptLowerPriority');
      const changed = await t.http.patch('merge', `${classes}/${name}`, { value: 6 });
      assert.equal(changed.code, 422);
      assert.match(changed.body['message'], /: [Vv]alue: Forbidden: may not be changed in an update\.$/);
      const high = `${name}-high`;
      assertInvalid(
        await t.http.call('POST', classes, { metadata: { name: high }, value: 1_000_000_001 }),
        `PriorityClass.scheduling.k8s.io "${high}"`,
        ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
      );
      assertInvalid(
        await t.http.call('POST', classes, { metadata: { name: 'system-x' }, value: 1 }),
        'PriorityClass.scheduling.k8s.io "system-x"',
        [
          "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class",
        ],
      );
    },
  },
  {
    id: 'kinds/roles-and-bindings',
    title:
      'Rules of roles are about resources or about paths, bindings name a role for good and subjects of known kinds',
    source: 'pkg/apis/rbac/validation/validation.go',
    mutation: {
      file: `${RULES}/small-kinds.ts`,
      find: "'rules cannot apply to both regular resources and non-resource URLs'",
      replace: "''",
    },
    run: async (t) => {
      const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${t.namespace}`;
      const rules = [{ verbs: [] }, { verbs: ['get'], nonResourceURLs: ['/x'], resources: ['pods'] }];
      assertInvalid(
        await t.http.call('POST', `${rbac}/roles`, { metadata: { name: 'r' }, rules }),
        'Role.rbac.authorization.k8s.io "r"',
        [
          'rules[0].verbs: Required value: verbs must contain at least one value',
          'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
          'rules[0].resources: Required value: resource rules must supply at least one resource',
          'rules[1].nonResourceURLs: Invalid value: []string{"/x"}: namespaced rules cannot apply to non-resource URLs',
          'rules[1].nonResourceURLs: Invalid value: []string{"/x"}: rules cannot apply to both regular resources and non-resource URLs',
        ],
      );
      const subjects = [
        { kind: 'Robot', name: 'r' },
        { kind: 'ServiceAccount', name: 'Upper' },
        { kind: 'User', name: '' },
      ];
      const refused = await t.http.call('POST', `${rbac}/rolebindings`, {
        metadata: { name: 'b' },
        roleRef: { kind: 'Roll', name: '' },
        subjects,
      });
      assert.equal(refused.code, 422);
      assert.deepEqual(
        refused.body['details'].causes.map((cause: { field: string }) => cause.field),
        ['roleRef.kind', 'roleRef.name', 'subjects[0].kind', 'subjects[1].name', 'subjects[2].name'],
      );
      const role = { kind: 'Role', name: 'a' };
      const made = await t.http.ok('POST', `${rbac}/rolebindings`, {
        metadata: { name: 'b' },
        roleRef: role,
        subjects: [{ kind: 'User', name: 'u' }],
      });
      assert.deepEqual(made['roleRef'], { apiGroup: 'rbac.authorization.k8s.io', ...role });
      assert.deepEqual(made['subjects'], [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'u' }]);
      assertInvalid(
        await t.http.patch('merge', `${rbac}/rolebindings/b`, { roleRef: { name: 'z' } }),
        'RoleBinding.rbac.authorization.k8s.io "b"',
        [
          'roleRef: Invalid value: rbac.RoleRef{APIGroup:"rbac.authorization.k8s.io", Kind:"Role", Name:"z"}: cannot change roleRef',
        ],
      );
    },
  },
  {
    id: 'kinds/leases',
    title: 'A Lease lasts for a while, keeps microseconds, and is replaced only by those who saw its version',
    source:
      'pkg/apis/coordination/validation/validation.go; pkg/registry/coordination/lease/strategy.go AllowUnconditionalUpdate',
    mutation: { file: `${RULES}/small-kinds.ts`, find: "'must be greater than 0'", replace: "'more'" },
    run: async (t) => {
      const leases = `/apis/coordination.k8s.io/v1/namespaces/${t.namespace}/leases`;
      const lease = {
        metadata: { name: 'l' },
        spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.123456Z' },
      };
      const made = await t.http.ok('POST', leases, lease);
      assert.deepEqual(made['spec'], lease.spec);
      assert.equal((await t.http.call('PUT', `${leases}/l`, lease)).code, 422);
      const seen = { ...lease, metadata: { name: 'l', resourceVersion: made['metadata'].resourceVersion } };
      assert.equal((await t.http.call('PUT', `${leases}/l`, { ...seen, spec: { holderIdentity: 'b' } })).code, 200);
      assert.equal((await t.http.call('PUT', `${leases}/l`, seen)).code, 409);
      assertInvalid(
        await t.http.patch('merge', `${leases}/l`, { spec: { leaseDurationSeconds: 0 } }),
        'Lease.coordination.k8s.io "l"',
        ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
      );
    },
  },
];
