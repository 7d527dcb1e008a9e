// Which Pods stand behind a Service, and on which port.
import { describe, expect, it } from 'vitest';

import type { Pod } from '../../../../src/kube/resources.ts';
import type { Service } from '../views.ts';
import { backends, targetPort } from './publish.ts';

const pod = (name: string, labels: Record<string, string>, podIP?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'x', labels },
  spec: { containers: [{ name: 'c', ports: [{ containerPort: 8443, name: 'https' }] }] },
  status: { phase: 'Running', ...(podIP === undefined ? {} : { podIP }) },
});

const service = (selector?: Record<string, string>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's', namespace: 'x' },
  spec: { ...(selector === undefined ? {} : { selector }), ports: [{ port: 443, targetPort: 'https' }] },
});

describe('backends', () => {
  it('picks Pods of the namespace that carry every label and have an address', () => {
    const pods = [
      pod('yes', { app: 'a', tier: 'b' }, '10.0.0.1'),
      pod('half', { app: 'a' }, '10.0.0.2'),
      pod('no-ip', { app: 'a', tier: 'b' }),
    ];
    expect(backends(service({ app: 'a', tier: 'b' }), pods).map((each) => each.metadata.name)).toEqual(['yes']);
  });

  it('picks nothing without a selector', () => {
    expect(backends(service(), [pod('a', {}, '10.0.0.1')])).toEqual([]);
  });
});

describe('targetPort', () => {
  it('resolves a named port in the Pod, a number as it is, and nothing as the port itself', () => {
    expect(targetPort({ port: 443, targetPort: 'https' }, pod('a', {}))).toBe(8443);
    expect(targetPort({ port: 443, targetPort: 9 }, pod('a', {}))).toBe(9);
    expect(targetPort({ port: 443 }, pod('a', {}))).toBe(443);
  });
});
