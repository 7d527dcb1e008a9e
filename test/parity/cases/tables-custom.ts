// Tables of custom resources: additionalPrinterColumns.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import type { Definition } from './crd-support.ts';
import { anything, definition, served, servedWith } from './crd-support.ts';
import { cellsOf, columnNames, tableOf } from './tables-support.ts';

const docs = 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Additional printer columns"';
const convertor = 'apiextensions-apiserver, pkg/registry/customresource/tableconvertor/tableconvertor.go';
const columns = 'lab/kube/apiserver/custom/printer-columns.ts';

/** A definition with columns over the paths, all of one type. */
const withColumns = (t: ParityContext, type: string, ...paths: readonly string[]): Promise<Definition> =>
  served(
    t,
    definition(t, [
      {
        name: 'v1',
        schema: { type: 'object', properties: { spec: anything } },
        more: { additionalPrinterColumns: paths.map((jsonPath, index) => ({ name: `C${index}`, type, jsonPath })) },
      },
    ]),
  );

/** What a path shows of each spec. */
async function shown(
  t: ParityContext,
  type: string,
  path: string,
  specs: readonly unknown[],
): Promise<readonly unknown[]> {
  const made = await withColumns(t, type, path);
  for (const [index, spec] of specs.entries())
    await t.http.ok('POST', made.objects(), made.object(`x${String(index).padStart(2, '0')}`, spec));
  return cellsOf(await tableOf(t, made.objects())).map((cells) => cells[1]);
}

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');

export const customTableCases: readonly ParityCase[] = [
  {
    id: 'tables/custom-columns',
    title: 'A custom resource prints its name and its columns, with their type, format, description and priority',
    source: docs,
    mutation: {
      file: columns,
      find: 'Custom resource definition column (in JSONPath format): ${text}',
      replace: '${text}',
    },
    run: async (t) => {
      const additionalPrinterColumns = [
        { name: 'Size', type: 'integer', format: 'int32', description: 'How large.', jsonPath: '.spec.size' },
        { name: 'Mode', type: 'string', jsonPath: '.spec.mode', priority: 1 },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ];
      const made = await served(t, definition(t, [{ name: 'v1', more: { additionalPrinterColumns } }]));
      await t.http.ok('POST', made.objects(), made.object('x', { size: 3, mode: 'auto' }));
      const table = await tableOf(t, made.objects());
      assert.equal(columnNames(table), 'Name Size *Mode Age');
      const [name, size, mode] = table['columnDefinitions'];
      assert.deepEqual([name.type, name.format], ['string', 'name']);
      assert.deepEqual(size, {
        name: 'Size',
        type: 'integer',
        format: 'int32',
        description: 'How large.',
        priority: 0,
      });
      assert.deepEqual(mode, {
        name: 'Mode',
        type: 'string',
        format: '',
        description: 'Custom resource definition column (in JSONPath format): .spec.mode',
        priority: 1,
      });
      assert.deepEqual(
        cellsOf(table).map((cells) => cells.slice(0, 3)),
        [['x', 3, 'auto']],
      );
      assert.match(String(cellsOf(table)[0]?.[3]), /^\d+s$/);
    },
  },
  {
    id: 'tables/custom-without-columns',
    title: 'A custom resource without columns prints its name and its age',
    source: docs,
    mutation: { file: columns, find: "{ ...ageColumn, type: 'date' }", replace: 'ageColumn' },
    run: async (t) => {
      const made = await servedWith(t, {});
      await t.http.ok('POST', made.objects(), made.object('x'));
      const table = await tableOf(t, `${made.objects()}/x`);
      assert.equal(columnNames(table), 'Name Age');
      assert.deepEqual([table['columnDefinitions'][1].type, table['columnDefinitions'][1].format], ['date', '']);
      assert.match(String(cellsOf(table)[0]?.[1]), /^\d+s$/);
    },
  },
  {
    id: 'tables/custom-cells-by-type',
    title: 'A cell is what its column says it is, and nothing when the value is something else',
    source: convertor,
    mutation: {
      file: columns,
      find: "return typeof value === 'number' ? Math.trunc(value) : undefined;",
      replace: "return typeof value === 'number' ? value : undefined;",
    },
    run: async (t) => {
      const specs = ['text', 5, 1.5, true, { b: 1, a: 'x' }, [1, 'a'], {}].map((a) => ({ a }));
      assert.deepEqual(await shown(t, 'string', '.spec.a', specs), [
        'text',
        '5',
        '1.5',
        'true',
        '{"a":"x","b":1}',
        '[1,"a"]',
        '{}',
      ]);
      assert.deepEqual(await shown(t, 'integer', '.spec.a', specs), [null, 5, 1, null, null, null, null]);
      assert.deepEqual(await shown(t, 'number', '.spec.a', specs), [null, 5, 1.5, null, null, null, null]);
      assert.deepEqual(await shown(t, 'boolean', '.spec.a', specs), [null, null, null, true, null, null, null]);
      assert.deepEqual(await shown(t, 'string', '.spec.missing', specs.slice(0, 1)), [null]);
    },
  },
  {
    id: 'tables/custom-dates',
    title: 'A date prints as the time since then, ever more coarsely; what is no date is invalid',
    source: `${convertor}; k8s.io/apimachinery, pkg/util/duration`,
    mutation: {
      file: 'lab/kube/apiserver/table/duration.ts',
      find: 'if (hours < 48) return `${hours}h`;',
      replace: 'if (hours < 24) return `${hours}h`;',
    },
    run: async (t) => {
      const hour = 60;
      const day = 24 * hour;
      const tries: readonly (readonly [string, string])[] = [
        [ago(7.25), '7m15s'],
        [ago(45.5), '45m'],
        [ago(5 * hour + 20.5), '5h20m'],
        [ago(30 * hour + 20), '30h'],
        [ago(3 * day + 2 * hour + 20), '3d2h'],
        [ago(100 * day + hour), '100d'],
        [ago(3 * 365 * day + 40 * day + hour), '3y40d'],
        [ago(9 * 365 * day + hour), '9y'],
        [ago(-60), '<invalid>'],
        ['', '<unknown>'],
        ['2020-01-01', '<invalid>'],
        ['soon', '<invalid>'],
      ];
      const cells = await shown(
        t,
        'date',
        '.spec.a',
        tries.map(([a]) => ({ a })),
      );
      // Seconds go by while the case runs.
      assert.match(String(cells[0]), /^7m(1[5-9]|[2-5]\d)s$/);
      assert.deepEqual(
        cells.slice(1),
        tries.slice(1).map(([, text]) => text),
      );
    },
  },
  {
    id: 'tables/custom-paths',
    title: 'Paths may index, slice, filter and quote; of several results the first is printed',
    source: 'docs: reference/kubectl/jsonpath; k8s.io/client-go, util/jsonpath',
    mutation: {
      file: 'lab/kube/apiserver/custom/json-path.ts',
      find: 'step.index >= -value.length &&',
      replace: 'step.index >= 0 &&',
    },
    run: async (t) => {
      const paths: readonly (readonly [string, unknown])[] = [
        ['.spec.list[1]', 'b'],
        ['.spec.list[-1]', 'c'],
        ['.spec.list[9]', null],
        ['.spec.list[*]', 'a'],
        ['.spec.list[1:]', 'b'],
        ['.spec.conditions[?(@.type=="Ready")].status', 'True'],
        ['.spec.conditions[?(@.count>1)].type', 'Ready'],
        ['.spec.conditions[?(@.type=="Missing")].status', null],
        [".spec['list'][0]", 'a'],
        ['.metadata.labels.app\\.kubernetes\\.io/name', 'me'],
        ['.spec.map.*', 'first'],
        ['.spec..deep', 'found'],
      ];
      const made = await withColumns(t, 'string', ...paths.map(([path]) => path));
      await t.http.ok('POST', made.objects(), {
        ...made.object('x', {
          list: ['a', 'b', 'c'],
          conditions: [
            { type: 'Other', status: 'False', count: 1 },
            { type: 'Ready', status: 'True', count: 2 },
          ],
          map: { a: 'first' },
          nested: { deep: 'found' },
        }),
        metadata: { name: 'x', labels: { 'app.kubernetes.io/name': 'me' } },
      });
      const [cells = []] = cellsOf(await tableOf(t, made.objects()));
      assert.deepEqual(
        cells.slice(1).map((cell, index) => [paths[index]?.[0], cell]),
        paths,
      );
    },
  },
  {
    id: 'tables/custom-unreadable-path',
    title: 'A path that is none ends the columns: those before it are printed',
    source: `${convertor} (New)`,
    mutation: {
      file: columns,
      find: 'columns.slice(0, end < 0 ? undefined : end)',
      replace: 'columns.slice(0, end < 0 ? undefined : 0)',
    },
    run: async (t) => {
      const made = await withColumns(t, 'string', '.spec.a', '.spec.b[', '.spec.c');
      assert.equal(columnNames(await tableOf(t, made.objects())), 'Name C0');
    },
  },
];
