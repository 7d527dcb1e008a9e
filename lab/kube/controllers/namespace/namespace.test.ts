// What a new namespace is given, and how one goes: emptied, with what keeps it named, and not before that is gone.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { configMaps, serviceAccounts } from '../../../../src/kube/resources.ts';
import { untilGone, untilObject } from '../../testing/until-object.ts';
import { startControllersBench } from '../testing/controllers-bench.ts';
import type { ControllersBench } from '../testing/controllers-bench.ts';
import { namespaceObjects } from '../views.ts';

const NAME = 'shop';
const inside = { namespace: NAME };

describe('a namespace', () => {
  let bench: ControllersBench;
  beforeEach(async () => {
    bench = await startControllersBench();
    await bench.client.create(namespaceObjects, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } });
    await untilObject(bench.client, serviceAccounts, inside, ({ metadata }) => metadata.name === 'default');
  });
  afterEach(() => bench.close());

  it('gets its ServiceAccount default again when somebody deletes it', async () => {
    const { uid } = (await bench.client.get(serviceAccounts, 'default', inside)).metadata;
    await bench.client.delete(serviceAccounts, 'default', inside);
    const again = await untilObject(bench.client, serviceAccounts, inside, ({ metadata }) => metadata.uid !== uid);
    expect(again.metadata.name).toBe('default');
  });

  it('goes once everything in it is gone, and says until then what it waits for', async () => {
    const metadata = { name: 'held', namespace: NAME, finalizers: ['example.test/hold'] };
    await bench.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, inside);
    await bench.client.delete(namespaceObjects, NAME);
    const told = await untilObject(bench.client, namespaceObjects, {}, (each) =>
      JSON.stringify(Reflect.get(each, 'status') ?? '').includes('example.test/hold in 1 resource instances'),
    );
    expect(told.metadata.name).toBe(NAME);
    const body = { metadata: { finalizers: null } };
    await bench.client.patch(configMaps, 'held', { type: 'merge', body }, inside);
    await untilGone(bench.client, namespaceObjects, NAME, '');
  });
});
