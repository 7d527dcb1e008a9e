// Requests and limits as containers read them.
import { describe, expect, it } from 'vitest';

import { resourceValue } from './resource-ref.ts';
import { testContainer, testPod } from './testing/pods.ts';

const pod = testPod({
  containers: [
    testContainer({ resources: { limits: { cpu: '1500m', memory: '100Mi' }, requests: { cpu: '250m' } } }),
    testContainer({ name: 'other' }),
  ],
});
const node = { cpu: '4', memory: '8Gi' };

describe('resourceValue', () => {
  it.each([
    ['limits.cpu', undefined, '2'],
    ['limits.cpu', '1m', '1500'],
    ['limits.memory', '1Mi', '100'],
    ['requests.cpu', '0', '1'],
    ['requests.memory', undefined, '0'],
  ])('gives %s in units of %s as %s', (resource, divisor, value) => {
    expect(resourceValue(pod, 'c', { resource, ...(divisor === undefined ? {} : { divisor }) }, node)).toBe(value);
  });

  it('gives what the node has where a container has no limit', () => {
    expect(resourceValue(pod, 'c', { containerName: 'other', resource: 'limits.memory', divisor: '1Gi' }, node)).toBe(
      '8',
    );
  });

  it('refuses containers and resources that it does not know', () => {
    expect(() => resourceValue(pod, 'none', { resource: 'limits.cpu' }, node)).toThrow('container none not found');
    expect(() => resourceValue(pod, 'c', { resource: 'limits.gpu' }, node)).toThrow('resourceFieldRef "limits.gpu"');
  });
});
