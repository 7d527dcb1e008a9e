// Status writes: server-side apply of the status subresource by one owner.
import { describe, expect, it } from 'vitest';
import { applyStatus } from './apply.ts';
import { pods } from './resources.ts';
import type { KubeClient } from './types.ts';

describe('applyStatus', () => {
  it("applies with force under the manager's name, locked when asked", async () => {
    const calls: unknown[] = [];
    const client: Pick<KubeClient, 'patch'> = {
      patch: (resource, name, patch, options) => {
        calls.push([resource.plural, name, patch, options]);
        return Promise.resolve({ apiVersion: 'v1', kind: 'Pod', metadata: { name } } as never);
      },
    };
    await applyStatus(client, pods, 'web', {
      fieldManager: 'tke-eni-ipamd',
      namespace: 'shop',
      status: { phase: 'Ready' },
      resourceVersion: '7',
      uid: 'u',
    });
    await applyStatus(client, pods, 'web', { fieldManager: 'tke-eni-ipamd', status: {} });
    expect(calls).toEqual([
      [
        'pods',
        'web',
        {
          type: 'apply',
          force: true,
          body: {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'web', namespace: 'shop', resourceVersion: '7', uid: 'u' },
            status: { phase: 'Ready' },
          },
        },
        { fieldManager: 'tke-eni-ipamd', subresource: 'status', namespace: 'shop' },
      ],
      [
        'pods',
        'web',
        { type: 'apply', force: true, body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, status: {} } },
        { fieldManager: 'tke-eni-ipamd', subresource: 'status' },
      ],
    ]);
  });
});
