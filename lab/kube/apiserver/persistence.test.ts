// A server with a data directory: what clients find again after a restart.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringAt } from './json.ts';
import { configMap, paths } from './testing/objects.ts';
import { startTestApi } from './testing/test-api.ts';

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'apiserver-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
const THINGS = '/apis/example.com/v1/namespaces/default/things';

describe('a server with a data directory', () => {
  it('serves built-in and custom objects again, with higher versions for what comes next', async () => {
    const before = await startTestApi({ dataDir });
    const kept = (await before.call('POST', paths.configMaps, configMap('kept', { x: '1' }))).body;
    await before.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
    const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'one' } };
    expect((await before.call('POST', THINGS, thing)).code).toBe(201);
    const version = Number(stringAt((await before.call('GET', paths.configMaps)).body, 'metadata', 'resourceVersion'));
    await before.close();

    const after = await startTestApi({ dataDir });
    expect((await after.call('GET', `${paths.configMaps}/kept`)).body).toEqual(kept);
    expect((await after.call('GET', `${THINGS}/one`)).body).toMatchObject({ kind: 'Thing' });
    const next = (await after.call('POST', paths.configMaps, configMap('next'))).body;
    expect(Number(stringAt(next, 'metadata', 'resourceVersion'))).toBeGreaterThan(version);
    const watch = await after.watch(`${paths.configMaps}?watch=1&resourceVersion=${version - 1}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    await after.close();
  });

  it('makes no second of what every cluster begins with, and does not bring back what was deleted by its users', async () => {
    const before = await startTestApi({ dataDir });
    const namespace = (await before.call('GET', '/api/v1/namespaces/default')).body;
    await before.call('DELETE', `${paths.configMaps}/kept`);
    await before.close();
    const after = await startTestApi({ dataDir });
    expect((await after.call('GET', '/api/v1/namespaces/default')).body).toEqual(namespace);
    expect((await after.call('GET', `${paths.configMaps}/kept`)).code).toBe(404);
    await after.close();
  });

  it('does not start on a file that is damaged', async () => {
    await writeFile(join(dataDir, 'state.jsonl'), 'nonsense');
    await expect(startTestApi({ dataDir })).rejects.toThrow('is not a state file of the embedded API server');
  });
});
