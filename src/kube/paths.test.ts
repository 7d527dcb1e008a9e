// Paths of resources and objects.
import { describe, expect, it } from 'vitest';
import { apiVersionOf, collectionPath, creationPath, objectPath, withQuery } from './paths.ts';
import { deployments, leases, nodes, pods } from './resources.ts';

describe('paths', () => {
  it('follow group, version, namespace and name', () => {
    expect(collectionPath(nodes)).toBe('/api/v1/nodes');
    expect(collectionPath(pods)).toBe('/api/v1/pods');
    expect(collectionPath(pods, 'shop')).toBe('/api/v1/namespaces/shop/pods');
    expect(objectPath(leases, 'l', 'kube-system')).toBe('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/l');
    expect(objectPath(pods, 'web', 'shop', 'status')).toBe('/api/v1/namespaces/shop/pods/web/status');
    expect(objectPath(nodes, '10.0.0.1', 'ignored')).toBe('/api/v1/nodes/10.0.0.1');
    expect(apiVersionOf(deployments)).toBe('apps/v1');
    expect(apiVersionOf(pods)).toBe('v1');
  });

  it.each(['', '.', '..', 'a/b', '%2e'])('refuse the name %j, which would address something else', (name) => {
    expect(() => objectPath(nodes, name)).toThrow('expected a non-empty name');
  });

  it('refuse to create a namespaced object without its namespace', () => {
    expect(() => creationPath(pods, undefined)).toThrow('pods are namespaced');
  });

  it('carry only the parameters that are given', () => {
    expect(withQuery('/api', { a: 'x y', b: undefined, c: true, d: 5 })).toBe('/api?a=x+y&c=true&d=5');
    expect(withQuery('/api', { a: undefined })).toBe('/api');
  });
});
