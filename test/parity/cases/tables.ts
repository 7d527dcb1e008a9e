// The Table form of objects and lists, which kubectl prints.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';
import { customTableCases } from './tables-custom.ts';
import { podTableCases } from './tables-pods.ts';
import { cellsOf, columnNames, tableOf, tableType } from './tables-support.ts';

const convention = 'docs: reference/using-api/api-concepts, "Receiving resources as Tables"';
const printers = 'pkg/printers/internalversion/printers.go';
const tables = 'lab/kube/apiserver/table/table.ts';

/** Names of columns; a star marks those of `-o wide`. */
const builtIn: readonly (readonly [string, string])[] = [
  ['/api/v1/configmaps', 'Name Data Age'],
  ['/api/v1/endpoints', 'Name Endpoints Age'],
  ['/api/v1/events', 'Last-Seen Type Reason Object *Subobject *Source Message *First-Seen *Count *Name'],
  ['/api/v1/namespaces', 'Name Status Age'],
  [
    '/api/v1/nodes',
    'Name Status Roles Age Version *Internal-IP *External-IP *OS-Image *Kernel-Version *Container-Runtime',
  ],
  ['/api/v1/pods', 'Name Ready Status Restarts Age *IP *Node *Nominated-Node *Readiness-Gates'],
  ['/api/v1/secrets', 'Name Type Data Age'],
  ['/api/v1/services', 'Name Type Cluster-IP External-IP Port(s) Age *Selector'],
  ['/api/v1/serviceaccounts', 'Name Secrets Age'],
  ['/apis/apps/v1/controllerrevisions', 'Name Controller Revision Age'],
  [
    '/apis/apps/v1/daemonsets',
    'Name Desired Current Ready Up-to-date Available Node-Selector Age *Containers *Images *Selector',
  ],
  ['/apis/apps/v1/deployments', 'Name Ready Up-to-date Available Age *Containers *Images *Selector'],
  ['/apis/apps/v1/replicasets', 'Name Desired Current Ready Age *Containers *Images *Selector'],
  ['/apis/apps/v1/statefulsets', 'Name Ready Age *Containers *Images'],
  ['/apis/coordination.k8s.io/v1/leases', 'Name Holder Age'],
  ['/apis/rbac.authorization.k8s.io/v1/roles', 'Name Created-At'],
  ['/apis/rbac.authorization.k8s.io/v1/clusterroles', 'Name Created-At'],
  ['/apis/rbac.authorization.k8s.io/v1/rolebindings', 'Name Role Age *Users *Groups *ServiceAccounts'],
  ['/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', 'Name Role Age *Users *Groups *ServiceAccounts'],
  ['/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', 'Name Webhooks Age'],
  ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', 'Name Created-At'],
];

const builtInCases: readonly ParityCase[] = [
  {
    id: 'tables/columns-of-lists',
    title:
      'A list as a Table has columns with type, format, description and priority, and one row an object with its metadata',
    source: convention,
    mutation: { file: tables, find: 'priority: column.priority ?? 0,', replace: 'priority: column.priority,' },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, {
        metadata: { name: 'a', labels: { case: 'table' } },
        data: { x: '1', y: '2' },
      });
      const table = await tableOf(t, `${t.core}/configmaps?labelSelector=case%3Dtable`);
      assert.deepEqual([table['kind'], table['apiVersion']], ['Table', 'meta.k8s.io/v1']);
      const [name, data, age] = table['columnDefinitions'];
      assert.deepEqual([name.name, name.type, name.format, name.priority], ['Name', 'string', 'name', 0]);
      assert.match(name.description, /^Name must be unique within a namespace\. /);
      assert.deepEqual([data.name, data.type, data.format, data.priority], ['Data', 'string', '', 0]);
      assert.match(data.description, /^Data contains the configuration data\. /);
      assert.match(
        age.description,
        /^CreationTimestamp is a timestamp representing the server time when this object was created\. /,
      );
      assert.deepEqual(
        cellsOf(table).map(([one, two]) => [one, two]),
        [['a', 2]],
      );
      const { object } = table['rows'][0];
      assert.deepEqual(
        [object.kind, object.apiVersion, object.metadata.name],
        ['PartialObjectMetadata', 'meta.k8s.io/v1', 'a'],
      );
      assert.equal(object.data, undefined);
    },
  },
  {
    id: 'tables/built-in-kinds',
    title: 'Every built-in kind prints its columns in their order, and more of them when wide',
    source: printers,
    mutation: {
      file: 'lab/kube/apiserver/table/columns.ts',
      find: '...column, priority: 1 });',
      replace: '...column, priority: 0 });',
    },
    run: async (t) => {
      for (const [path, expected] of builtIn)
        assert.equal(columnNames(await tableOf(t, `${path}?limit=1`)), expected, path);
    },
  },
  {
    id: 'tables/include-object',
    title: 'Rows carry the metadata, the whole object or nothing, as the client asks',
    source: convention,
    mutation: { file: tables, find: '      return { object: null };', replace: '      return {};' },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a' }, data: { x: '1' } });
      const path = `${t.core}/configmaps/a`;
      const rowOf = async (include: string): Promise<Record<string, unknown>> =>
        (await tableOf(t, `${path}?includeObject=${include}`))['rows'][0];
      assert.equal((await rowOf('None'))['object'], null);
      const whole = (await rowOf('Object'))['object'] as Record<string, unknown>;
      assert.deepEqual([whole['kind'], whole['apiVersion'], whole['data']], ['ConfigMap', 'v1', { x: '1' }]);
      const metadata = (await rowOf('Metadata'))['object'] as Record<string, unknown>;
      assert.deepEqual([metadata['kind'], metadata['data']], ['PartialObjectMetadata', undefined]);
      const other = await t.http.get(`${path}?includeObject=Half`, { headers: { accept: tableType } });
      assert.deepEqual(
        [other.code, other.body['message']],
        [
          400,
          `Unable to convert to Table as requested: includeObject: Invalid value: "Half": must be 'Metadata', 'Object', 'None', or empty`,
        ],
      );
    },
  },
  {
    id: 'tables/errors-stay-errors',
    title: 'An error is a Status in whatever form the answer was asked for',
    source: convention,
    mutation: {
      file: 'lab/kube/apiserver/http/negotiation.ts',
      find: 'return negotiate(request, query);',
      replace: 'return negotiate(request, query, { conversions: false, stream: true });',
    },
    run: async (t) => {
      const missing = await t.http.get(`${t.core}/configmaps/none`, { headers: { accept: tableType } });
      assert.deepEqual([missing.code, missing.body['kind'], missing.body['reason']], [404, 'Status', 'NotFound']);
      const only = await t.http.get(`${t.core}/configmaps/none`, {
        headers: { accept: 'application/yaml;as=Table;v=v1;g=meta.k8s.io,application/yaml' },
      });
      assert.equal(only.code, 404);
      assert.match(only.text, /^apiVersion: v1\n/);
    },
  },
  {
    id: 'tables/pages',
    title: 'A page of a Table carries the continue token and what remains, and the version of the list',
    source: convention,
    mutation: { file: tables, find: 'metadata: options.listMeta,', replace: 'metadata: {},' },
    run: async (t) => {
      for (const name of ['a', 'b', 'c'])
        await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name, labels: { case: 'pages' } } });
      const path = `${t.core}/configmaps?limit=2`;
      const first = await tableOf(t, path);
      assert.equal(first['rows'].length, 2);
      assert.ok(first['metadata'].continue !== '' && first['metadata'].remainingItemCount >= 1);
      const second = await tableOf(t, `${path}&continue=${encodeURIComponent(first['metadata'].continue)}`);
      assert.ok(second['rows'].length >= 1);
      assert.equal(second['metadata'].resourceVersion, first['metadata'].resourceVersion);
    },
  },
  {
    id: 'tables/watches',
    title: 'A watch sends a Table of one row for each event, with the columns in the first one alone',
    source: convention,
    mutation: {
      file: tables,
      find: 'columnDefinitions: options.headers',
      replace: 'columnDefinitions: options.headers || options.now',
    },
    run: async (t) => {
      const path = `${t.core}/configmaps?watch=true&labelSelector=case%3Dwatched`;
      const watch = await t.http.watch(path, { headers: { accept: tableType } });
      t.defer(() => Promise.resolve(watch.close()));
      const one = { metadata: { name: 'a', labels: { case: 'watched' } }, data: { x: '1' } };
      await t.http.ok('POST', `${t.core}/configmaps`, one);
      const added = await watch.next();
      assert.deepEqual(
        [added.type, added.object['kind'], columnNames(added.object)],
        ['ADDED', 'Table', 'Name Data Age'],
      );
      await t.http.ok('PUT', `${t.core}/configmaps/a`, { ...one, data: { x: '1', y: '2' } });
      const modified = await watch.next();
      assert.deepEqual([modified.type, modified.object['columnDefinitions'] ?? null], ['MODIFIED', null]);
      assert.deepEqual(
        cellsOf(modified.object).map(([name, data]) => [name, data]),
        [['a', 2]],
      );
      assert.equal(modified.object['rows'][0].object.kind, 'PartialObjectMetadata');
      await t.http.ok('DELETE', `${t.core}/configmaps/a`);
      assert.equal((await watch.next()).type, 'DELETED');
    },
  },
  {
    id: 'tables/services-and-endpoints',
    title: 'Ports of a Service with their protocols, the first three endpoints of many',
    source: `${printers} (printService, printEndpoints)`,
    mutation: {
      file: 'lab/kube/apiserver/table/core-columns.ts',
      find: 'found.length <= 3 ?',
      replace: 'found.length <= 4 ?',
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/services`, {
        metadata: { name: 's' },
        spec: {
          clusterIP: 'None',
          selector: { b: 'x', a: 'y' },
          ports: [
            { name: 'a', port: 80 },
            { name: 'b', port: 53, protocol: 'UDP' },
          ],
        },
      });
      const [service = []] = cellsOf(await tableOf(t, `${t.core}/services/s`));
      assert.deepEqual(
        [...service.slice(0, 5), service[6]],
        ['s', 'ClusterIP', 'None', '<none>', '80/TCP,53/UDP', 'a=y,b=x'],
      );
      const ips = ['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip }));
      await t.http.ok('POST', `${t.core}/endpoints`, {
        metadata: { name: 'e' },
        subsets: [
          {
            addresses: ips,
            ports: [
              { name: 'a', port: 1 },
              { name: 'b', port: 2 },
            ],
          },
        ],
      });
      const [endpoints = []] = cellsOf(await tableOf(t, `${t.core}/endpoints/e`));
      assert.deepEqual(endpoints.slice(0, 2), ['e', '10.0.0.1:1,10.0.0.2:1,10.0.0.1:2 + 1 more...']);
    },
  },
  {
    id: 'tables/events',
    title: 'An Event prints when it was seen, what it is about and how often it came',
    source: `${printers} (printEvent)`,
    mutation: {
      file: 'lab/kube/apiserver/table/core-columns.ts',
      find: "return series === undefined ? numberAt(event, 'count') || 1 : series + 1;",
      replace: "return series === undefined ? numberAt(event, 'count') || 1 : series;",
    },
    since: '1.22',
    run: async (t) => {
      const old = new Date(Date.now() - (3 * 24 * 60 + 90) * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
      const event = (name: string, more: object): Promise<Answer['body']> =>
        t.http.ok('POST', `${t.core}/events`, {
          metadata: { name },
          involvedObject: { kind: 'Pod', name: 'p', namespace: t.namespace },
          type: 'Normal',
          reason: 'Tested',
          message: ' said \n',
          ...more,
        });
      await event('counted', {
        count: 4,
        firstTimestamp: old,
        lastTimestamp: old,
        source: { component: 'c', host: 'h' },
      });
      const [counted = []] = cellsOf(await tableOf(t, `${t.core}/events/counted`));
      assert.deepEqual(counted, ['3d1h', 'Normal', 'Tested', 'pod/p', '', 'c, h', 'said', '3d1h', 4, 'counted']);
      const micro = old.replace('Z', '.000000Z');
      await event('series', {
        eventTime: micro,
        action: 'Testing',
        reportingComponent: 'parity.example.com/controller',
        reportingInstance: 'one',
        series: { count: 2, lastObservedTime: micro },
      });
      const [series = []] = cellsOf(await tableOf(t, `${t.core}/events/series`));
      assert.deepEqual([series[0], series[5], series[8]], ['3d1h', 'parity.example.com/controller, one', 3]);
    },
  },
];

export const tablesCases: readonly ParityCase[] = [...builtInCases, ...podTableCases, ...customTableCases];
