// Which requests count as asking for a kind that a partial server lacks.
import { expect, test } from 'vitest';
import { servedPart } from './served-part.ts';

const part = servedPart({
  groups: ['watch'],
  resources: ['/configmaps', '/namespaces', 'admissionregistration.k8s.io/validatingadmissionpolicies'],
  unfit: { 'plain stores': ['watch/a', 'watch/b'] },
});

test.each([
  ['/api/v1/namespaces/a/pods', 'pods'],
  ['/api/v1/pods?watch=true', 'pods'],
  ['/api/v1/watch/namespaces/a/pods', 'pods'],
  ['/apis/apps/v1/namespaces/a/deployments/b/scale', 'deployments.apps'],
  ['/api/v1/namespaces/a/status', 'namespaces/status'],
  ['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 'selfsubjectaccessreviews.authorization.k8s.io'],
])('%s needs %s', (path, kind) => {
  expect(part.missing(path)).toBe(kind);
});

test.each([
  '/api/v1/namespaces/a/configmaps/b',
  '/api/v1/namespaces/a',
  '/api/v1',
  '/version',
  '/apis/example.com/v1/namespaces/a/pods/b/status',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/a',
])('%s is served', (path) => {
  expect(part.missing(path)).toBeUndefined();
});

test('a case that the server is no witness for is found with the reason', () => {
  expect([part.unfit.get('watch/b'), part.unfit.get('watch/c')]).toEqual(['plain stores', undefined]);
});
