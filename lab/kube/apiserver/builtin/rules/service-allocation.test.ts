// What Services are given from the cluster's ranges, also when many are made at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numberAt, objectAt, objectsAt, stringAt } from '../../json.ts';
import type { TestApi } from '../../testing/test-api.ts';
import { startTestApi } from '../../testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

const path = '/api/v1/namespaces/default/services';
const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
});

describe('allocation of addresses and node ports', () => {
  it('gives every one of many Services made at the same time its own address and node port', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => t.call('POST', path, service(`many-${index}`, { type: 'NodePort' }))),
    );
    expect(answers.map(({ code }) => code)).toEqual(Array.from({ length: 30 }, () => 201));
    const addresses = answers.map(({ body }) => stringAt(body, 'spec', 'clusterIP'));
    const ports = answers.map(({ body }) => numberAt(objectsAt(objectAt(body, 'spec'), 'ports')[0] ?? {}, 'nodePort'));
    expect(new Set(addresses).size).toBe(30);
    expect(new Set(ports).size).toBe(30);
  });

  it('draws addresses above those that are left to Services that ask for one', async () => {
    const drawn = await t.call('POST', path, service('drawn'));
    expect(stringAt(drawn.body, 'spec', 'clusterIP')).not.toMatch(/^10\.96\.0\./);
    const asked = await t.call('POST', path, service('asked', { clusterIP: '10.96.0.10' }));
    expect(stringAt(asked.body, 'spec', 'clusterIP')).toBe('10.96.0.10');
  });

  it('tells one of two Services that ask for the same address at the same time that it is taken', async () => {
    const answers = await Promise.all(
      ['first', 'second'].map((name) => t.call('POST', path, service(name, { clusterIP: '10.96.0.77' }))),
    );
    expect(answers.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([201, 422]);
    expect(answers.map(({ body }) => stringAt(body, 'message')).find((message) => message !== undefined)).toContain(
      'failed to allocate IP 10.96.0.77: provided IP is already allocated',
    );
  });
});
