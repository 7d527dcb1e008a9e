// Workloads: selectors, templates, rolling updates, generated labels, and what may not change.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { assertInvalid } from './refusal.ts';

const RULES = 'lab/kube/apiserver/builtin/rules';
const APPS = 'pkg/apis/apps/validation/validation.go';

const template = (spec: object = {}, labels: object = { app: 'x' }): object => ({
  metadata: { labels },
  spec: { containers: [{ name: 'a', image: 'nginx:1' }], ...spec },
});
const workload = (spec: object = {}): object => ({
  metadata: { name: 'w' },
  spec: { selector: { matchLabels: { app: 'x' } }, template: template(), ...spec },
});
const subject = (kind: string): string => `${kind} "w"`;
const mismatch =
  'spec.template.metadata.labels: Invalid value: map[string]string{"app":"x"}: `selector` does not match template `labels`';

export const kindsOfWorkloadsCases: readonly ParityCase[] = [
  {
    id: 'kinds/deployment-selector',
    title: 'A Deployment needs a selector that selects its own Pods, and one that is not empty',
    source: `${APPS} ValidateDeploymentSpec, ValidatePodTemplateSpecForReplicaSet`,
    mutation: {
      file: `${RULES}/workload-checks.ts`,
      find: '`selector` does not match template `labels`',
      replace: 'selector does not match',
    },
    run: async (t) => {
      const refuse = async (spec: object, causes: readonly string[]): Promise<void> =>
        assertInvalid(
          await t.http.call('POST', `${t.apps}/deployments`, workload(spec)),
          subject('Deployment.apps'),
          causes,
        );
      await refuse({ selector: undefined }, ['spec.selector: Required value', mismatch]);
      await refuse({ selector: { matchLabels: { app: 'y' } } }, [mismatch]);
      await refuse({ selector: {} }, [
        'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: empty selector is invalid for deployment',
      ]);
      await refuse({ selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } }, [
        "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement{v1.LabelSelectorRequirement{Key:"app", Operator:"In", Values:[]string(nil)}}}: invalid label selector',
      ]);
    },
  },
  {
    id: 'kinds/selectors-are-immutable',
    title: 'The selector of a Deployment, ReplicaSet and DaemonSet stays as it was made',
    source: 'pkg/registry/apps/deployment/strategy.go, replicaset/strategy.go, daemonset/strategy.go ValidateUpdate',
    mutation: {
      file: `${RULES}/workload-checks.ts`,
      find: "goLabelSelector(selector), 'field is immutable')",
      replace: "goLabelSelector(selector), 'no')",
    },
    run: async (t) => {
      for (const [plural, kind] of [
        ['deployments', 'Deployment.apps'],
        ['replicasets', 'ReplicaSet.apps'],
        ['daemonsets', 'DaemonSet.apps'],
      ] as const) {
        await t.http.ok('POST', `${t.apps}/${plural}`, workload());
        const other = { matchLabels: { app: 'y' } };
        const changed = await t.http.patch('merge', `${t.apps}/${plural}/w`, {
          spec: { selector: other, template: { metadata: { labels: { app: 'y' } } } },
        });
        assertInvalid(changed, subject(kind), [
          'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"y"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
        ]);
      }
    },
  },
  {
    id: 'kinds/deployment-numbers',
    title: 'Replicas and seconds of a Deployment are not negative, and a roll-out may neither stand still nor be a lie',
    source: `${APPS} ValidateDeploymentSpec, ValidateRollingUpdateDeployment`,
    mutation: { file: `${RULES}/workloads.ts`, find: "'may not be 0 when `maxSurge` is 0'", replace: "'no'" },
    run: async (t) => {
      const refuse = async (spec: object, causes: readonly string[]): Promise<void> =>
        assertInvalid(
          await t.http.call('POST', `${t.apps}/deployments`, workload(spec)),
          subject('Deployment.apps'),
          causes,
        );
      await refuse({ replicas: -1, minReadySeconds: -2, revisionHistoryLimit: -3, progressDeadlineSeconds: -4 }, [
        'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        'spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0',
        'spec.revisionHistoryLimit: Invalid value: -3: must be greater than or equal to 0',
        'spec.progressDeadlineSeconds: Invalid value: -4: must be greater than or equal to 0',
        'spec.progressDeadlineSeconds: Invalid value: -4: must be greater than minReadySeconds',
      ]);
      await refuse({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }, [
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:0, IntVal:0, StrVal:""}: may not be 0 when `maxSurge` is 0',
      ]);
      await refuse({ strategy: { rollingUpdate: { maxSurge: 'half', maxUnavailable: '101%' } } }, [
        "spec.strategy.rollingUpdate.maxSurge: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:\"half\"}: a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"101%"}: must not be greater than 100%',
      ]);
      await refuse({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }, [
        "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
      ]);
      await refuse({ strategy: { type: 'Replace' } }, [
        'spec.strategy: Unsupported value: apps.DeploymentStrategy{Type:"Replace", RollingUpdate:(*apps.RollingUpdateDeployment)(nil)}: supported values: "Recreate", "RollingUpdate"',
      ]);
    },
  },
  {
    id: 'kinds/template-is-judged',
    title:
      'The Pod inside a Deployment is judged as Pods are, under the template; it always restarts and has no deadline',
    source: 'pkg/apis/core/validation/validation.go ValidatePodTemplateSpec',
    mutation: {
      file: `${RULES}/workload-checks.ts`,
      find: '`activeDeadlineSeconds in ${kind} is not Supported`',
      replace: '`no deadlines`',
    },
    run: async (t) => {
      const broken = template(
        {
          restartPolicy: 'Never',
          activeDeadlineSeconds: 5,
          containers: [{ name: 'a', ports: [{ containerPort: -1 }] }],
        },
        { app: 'x', bad: '!' },
      );
      const answer = await t.http.call('POST', `${t.apps}/deployments`, workload({ template: broken }));
      const word = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
      assertInvalid(answer, subject('Deployment.apps'), [
        `spec.template.labels: Invalid value: "!": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${word})?')`,
        'spec.template.spec.containers[0].image: Required value',
        'spec.template.spec.containers[0].ports[0].containerPort: Invalid value: -1: must be between 1 and 65535, inclusive',
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
      ]);
    },
  },
  {
    id: 'kinds/stateful-set-judges-no-pod',
    title:
      'A StatefulSet takes a template whose Pod is broken: its mounts may name claims, and Pods are judged when they are made',
    source: `${APPS} ValidatePodTemplateSpecForStatefulSet`,
    mutation: {
      file: `${RULES}/stateful-set.ts`,
      find: "...runningTemplateFaults(spec, 'StatefulSet'),",
      replace:
        "...runningTemplateFaults(spec, 'StatefulSet'),\n    ...(objectsAt(template, 'spec', 'containers').length > 0 ? [required('spec.template')] : []),",
    },
    run: async (t) => {
      const containers = [{ name: 'Upper_', image: '', volumeMounts: [{ name: 'claim', mountPath: '/data' }] }];
      const made = await t.http.call(
        'POST',
        `${t.apps}/statefulsets`,
        workload({ replicas: 0, serviceName: 's', template: template({ containers }) }),
      );
      assert.equal(made.code, 201, made.text);
      const refused = await t.http.call('POST', `${t.apps}/statefulsets`, {
        metadata: { name: 'w' },
        spec: {
          podManagementPolicy: 'Any',
          replicas: -1,
          updateStrategy: { type: 'Slowly' },
          template: template({ restartPolicy: 'OnFailure' }),
        },
      });
      assert.equal(refused.code, 422);
      const fields = refused.body['details'].causes.map((cause: { field: string }) => cause.field);
      assert.deepEqual(fields, [
        'spec.podManagementPolicy',
        'spec.updateStrategy',
        'spec.replicas',
        'spec.selector',
        'spec.template.metadata.labels',
        'spec.template.spec.restartPolicy',
      ]);
    },
  },
  {
    id: 'kinds/stateful-set-updates',
    title: 'Of a StatefulSet only replicas, template and update strategy (and little more) change',
    source: `${APPS} ValidateStatefulSetUpdate`,
    mutation: {
      file: `${RULES}/stateful-set.ts`,
      find: 'return equalJson(fixed(set), fixed(old))',
      replace: 'return equalJson(1, 1)',
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.apps}/statefulsets`, workload({ serviceName: 's', replicas: 0 }));
      const path = `${t.apps}/statefulsets/w`;
      const changed = await t.http.patch('merge', path, {
        spec: {
          template: { spec: { terminationGracePeriodSeconds: 7 } },
          updateStrategy: { type: 'OnDelete', rollingUpdate: null },
        },
      });
      assert.equal(changed.code, 200, changed.text);
      assert.equal(changed.body['metadata'].generation, 2);
      const refused = await t.http.patch('merge', path, { spec: { serviceName: 'other' } });
      assert.equal(refused.code, 422);
      assert.match(
        refused.body['message'],
        /^StatefulSet\.apps "w" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', .*'template',.* are forbidden$/,
      );
    },
  },
  {
    id: 'kinds/daemon-set-counts-its-template',
    title: 'A DaemonSet carries the number of its template as an annotation, and a change of the template raises it',
    source: 'pkg/registry/apps/daemonset/strategy.go PrepareForUpdate; pkg/apis/apps/v1/conversion.go',
    mutation: { file: `${RULES}/workloads.ts`, find: 'changed ? before + 1 : before', replace: 'before' },
    run: async (t) => {
      const annotation = 'deprecated.daemonset.template.generation';
      const made = await t.http.ok('POST', `${t.apps}/daemonsets`, workload());
      assert.equal(made['metadata'].annotations[annotation], '1');
      const path = `${t.apps}/daemonsets/w`;
      const labelled = await t.http.patch('merge', path, { metadata: { labels: { a: 'b' } } });
      assert.equal(labelled.body['metadata'].annotations[annotation], '1');
      const changed = await t.http.patch('merge', path, {
        spec: { template: { spec: { terminationGracePeriodSeconds: 7 } } },
      });
      assert.deepEqual(
        [changed.body['metadata'].annotations[annotation], changed.body['metadata'].generation],
        ['2', 2],
      );
      const none = await t.http.call('POST', `${t.apps}/daemonsets`, {
        metadata: { name: 'none' },
        spec: { template: template() },
      });
      assertInvalid(none, 'DaemonSet.apps "none"', [mismatch]);
    },
  },
  {
    id: 'kinds/job-generated-selector',
    title:
      "A Job selects the Pods that carry its own uid; a selector of the writer's is not taken, and only OnFailure and Never restart",
    source: 'pkg/registry/batch/job/strategy.go generateSelector; pkg/apis/batch/validation/validation.go',
    mutation: { file: `${RULES}/job.ts`, find: "'`selector` not auto-generated'", replace: "'foreign'" },
    run: async (t) => {
      const jobs = `/apis/batch/v1/namespaces/${t.namespace}/jobs`;
      const job = (spec: object): object => ({ metadata: { name: 'j' }, spec });
      const made = await t.http.call('POST', jobs, job({ template: template({ restartPolicy: 'Never' }) }));
      assert.equal(made.code, 201, made.text);
      const { uid, labels } = made.body['metadata'];
      const { backoffLimit, completions, parallelism, selector, template: completed } = made.body['spec'];
      assert.deepEqual({ backoffLimit, completions, parallelism }, { backoffLimit: 6, completions: 1, parallelism: 1 });
      assert.deepEqual(Object.values(selector.matchLabels), [uid]);
      assert.equal(completed.metadata.labels['controller-uid'], uid);
      assert.equal(completed.metadata.labels['job-name'], 'j');
      assert.deepEqual(labels, completed.metadata.labels);
      const always = await t.http.call('POST', jobs, job({ template: template() }));
      assertInvalid(always, 'Job.batch "j"', [
        'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
      ]);
      const foreign = await t.http.call(
        'POST',
        jobs,
        job({ selector: { matchLabels: { app: 'x' } }, template: template({ restartPolicy: 'Never' }) }),
      );
      assert.equal(foreign.code, 422);
      assert.match(
        foreign.body['message'],
        /spec\.selector: Invalid value: v1\.LabelSelector\{.*\}: `selector` not auto-generated/,
      );
      const more = await t.http.patch('merge', `${jobs}/j`, { spec: { completions: 2 } });
      assertInvalid(more, 'Job.batch "j"', ['spec.completions: Invalid value: 2: field is immutable']);
    },
  },
  {
    id: 'kinds/status-on-create',
    title: "A new workload has no status of the writer's: it starts at zero",
    source: 'pkg/registry/apps/*/strategy.go PrepareForCreate',
    mutation: {
      file: `${RULES}/workloads.ts`,
      find: "void (set['status'] = { replicas: 0 })",
      replace: "void (set['status'] = { replicas: 1 })",
    },
    run: async (t) => {
      const lying = { replicas: 7, readyReplicas: 7 };
      const made = await t.http.ok('POST', `${t.apps}/replicasets`, { ...workload({ replicas: 0 }), status: lying });
      assert.deepEqual(made['status'], { replicas: 0 });
      const daemon = await t.http.ok('POST', `${t.apps}/daemonsets`, { ...workload(), status: { numberReady: 3 } });
      assert.deepEqual(daemon['status'], {
        currentNumberScheduled: 0,
        desiredNumberScheduled: 0,
        numberMisscheduled: 0,
        numberReady: 0,
      });
      const deployment = await t.http.ok('POST', `${t.apps}/deployments`, { ...workload(), status: lying });
      assert.deepEqual(deployment['status'], {});
    },
  },
  {
    id: 'kinds/controller-revision',
    title: 'A ControllerRevision needs data, which never changes; its number may',
    source: `${APPS} ValidateControllerRevision, ValidateControllerRevisionUpdate`,
    mutation: { file: `${RULES}/stateful-set.ts`, find: "'data is mandatory'", replace: "'data?'" },
    run: async (t) => {
      const revisions = `${t.apps}/controllerrevisions`;
      const none = await t.http.call('POST', revisions, { metadata: { name: 'r' }, revision: -1 });
      assertInvalid(none, 'ControllerRevision.apps "r"', [
        'data: Required value: data is mandatory',
        'revision: Invalid value: -1: must be greater than or equal to 0',
      ]);
      const made = await t.http.call('POST', revisions, {
        metadata: { name: 'r' },
        revision: 1,
        data: { spec: { a: 1 } },
      });
      assert.equal(made.code, 201, made.text);
      assert.deepEqual(made.body['data'], { spec: { a: 1 } });
      assert.equal((await t.http.patch('merge', `${revisions}/r`, { revision: 2 })).body['revision'], 2);
      const changed = await t.http.patch('merge', `${revisions}/r`, { data: { spec: { a: 2 } } });
      assert.equal(changed.code, 422);
      assert.match(changed.body['message'], /: data: Invalid value: .*: field is immutable$/);
    },
  },
];
