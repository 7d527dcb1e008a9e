// Which files volumes consist of.
import { describe, expect, it } from 'vitest';

import type { Volume } from './pod-view.ts';
import type { PodData } from './referenced-data.ts';
import { referencedNames } from './referenced-data.ts';
import { testContainer, testPod } from './testing/pods.ts';
import { volumeFiles } from './volume-files.ts';

const data: PodData = {
  configMap: (name) => (name === 'conf' ? { 'a.yaml': Buffer.from('A'), b: Buffer.from('B') } : undefined),
  secret: (name) => (name === 'keys' ? { id: Buffer.from([0, 255]) } : undefined),
  token: 'tok',
};
const place = { hostIp: '10.0.1.2', podIps: [] };
const pod = testPod({}, { labels: { app: 'web', zone: 'x' } });
const files = (volume: Omit<Volume, 'name'>): Record<string, string> | undefined => {
  const found = volumeFiles({ name: 'v', ...volume }, pod, place, data);
  return found && Object.fromEntries(found.map((file) => [file.path, file.content.toString('latin1')]));
};

describe('volumeFiles', () => {
  it('makes one file of each key, or of the keys that items choose', () => {
    expect(files({ configMap: { name: 'conf' } })).toEqual({ 'a.yaml': 'A', b: 'B' });
    expect(files({ configMap: { name: 'conf', items: [{ key: 'b', path: 'sub/b.txt' }] } })).toEqual({
      'sub/b.txt': 'B',
    });
  });

  it('keeps the bytes of a Secret and its modes', () => {
    const volume: Volume = { name: 'v', secret: { secretName: 'keys', defaultMode: 0o400 } };
    expect(volumeFiles(volume, pod, place, data)).toEqual([
      { path: 'id', content: Buffer.from([0, 255]), mode: 0o400 },
    ]);
  });

  it('names what is missing, unless it is optional', () => {
    expect(() => files({ secret: { secretName: 'none' } })).toThrow('secret "none" not found');
    expect(files({ secret: { secretName: 'none', optional: true } })).toEqual({});
    expect(() => files({ configMap: { name: 'conf', items: [{ key: 'z', path: 'z' }] } })).toThrow(
      'references non-existent config key: z',
    );
  });

  it('writes labels as quoted lines', () => {
    const items = [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }];
    expect(files({ downwardAPI: { items } })).toEqual({ labels: 'app="web"\nzone="x"' });
  });

  it('unites the sources of a projection', () => {
    const sources = [
      { serviceAccountToken: { path: 'token' } },
      { configMap: { name: 'conf', items: [{ key: 'b', path: 'ca' }] } },
      { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ];
    expect(files({ projected: { sources } })).toEqual({ token: 'tok', ca: 'B', ns: 'ns' });
  });

  it('refuses paths out of the volume, tokens for others, and fields it does not know', () => {
    expect(() => files({ configMap: { name: 'conf', items: [{ key: 'b', path: '../b' }] } })).toThrow('"../b"');
    expect(() =>
      files({ projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] } }),
    ).toThrow('audience "vault"');
    expect(() => files({ downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'spec.priority' } }] } })).toThrow(
      'fieldPath "spec.priority" is not one of',
    );
  });

  it('says nothing of volumes that are no files', () => {
    expect(files({ emptyDir: {} })).toBeUndefined();
  });
});

describe('referencedNames', () => {
  it('finds every ConfigMap and Secret of volumes and environments', () => {
    const container = testContainer({
      envFrom: [{ secretRef: { name: 's1' } }],
      env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'm1', key: 'k' } } }],
    });
    const volumes: Volume[] = [
      { name: 'a', secret: { secretName: 's2' } },
      { name: 'b', projected: { sources: [{ configMap: { name: 'm2' } }] } },
    ];
    const found = referencedNames(testPod({ containers: [testContainer()], initContainers: [container], volumes }));
    expect([...found.configMaps].toSorted()).toEqual(['m1', 'm2']);
    expect([...found.secrets].toSorted()).toEqual(['s1', 's2']);
  });
});
