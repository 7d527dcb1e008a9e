// Which objects are to be looked at again when one comes, changes or goes.
import { describe, expect, it } from 'vitest';
import type { GraphNode } from './graph.ts';
import { blocks, createOwnerGraph, FOREGROUND, isMeant } from './graph.ts';

const resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };

function node(uid: string, owners: readonly string[] = [], more: Partial<GraphNode['metadata']> = {}): GraphNode {
  const ownerReferences = owners.map((owner) => ({ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid: owner }));
  const metadata = { name: uid, namespace: 'default', uid, ownerReferences, ...more };
  return { resource, apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

describe('the owner graph', () => {
  it('looks at the dependents of what went, known or not', () => {
    const graph = createOwnerGraph();
    graph.put(node('child', ['owner']));
    expect(graph.put(node('owner'))).toEqual(['owner', 'child']);
    expect(graph.remove('owner')).toEqual(['child']);
    expect(graph.dependents('owner').map(({ metadata }) => metadata.uid)).toEqual(['child']);
  });

  it('looks at an owner in foreground deletion when a dependent goes or lets it go', () => {
    const graph = createOwnerGraph();
    graph.put(node('child', ['owner']));
    const deletion = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [FOREGROUND] };
    expect(graph.put(node('owner', [], deletion))).toContain('child');
    expect(graph.put(node('child'))).toContain('owner');
    graph.put(node('child', ['owner']));
    expect(graph.remove('child')).toEqual(['owner']);
  });

  it('forgets a reference that an object no longer has', () => {
    const graph = createOwnerGraph();
    graph.put(node('child', ['owner']));
    graph.put(node('child', ['other']));
    expect(graph.dependents('owner')).toEqual([]);
  });
});

describe('a reference', () => {
  it('blocks only when it says so', () => {
    const [reference] = node('child', ['owner']).metadata.ownerReferences ?? [];
    expect(blocks(node('child', ['owner']), 'owner')).toBe(false);
    const ownerReferences = reference === undefined ? [] : [{ ...reference, blockOwnerDeletion: true }];
    expect(blocks(node('child', [], { ownerReferences }), 'owner')).toBe(true);
  });

  it('means an owner in its own namespace or in none', () => {
    const child = node('child', ['owner']);
    const [reference] = child.metadata.ownerReferences ?? [];
    if (reference === undefined) throw new Error('the child has no owner');
    expect(isMeant(node('owner'), reference, child)).toBe(true);
    expect(isMeant(node('owner', [], { namespace: 'elsewhere' }), reference, child)).toBe(false);
  });
});
