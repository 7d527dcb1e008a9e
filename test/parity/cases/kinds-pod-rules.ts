// Pods: resources, probes, scheduling, metadata, and what may change afterwards.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { assertInvalid } from './refusal.ts';

const RULES = 'lab/kube/apiserver/builtin/rules';
const VALIDATION = 'pkg/apis/core/validation/validation.go';

const create = (t: ParityContext, spec: object, metadata: object = { name: 'p' }): Promise<Answer> =>
  t.http.call('POST', `${t.core}/pods`, { metadata, spec });
const withContainer = (t: ParityContext, container: object, spec: object = {}): Promise<Answer> =>
  create(t, { ...spec, containers: [{ name: 'a', image: 'nginx', ...container }] });

export const kindsOfPodRulesCases: readonly ParityCase[] = [
  {
    id: 'kinds/pod-resources',
    title: 'Resources are known by name, not negative, and extended ones are limited to exactly what is requested',
    source: `${VALIDATION} ValidateResourceRequirements; docs: tasks/configure-pod-container/extended-resource`,
    mutation: {
      file: `${RULES}/container-resources.ts`,
      find: "'Limit must be set for non overcommitable resources'",
      replace: "'Limit must be set'",
    },
    run: async (t) => {
      const at = 'spec.containers[0].resources';
      const refuse = async (resources: object, causes: readonly string[]): Promise<void> =>
        assertInvalid(await withContainer(t, { resources }), 'Pod "p"', causes);
      await refuse({ requests: { 'tke.cloud.tencent.com/eip': '1' } }, [
        `${at}.limits: Required value: Limit must be set for non overcommitable resources`,
      ]);
      await refuse({ limits: { colour: '1' }, requests: { colour: '1' } }, [
        `${at}.limits[colour]: Invalid value: "colour": must be a standard resource type or fully qualified`,
        `${at}.limits[colour]: Invalid value: "colour": must be a standard resource for containers`,
        `${at}.requests[colour]: Invalid value: "colour": must be a standard resource type or fully qualified`,
        `${at}.requests[colour]: Invalid value: "colour": must be a standard resource for containers`,
      ]);
      await refuse({ requests: { cpu: '-1' } }, [
        `${at}.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
      ]);
      const over = await withContainer(t, { resources: { limits: { cpu: '1' }, requests: { cpu: '1500m' } } });
      assert.equal(over.code, 422);
      assert.match(
        over.body['message'],
        /^Pod "p" is invalid: spec\.containers\[0\]\.resources\.requests: Invalid value: "1500m": must be less than or equal to cpu limit/,
      );
    },
  },
  {
    id: 'kinds/pod-quantities',
    title: 'Quantities come back in their canonical form, and what is none is refused before anything is judged',
    source: 'staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go',
    mutation: {
      file: 'lab/kube/apiserver/schema/decode.ts',
      find: 'quantities must match',
      replace: 'a quantity must match',
    },
    run: async (t) => {
      const { body } = await withContainer(t, {
        resources: { requests: { cpu: 0.5, memory: '1048576Ki', 'ephemeral-storage': '1.5Gi' } },
      });
      assert.deepEqual(body['spec'].containers[0].resources.requests, {
        cpu: '500m',
        memory: '1Gi',
        'ephemeral-storage': '1536Mi',
      });
      const refused = await withContainer(t, { resources: { limits: { cpu: 'much' } } });
      assert.equal(refused.code, 400);
      assert.equal(refused.body['reason'], 'BadRequest');
      assert.match(
        refused.body['message'],
        /^Pod in version "v1" cannot be handled as a Pod: .*quantities must match the regular expression '\^\(\[\+-\]\?\[0-9\.\]\+\)/,
      );
    },
  },
  {
    id: 'kinds/pod-probes',
    title: 'Probes and hooks do exactly one thing each; a liveness probe succeeds at the first success',
    source: `${VALIDATION} validateProbe, validateHandler, validateLifecycle`,
    mutation: {
      file: `${RULES}/probe-validation.ts`,
      find: "name !== 'readinessProbe' && numberAt",
      replace: "name === 'readinessProbe' && numberAt",
    },
    run: async (t) => {
      const at = 'spec.containers[0]';
      const refuse = async (container: object, causes: readonly string[]): Promise<void> =>
        assertInvalid(await withContainer(t, container), 'Pod "p"', causes);
      await refuse({ livenessProbe: {} }, [`${at}.livenessProbe: Required value: must specify a handler type`]);
      await refuse({ livenessProbe: { exec: { command: ['x'] }, tcpSocket: { port: 1 } } }, [
        `${at}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
      ]);
      await refuse({ livenessProbe: { tcpSocket: { port: 0 }, timeoutSeconds: -1, successThreshold: 2 } }, [
        `${at}.livenessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive`,
        `${at}.livenessProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0`,
        `${at}.livenessProbe.successThreshold: Invalid value: 2: must be 1`,
      ]);
      await refuse({ lifecycle: { preStop: { exec: {} } } }, [`${at}.lifecycle.preStop.exec.command: Required value`]);
    },
  },
  {
    id: 'kinds/pod-tolerations',
    title: 'A toleration without a key tolerates everything or nothing, and seconds belong to NoExecute',
    source: `${VALIDATION} ValidateTolerations`,
    mutation: {
      file: `${RULES}/scheduling-validation.ts`,
      find: "effect !== 'NoExecute'",
      replace: "effect === 'NoExecute'",
    },
    run: async (t) => {
      assertInvalid(
        await create(t, {
          containers: [{ name: 'a', image: 'nginx' }],
          tolerations: [
            { operator: 'Equal' },
            { key: 'a', operator: 'Like' },
            { key: 'a', effect: 'NoSchedule', tolerationSeconds: 1 },
            { key: 'a', effect: 'Never' },
          ],
        }),
        'Pod "p"',
        [
          'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
          'spec.tolerations[1].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
          'spec.tolerations[2].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
          'spec.tolerations[3].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
        ],
      );
    },
  },
  {
    id: 'kinds/pod-affinity',
    title: 'Node affinity has terms with expressions that can be evaluated, and Pod affinity has a topology',
    source: `${VALIDATION} ValidateNodeSelector, ValidateNodeSelectorRequirement, validatePodAffinityTerm`,
    mutation: {
      file: `${RULES}/scheduling-validation.ts`,
      find: "'must have at least one node selector term'",
      replace: "''",
    },
    run: async (t) => {
      const containers = [{ name: 'a', image: 'nginx' }];
      const at = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
      const node = (nodeSelectorTerms: readonly object[]): object => ({
        containers,
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
      });
      assertInvalid(await create(t, node([])), 'Pod "p"', [
        `${at}: Required value: must have at least one node selector term`,
      ]);
      const expressions = [
        { key: 'a', operator: 'In' },
        { key: 'a', operator: 'Exists', values: ['b'] },
        { key: 'a', operator: 'Gt' },
        { key: 'a', operator: 'Like' },
      ];
      assertInvalid(await create(t, node([{ matchExpressions: expressions }])), 'Pod "p"', [
        `${at}[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
        `${at}[0].matchExpressions[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
        `${at}[0].matchExpressions[2].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
        `${at}[0].matchExpressions[3].operator: Invalid value: "Like": not a valid selector operator`,
      ]);
    },
  },
  {
    id: 'kinds/pod-metadata',
    title: 'Names, label keys and values, annotation keys, finalizers and owners of a Pod are judged in this order',
    source: 'staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateObjectMetaAccessor',
    mutation: {
      file: 'lab/kube/apiserver/names.ts',
      find: "'name is neither a standard finalizer name nor is it fully qualified'",
      replace: "'odd'",
    },
    run: async (t) => {
      const spec = { containers: [{ name: 'a', image: 'nginx' }] };
      const metadata = {
        name: 'Upper',
        labels: { 'a b': 'ok', fine: 'not fine' },
        annotations: { 'c d': 'anything' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: '', uid: '' }],
        finalizers: ['plain'],
      };
      const subdomain =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
      const word = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
      const key = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${word}')`;
      const value = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${word})?')`;
      const refused = await create(t, spec, metadata);
      assertInvalid(refused, 'Pod "Upper"', [
        `metadata.name: Invalid value: "Upper": ${subdomain}`,
        ...sortedAs(refused, [
          `metadata.labels: Invalid value: "a b": ${key}`,
          `metadata.labels: Invalid value: "not fine": ${value}`,
        ]),
        `metadata.annotations: Invalid value: "c d": ${key}`,
        'metadata.ownerReferences.name: Invalid value: "": name must not be empty',
        'metadata.ownerReferences.uid: Invalid value: "": uid must not be empty',
        'metadata.finalizers[0]: Invalid value: "plain": name is neither a standard finalizer name nor is it fully qualified',
      ]);
    },
  },
  {
    id: 'kinds/pod-updates',
    title: 'Of a Pod that exists only images, deadlines and further tolerations change',
    source: `${VALIDATION} ValidatePodUpdate`,
    mutation: {
      file: `${RULES}/pod-update.ts`,
      find: "'pod updates may not add or remove containers'",
      replace: "'no'",
    },
    run: async (t) => {
      const made = await withContainer(
        t,
        {},
        { tolerations: [{ key: 'a', operator: 'Exists' }], activeDeadlineSeconds: 100 },
      );
      const path = `${t.core}/pods/p`;
      const { containers, tolerations } = made.body['spec'];
      const changed = await t.http.patch('strategic', path, {
        spec: { containers: [{ name: 'a', image: 'nginx:2' }], activeDeadlineSeconds: 50 },
      });
      assert.equal(changed.code, 200, changed.text);
      assert.equal(
        (
          await t.http.patch('merge', path, {
            spec: { tolerations: [...tolerations, { key: 'b', operator: 'Exists' }] },
          })
        ).code,
        200,
      );
      assertInvalid(
        await t.http.patch('merge', path, { spec: { containers: [...containers, { name: 'b', image: 'x' }] } }),
        'Pod "p"',
        ['spec.containers: Forbidden: pod updates may not add or remove containers'],
      );
      assertInvalid(await t.http.patch('merge', path, { spec: { activeDeadlineSeconds: 60 } }), 'Pod "p"', [
        'spec.activeDeadlineSeconds: Invalid value: 60: must be less than or equal to previous value',
      ]);
      const gone = await t.http.patch('merge', path, { spec: { tolerations: [] } });
      assert.equal(gone.code, 422);
      assert.match(
        gone.body['details'].causes[0].message,
        /^Forbidden: existing toleration can not be modified except its tolerationSeconds$/,
      );
      const other = await t.http.patch('merge', path, { spec: { hostname: 'other' } });
      assert.equal(other.code, 422);
      assert.match(
        other.body['message'],
        /^Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`/,
      );
    },
  },
];

/** Maps have no order in Go: two causes in the order in which this answer gives them. */
function sortedAs({ text }: Answer, causes: readonly string[]): readonly string[] {
  return causes.toSorted(
    (left, right) =>
      text.indexOf(JSON.stringify(left.slice(17)).slice(1, -1)) -
      text.indexOf(JSON.stringify(right.slice(17)).slice(1, -1)),
  );
}
