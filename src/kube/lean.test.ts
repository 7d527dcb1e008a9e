// What informers leave out of objects that they keep.
import { expect, it } from 'vitest';

import { leanNode, withoutManagedFields } from './lean.ts';
import type { Node } from './resources.ts';

const metadata = { name: 'n', uid: 'u', resourceVersion: '7', labels: { a: 'b' } };
const full = { apiVersion: 'v1', kind: 'Node', metadata: { ...metadata, managedFields: [{ manager: 'kubelet' }] } };

it('keeps everything of an object but its managedFields', () => {
  expect(withoutManagedFields({ ...full, spec: { x: 1 } })).toEqual({
    apiVersion: 'v1',
    kind: 'Node',
    metadata,
    spec: { x: 1 },
  });
});

it('keeps of a Node what programs read, and no images', () => {
  const kept = { capacity: { cpu: '4' }, allocatable: { cpu: '4' }, conditions: [{ type: 'Ready', status: 'True' }] };
  const node = {
    ...full,
    spec: { providerID: 'p' },
    status: { ...kept, images: [{ names: ['x'] }], volumesInUse: ['v'] },
  };
  expect(leanNode(node as Node)).toEqual({
    apiVersion: 'v1',
    kind: 'Node',
    metadata,
    spec: { providerID: 'p' },
    status: kept,
  });
});
