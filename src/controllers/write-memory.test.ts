// The bridge between our own write and its arrival in the cache.
import { describe, expect, it } from 'vitest';
import { createManualInformer } from '../kube/testing/manual-informer.ts';
import { configMaps } from '../kube/resources.ts';
import type { ConfigMap } from '../kube/resources.ts';
import { createWriteMemory } from './write-memory.ts';

const map = (version: number, uid = 'u1'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', uid, resourceVersion: String(version) },
});

function start() {
  const informer = createManualInformer<ConfigMap>(configMaps);
  return { informer, memory: createWriteMemory<ConfigMap>(informer) };
}
const versionOf = (object: ConfigMap | undefined): string | undefined => object?.metadata.resourceVersion;

describe('the write memory', () => {
  it('shows our write while the cache is behind it', () => {
    const { informer, memory } = start();
    informer.put(map(9));
    memory.wrote(map(10));
    expect(versionOf(memory.latest('a'))).toBe('10');
    expect(memory.unseen().map(versionOf)).toEqual(['10']);
  });

  it('shows the cache once it has caught up', () => {
    const { informer, memory } = start();
    memory.wrote(map(10));
    informer.put(map(11));
    expect(versionOf(memory.latest('a'))).toBe('11');
    expect(memory.unseen()).toEqual([]);
  });

  it('never takes an older write for the newest', () => {
    const { informer, memory } = start();
    informer.put(map(10));
    memory.wrote(map(9));
    expect(versionOf(memory.latest('a'))).toBe('10');
  });

  it('forgets an object that was deleted, or made anew by somebody else', () => {
    const { informer, memory } = start();
    informer.put(map(9));
    memory.wrote(map(10));
    informer.remove('a');
    expect(memory.latest('a')).toBeUndefined();
    memory.wrote(map(11));
    informer.put(map(12, 'u2'));
    expect(memory.latest('a')?.metadata.uid).toBe('u2');
  });

  it('forgets on command what the API does not know', () => {
    const { memory } = start();
    memory.wrote(map(10));
    memory.forget('a');
    expect(memory.latest('a')).toBeUndefined();
  });

  it('lets the writers of one object take turns, after a failed one too', async () => {
    const { memory } = start();
    const began: string[] = [];
    const first = Promise.withResolvers<void>();
    const one = memory.inTurn('a', () => {
      began.push('one');
      return first.promise;
    });
    const two = memory.inTurn('a', () => Promise.resolve(began.push('two')));
    await memory.inTurn('b', () => Promise.resolve(began.push('other object')));
    expect(began).toEqual(['one', 'other object']);
    first.reject(new Error('refused'));
    await expect(one).rejects.toThrow('refused');
    await two;
    expect(began).toEqual(['one', 'other object', 'two']);
  });
});
