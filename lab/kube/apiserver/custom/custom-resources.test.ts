// CustomResourceDefinitions and the objects they serve, over HTTPS.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, stringAt } from '../json.ts';
import { paths, widget, widgetDefinition } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
  const { code } = await t.call(
    'POST',
    paths.definitions,
    widgetDefinition(
      {
        color: { type: 'string', default: 'red' },
        owner: { type: 'string' },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, count: { type: 'integer' } },
          },
        },
      },
      {
        additionalPrinterColumns: [
          { name: 'Color', type: 'string', jsonPath: '.spec.color' },
          { name: 'Parts', type: 'string', jsonPath: '.spec.parts' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', priority: 1 },
        ],
      },
    ),
  );
  expect(code).toBe(201);
});
afterAll(() => t.close());

describe('definitions', () => {
  it('are established and in discovery at once', async () => {
    const { body } = await t.call('GET', `${paths.definitions}/widgets.example.com`);
    expect(objectAt(body, 'status')).toMatchObject({
      conditions: [
        { type: 'NamesAccepted', status: 'True' },
        { type: 'Established', status: 'True' },
      ],
      storedVersions: ['v1'],
    });
    const discovery = (await t.call('GET', '/apis/example.com/v1')).body;
    expect(objectsAt(discovery, 'resources').map((resource) => resource['name'])).toEqual([
      'widgets',
      'widgets/status',
    ]);
  });

  it.each<[string, JsonObject, string]>([
    ['no schema', { schema: null }, 'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required'],
    [
      'a part without a type',
      { schema: { openAPIV3Schema: { type: 'object', properties: { spec: { properties: {} } } } } },
      'properties[spec].type: Required value: must not be empty for specified object fields',
    ],
    [
      'a list without items',
      { schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'array' } } } } },
      'properties[spec].items: Required value: must be specified',
    ],
    [
      'a rule that cannot be evaluated',
      { schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.a.format("x")' }] } } },
      "compilation failed: ERROR: <input>:1:5: undefined field 'a'",
    ],
    [
      'a column type that is not known',
      { additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a' }] },
      'Invalid value: "text": must be one of boolean,date,integer,number,string',
    ],
  ])('are refused with %s', async (_what, version, message) => {
    const definition = widgetDefinition({}, version);
    const { code, body } = await t.call('POST', paths.definitions, {
      ...definition,
      metadata: { name: 'widgets.example.com' },
    });
    expect(code).toBe(422);
    expect(body['message']).toContain(message);
  });

  it.each<[string, JsonObject, string]>([
    ['a conversion webhook', { conversion: { strategy: 'Webhook' } }, 'conversion webhooks of custom resources'],
    [
      'selectable fields',
      {
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            selectableFields: [{ jsonPath: '.spec.a' }],
            schema: { openAPIV3Schema: { type: 'object' } },
          },
        ],
      },
      'selectableFields of custom resources',
    ],
  ])('answer 501 for %s', async (_what, spec, what) => {
    const definition = widgetDefinition();
    const { code, body } = await t.call('POST', paths.definitions, {
      ...definition,
      spec: { ...objectAt(definition, 'spec'), ...spec },
    });
    expect(code).toBe(501);
    expect(body['message']).toContain(`does not implement ${what}`);
  });

  it('take their objects with them', async () => {
    const other = JSON.parse(
      JSON.stringify(widgetDefinition()).replaceAll('idget', 'adget').replaceAll('"wd"', '"wa"'),
    ) as JsonObject;
    await t.call('POST', paths.definitions, other);
    await t.call('POST', '/apis/example.com/v1/namespaces/default/wadgets', { ...widget('x'), kind: 'Wadget' });
    await t.call('DELETE', `${paths.definitions}/wadgets.example.com`);
    expect((await t.call('GET', '/apis/example.com/v1/namespaces/default/wadgets')).code).toBe(404);
    await t.call('POST', paths.definitions, other);
    expect((await t.call('GET', '/apis/example.com/v1/namespaces/default/wadgets')).body['items']).toEqual([]);
  });
});

describe('custom objects', () => {
  it('are pruned and defaulted, with a warning for what was dropped', async () => {
    const { body, headers } = await t.call('POST', paths.widgets, widget('pruned', { size: 1, extra: true }));
    expect(body['spec']).toEqual({ size: 1, color: 'red' });
    expect(headers['warning']).toBe('299 - "unknown field \\"spec.extra\\""');
  });

  it('are refused for unknown fields when validation is strict', async () => {
    const { code, body } = await t.call(
      'POST',
      `${paths.widgets}?fieldValidation=Strict`,
      widget('strict', { extra: true }),
    );
    expect([code, body['message']]).toEqual([
      400,
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.extra"',
    ]);
  });

  it('are validated in Kubernetes words', async () => {
    const { code, body } = await t.call('POST', paths.widgets, widget('bad', { size: 0 }));
    expect(code).toBe(422);
    expect(body['message']).toBe(
      'Widget.example.com "bad" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    );
    expect(objectAt(body, 'details')['causes']).toMatchObject([{ reason: 'FieldValueInvalid', field: 'spec.size' }]);
  });

  it('need a resourceVersion to be replaced', async () => {
    await t.call('POST', paths.widgets, widget('unlocked'));
    const { code, body } = await t.call('PUT', `${paths.widgets}/unlocked`, widget('unlocked', { size: 2 }));
    expect(code).toBe(422);
    expect(body['message']).toContain('metadata.resourceVersion: Invalid value: 0x0: must be specified for an update');
  });

  it('take no strategic merge patch', async () => {
    const { code } = await t.patch('strategic', `${paths.widgets}/unlocked`, {});
    expect(code).toBe(415);
  });

  it('keep metadata out of status writes', async () => {
    await t.call('POST', paths.widgets, widget('statused', { size: 1 }));
    const { body } = await t.patch('merge', `${paths.widgets}/statused/status`, {
      metadata: { labels: { a: 'b' } },
      spec: { size: 9 },
      status: { phase: 'Ready' },
    });
    expect(body).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' } });
    expect(objectAt(body, 'metadata')['labels']).toBeUndefined();
    expect(objectAt(body, 'metadata')['generation']).toBe(1);
  });

  it('run their rules against the object they replace', async () => {
    const definition = widgetDefinition(
      {},
      {
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { node: { type: 'string' } },
                'x-kubernetes-validations': [{ rule: 'self.node == oldSelf.node', message: 'node cannot be changed' }],
              },
            },
          },
        },
      },
    );
    const fixed = JSON.parse(
      JSON.stringify(definition).replaceAll('idget', 'idgetfix').replaceAll('"wd"', '"wf"'),
    ) as JsonObject;
    await t.call('POST', paths.definitions, fixed);
    const path = '/apis/example.com/v1/namespaces/default/widgetfixs';
    const made = await t.call('POST', path, { ...widget('f', { node: 'a' }), kind: 'Widgetfix' });
    expect(made.code).toBe(201);
    const { code, body } = await t.patch('merge', `${path}/f`, { spec: { node: 'b' } });
    expect(code).toBe(422);
    expect(body['message']).toBe(
      'Widgetfix.example.com "f" is invalid: spec: Invalid value: "object": node cannot be changed',
    );
  });

  it('print as their columns say', async () => {
    await t.call('POST', paths.widgets, widget('table', { color: 'blue', parts: [{ name: 'a' }] }));
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { body } = await t.call('GET', `${paths.widgets}?fieldSelector=metadata.name=table`, undefined, {
      headers: { accept },
    });
    expect(objectsAt(body, 'columnDefinitions').map((column) => [column['name'], column['priority']])).toEqual([
      ['Name', 0],
      ['Color', 0],
      ['Parts', 0],
      ['Ready', 1],
    ]);
    expect(objectsAt(body, 'rows').map((row) => row['cells'])).toEqual([['table', 'blue', '[{"name":"a"}]', null]]);
  });
});

describe('server-side apply of custom objects', () => {
  const apply = (name: string, manager: string, body: JsonObject, more = ''): ReturnType<TestApi['patch']> =>
    t.patch('apply', `${paths.widgets}/${name}?fieldManager=${manager}${more}`, {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name },
      ...body,
    });

  it("creates, merges keyed lists of two managers, and removes one manager's part", async () => {
    expect((await apply('applied', 'one', { spec: { parts: [{ name: 'a', count: 1 }] } })).code).toBe(201);
    expect((await apply('applied', 'two', { spec: { parts: [{ name: 'b' }] } })).code).toBe(200);
    const { body } = await apply('applied', 'one', { spec: {} });
    expect(objectAt(body, 'spec')['parts']).toEqual([{ name: 'b' }]);
  });

  it('answers 409 with the field and its manager', async () => {
    await apply('contested', 'one', { spec: { size: 1 } });
    const { code, body } = await apply('contested', 'two', { spec: { size: 2 } });
    expect(code).toBe(409);
    expect(body['message']).toBe('Apply failed with 1 conflict: conflict with "one": .spec.size');
    expect(objectAt(body, 'details')['causes']).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.size' },
    ]);
    expect((await apply('contested', 'two', { spec: { size: 2 } }, '&force=true')).code).toBe(200);
  });

  it('keeps the version when nothing changes', async () => {
    const first = await apply('still', 'one', { spec: { size: 1 } });
    const again = await apply('still', 'one', { spec: { size: 1 } });
    expect(stringAt(again.body, 'metadata', 'resourceVersion')).toBe(
      stringAt(first.body, 'metadata', 'resourceVersion'),
    );
  });

  it('of the status owns the status alone', async () => {
    await apply('status', 'one', { spec: { size: 1 } });
    const path = `${paths.widgets}/status/status?fieldManager=agent`;
    const { body } = await t.patch('apply', path, {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      spec: { size: 5 },
      status: { phase: 'Up' },
    });
    expect(body).toMatchObject({ spec: { size: 1 }, status: { phase: 'Up' } });
    const owner = objectsAt(body, 'metadata', 'managedFields').find((entry) => entry['manager'] === 'agent');
    expect(owner).toMatchObject({
      operation: 'Apply',
      subresource: 'status',
      fieldsV1: { 'f:status': { 'f:phase': {} } },
    });
  });

  it('creates nothing through the status', async () => {
    const { code } = await t.patch('apply', `${paths.widgets}/nobody/status?fieldManager=a`, {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      status: {},
    });
    expect(code).toBe(404);
  });

  it('needs a field manager', async () => {
    const { code, body } = await t.patch('apply', `${paths.widgets}/x`, {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
    });
    expect(code).toBe(422);
    expect(body['message']).toContain('fieldManager: Required value: is required for apply patch');
  });
});
