// kubectl commands that only read: get in its forms, describe, explain, discovery, authorization.
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import type { ParityCase } from '../parity-case.ts';
import { configMap, deployment, makeKind, makePods, pod } from './kubectl-objects.ts';

const needs = ['kubectl'] as const;
const SERVER = 'lab/kube/apiserver';

export const kubectlReadCases: readonly ParityCase[] = [
  {
    id: 'kubectl/get-output-forms',
    title: "kubectl get prints names, YAML, JSON, JSONPath, templates and columns of one's own",
    source: 'docs: reference/kubectl "Output options"',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/pod.ts',
      find: "phase: 'Pending',",
      replace: "phase: 'Waiting',",
    },
    needs,
    run: async (t) => {
      await makePods(t, 'one', 'two');
      const get = (options: string): Promise<string> => t.kubectl.ok(`get ${options}`);
      assert.equal(await get('pods -o name'), 'pod/one\npod/two\n');
      assert.equal(await get('pod one -o jsonpath={.spec.containers[0].image}'), 'nginx:1');
      assert.equal(
        await t.kubectl.ok(['get', 'pods', '-o', 'jsonpath={range .items[*]}{.metadata.name}={.status.phase};{end}']),
        'one=Pending;two=Pending;',
      );
      assert.equal(
        await get('pods -o custom-columns=N:.metadata.name,IMAGE:.spec.containers[*].image'),
        'N     IMAGE\none   nginx:1\ntwo   nginx:1\n',
      );
      assert.equal(
        await t.kubectl.ok(['get', 'pod', 'one', '-o', 'go-template={{.metadata.name}} {{.kind}}']),
        'one Pod',
      );
      assert.deepEqual(parse(await get('pod one -o yaml')), JSON.parse(await get('pod one -o json')));
      const list = JSON.parse(await get('pods -o json')) as { kind: string; items: readonly { kind: string }[] };
      assert.deepEqual([list.kind, list.items.map(({ kind }) => kind)], ['List', ['Pod', 'Pod']]);
    },
  },
  {
    id: 'kubectl/get-table',
    title:
      "kubectl get prints the server's table, more of it with -o wide, labels as columns, and no header when asked",
    source:
      'docs: reference/kubectl/generated/kubectl_get; reference/using-api/api-concepts "Receiving resources as Tables"',
    mutation: { file: `${SERVER}/table/pod-columns.ts`, find: "'Nominated Node'", replace: "'Nominated'" },
    needs,
    run: async (t) => {
      await makePods(t, 'one', 'two');
      assert.match(
        await t.kubectl.ok('get pods'),
        /^NAME +READY +STATUS +RESTARTS +AGE\none +0\/1 +Pending +0 +\d+s\ntwo +0\/1 +Pending +0 +\d+s\n$/,
      );
      assert.match(
        await t.kubectl.ok('get pods -o wide'),
        /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\none +0\/1 +Pending +0 +\d+s +<none> +<none> +<none> +<none>\n/,
      );
      assert.match(
        await t.kubectl.ok('get pods --no-headers -L app'),
        /^one +0\/1 +Pending +0 +\d+s +one\ntwo +.* two\n$/,
      );
      assert.match(await t.kubectl.ok('get pod one --show-labels'), /LABELS\none .* app=one\n$/);
      const none = await t.kubectl.run('get configmaps -l nothing=here');
      assert.deepEqual(
        [none.code, none.stdout, none.stderr],
        [0, '', `No resources found in ${t.namespace} namespace.\n`],
      );
      const absent = await t.kubectl.run('get pod absent');
      assert.deepEqual([absent.code, absent.stderr], [1, 'Error from server (NotFound): pods "absent" not found\n']);
      const unknown = await t.kubectl.run('get gadgets');
      assert.deepEqual(
        [unknown.code, unknown.stderr],
        [1, 'error: the server doesn\'t have a resource type "gadgets"\n'],
      );
    },
  },
  {
    id: 'kubectl/get-selected',
    title: 'kubectl get selects by label and field, in all Namespaces, and sorts by a field',
    source: 'docs: concepts/overview/working-with-objects/labels, field-selectors',
    mutation: { file: `${SERVER}/builtin/selectable-fields.ts`, find: "'spec.restartPolicy',", replace: '' },
    needs,
    run: async (t) => {
      for (const [name, order] of [
        ['a', 3],
        ['b', 1],
        ['c', 2],
      ] as const)
        await t.http.ok(
          'POST',
          `${t.core}/pods`,
          pod(name, {
            labels: { tier: order === 2 ? 'back' : 'front', case: t.namespace },
            annotations: { order: String(order) },
          }),
        );
      const names = (args: string): Promise<string> => t.kubectl.ok(`get pods -o name ${args}`);
      assert.equal(await names('-l tier=front'), 'pod/a\npod/b\n');
      assert.equal(await names('-l tier!=front'), 'pod/c\n');
      assert.equal(
        await names('--field-selector metadata.name!=b,spec.restartPolicy=Always,status.phase=Pending'),
        'pod/a\npod/c\n',
      );
      assert.equal(await names('--sort-by={.metadata.annotations.order}'), 'pod/b\npod/c\npod/a\n');
      assert.equal(
        await t.kubectl.ok(`get pods -A -l case=${t.namespace} -o jsonpath={.items[*].metadata.namespace}`),
        `${t.namespace} ${t.namespace} ${t.namespace}`,
      );
      const refused = await t.kubectl.run('get pods --field-selector spec.colour=red');
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        /^Error from server \(BadRequest\): Unable to find "\/v1, Resource=pods" that match label selector "", field selector "spec\.colour=red": field label not supported: spec\.colour\n$/,
      );
    },
  },
  {
    id: 'kubectl/get-several-kinds',
    title: 'kubectl get takes several kinds, short names, names with their kind, and the category all',
    source: 'docs: reference/kubectl "Resource types"; CRD categories',
    mutation: { file: `${SERVER}/builtin/kinds.ts`, find: "const all = ['all'];", replace: "const all = ['most'];" },
    needs,
    run: async (t) => {
      await makePods(t, 'one');
      await t.http.ok('POST', `${t.core}/configmaps`, configMap('settings'));
      await t.http.ok('POST', `${t.apps}/deployments`, deployment('web'));
      assert.equal(await t.kubectl.ok('get po/one cm/settings -o name'), 'pod/one\nconfigmap/settings\n');
      assert.equal(await t.kubectl.ok('get deploy,po -o name'), 'deployment.apps/web\npod/one\n');
      const all = await t.kubectl.ok('get all -o name');
      for (const name of ['pod/one', 'deployment.apps/web']) assert.ok(all.includes(`${name}\n`), all);
      assert.ok(!all.includes('configmap/'), all);
    },
  },
  {
    id: 'kubectl/get-watch',
    title: 'kubectl get -w goes on with what is created and changed meanwhile',
    source: 'docs: reference/kubectl/generated/kubectl_get "--watch"',
    mutation: {
      file: 'lab/kube/apiserver/operations/watch.ts',
      find: 'if (notice !== undefined) listener(notice, shared);',
      replace: 'if (notice !== undefined) listener(notice, {} as never);',
    },
    needs,
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, configMap('first', {}, { labels: { case: 'watched' } }));
      const watching = t.kubectl.run('get configmaps -l case=watched -w -o name --request-timeout=4s');
      await t.http.ok('POST', `${t.core}/configmaps`, configMap('second', {}, { labels: { case: 'watched' } }));
      const { stdout } = await watching;
      assert.equal(stdout, 'configmap/first\nconfigmap/second\n');
    },
  },
  {
    id: 'kubectl/describe-pod-with-events',
    title: 'kubectl describe pod shows its fields and the Events that are about it',
    source: 'docs: reference/kubectl/generated/kubectl_describe; staging/src/k8s.io/kubectl/pkg/describe',
    mutation: {
      file: `${SERVER}/builtin/selectable-fields.ts`,
      find: "'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(\n    (name) => `involvedObject",
      replace: "'apiVersion', 'resourceVersion', 'fieldPath'].map(\n    (name) => `involvedObject",
    },
    needs,
    run: async (t) => {
      const { metadata } = await t.http.ok(
        'POST',
        `${t.core}/pods`,
        pod('described', { labels: { app: 'x' }, annotations: { note: 'hello' } }),
      );
      await t.http.ok('POST', `${t.core}/events`, {
        metadata: { name: 'described.1' },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'described', namespace: t.namespace, uid: metadata.uid },
        reason: 'FailedScheduling',
        message: 'Insufficient tke.cloud.tencent.com/sub-eni',
        type: 'Warning',
        source: { component: 'tke-scheduler' },
        count: 2,
        firstTimestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
        lastTimestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      });
      const text = await t.kubectl.ok('describe pod described');
      assert.match(text, /^Name: +described\n/);
      assert.match(text, /\nLabels: +app=x\n/);
      assert.match(text, /\nAnnotations: +note: hello\n/);
      assert.match(text, /\nStatus: +Pending\n/);
      assert.match(text, /\nQoS Class: +BestEffort\n/);
      assert.match(
        text,
        /Warning +FailedScheduling +\S+ .*tke-scheduler +Insufficient tke\.cloud\.tencent\.com\/sub-eni\n/,
      );
      assert.match(
        await t.kubectl.ok('get events'),
        /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Warning +FailedScheduling +pod\/described +Insufficient/,
      );
      assert.match(
        await t.kubectl.ok('events --for pod/described'),
        /Warning +FailedScheduling +Pod\/described +Insufficient/,
      );
    },
  },
  {
    id: 'kubectl/describe-other-kinds',
    title:
      'kubectl describe knows Deployments, Services, Namespaces and Nodes, and prints any other kind by its fields',
    source: 'staging/src/k8s.io/kubectl/pkg/describe/describe.go',
    mutation: {
      file: `${SERVER}/builtin/rules/workloads.ts`,
      find: "setDefault(rolling, 'maxSurge', '25%')",
      replace: "setDefault(rolling, 'maxSurge', '26%')",
    },
    needs,
    run: async (t) => {
      await t.http.ok('POST', `${t.apps}/deployments`, deployment('web'));
      const web = await t.kubectl.ok('describe deployment web');
      assert.match(web, /\nSelector: +app=web\n/);
      assert.match(web, /\nRollingUpdateStrategy: +25% max unavailable, 25% max surge\n/);
      assert.match(web, /\n +Image: +nginx:1\n/);
      await t.http.ok('POST', `${t.core}/services`, {
        metadata: { name: 'web' },
        spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
      });
      const service = await t.kubectl.ok('describe service web');
      assert.match(service, /\nType: +ClusterIP\n/);
      assert.match(service, /\nPort: +http +80\/TCP\nTargetPort: +8080\/TCP\n/);
      const namespace = await t.kubectl.ok(`describe namespace ${t.namespace}`);
      assert.match(namespace, /\nStatus: +Active\n\nNo resource quota\.\n\nNo LimitRange resource\.\n/);
      const node = t.unique('node');
      await t.http.ok('POST', '/api/v1/nodes', {
        metadata: { name: node },
        spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] },
        status: { capacity: { cpu: '2' } },
      });
      t.defer(() => t.http.call('DELETE', `/api/v1/nodes/${node}`));
      const described = await t.kubectl.ok(['describe', 'node', node]);
      assert.match(described, /\nTaints: +k=v:NoSchedule\n/);
      assert.match(described, /\nCapacity:\n +cpu: +2\n/);
      const { path } = await makeKind(t);
      await t.http.ok('POST', path, {
        apiVersion: path.split('/').slice(2, 4).join('/'),
        kind: 'Widget',
        metadata: { name: 'w' },
        spec: { size: 3 },
      });
      const widget = await t.kubectl.ok('describe widgets w');
      assert.match(widget, /\nKind: +Widget\n/);
      assert.match(widget, /\nSpec:\n +Size: +3\n/);
    },
  },
  {
    id: 'kubectl/custom-kind',
    title: "kubectl finds a kind of one's own by plural, singular, short name and group, and prints its columns",
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions',
    mutation: {
      file: 'lab/kube/apiserver/custom/printer-columns.ts',
      find: "name: stringAt(column, 'name') ?? '',",
      replace: "name: 'x',",
    },
    needs,
    run: async (t) => {
      const { group } = await makeKind(t);
      const manifest = JSON.stringify({
        apiVersion: `${group}/v1`,
        kind: 'Widget',
        metadata: { name: 'w' },
        spec: { size: 3 },
      });
      assert.equal(await t.kubectl.ok('create -f -', { stdin: manifest }), `widget.${group}/w created\n`);
      for (const name of ['widgets', 'widget', 'wdg', `widgets.${group}`, `widgets.v1.${group}`])
        assert.match(await t.kubectl.ok(`get ${name}`), /^NAME +SIZE\nw +3\n$/);
      assert.match(
        await t.kubectl.ok(`api-resources --api-group=${group}`),
        new RegExp(`^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\\nwidgets +wdg +${group}/v1 +true +Widget\\n$`),
      );
      assert.match(await t.kubectl.ok('delete wdg w'), new RegExp(`^widget\\.${group} "w" deleted`));
    },
  },
];
