// Pods that nobody is left to end.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { nodes, pods } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import { untilGone, untilObject } from '../../testing/until-object.ts';
import { ready, setPodStatus, startControllersBench } from '../testing/controllers-bench.ts';
import type { ControllersBench } from '../testing/controllers-bench.ts';
import { testPod } from '../testing/objects.ts';
import { surplusEnded } from './ended-pods.ts';

const namespace = 'default';

describe('garbage of Pods', () => {
  let bench: ControllersBench;
  beforeEach(async () => {
    bench = await startControllersBench(() => undefined);
    await bench.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } });
    const conditions = [{ type: 'Ready', status: 'True' }];
    await bench.client.patch(
      nodes,
      'a',
      { type: 'merge', body: { status: { conditions } } },
      { subresource: 'status' },
    );
    const spec = { nodeName: 'a', terminationGracePeriodSeconds: 300, containers: [{ name: 'c', image: 'nginx' }] };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace }, spec } as Pod;
    const made = await bench.client.create(pods, object, { namespace });
    await setPodStatus(bench.client, made, ready());
    await bench.settled(() => bench.informers.pods.get('default/p')?.status?.phase === 'Running');
  });
  afterEach(() => bench.close());

  it('takes Pods of a node that went away', async () => {
    await bench.settled(() => bench.informers.nodes.get('a') !== undefined);
    await bench.client.delete(nodes, 'a');
    await untilGone(bench.client, pods, 'p', namespace);
  });

  it('takes leaving Pods of a node that is out of service, and waits for those of others', async () => {
    await bench.client.delete(pods, 'p', { namespace });
    await untilObject(bench.client, pods, { namespace }, ({ metadata }) => metadata.deletionTimestamp !== undefined);
    const conditions = [{ type: 'Ready', status: 'False' }];
    await bench.client.patch(
      nodes,
      'a',
      { type: 'merge', body: { status: { conditions } } },
      { subresource: 'status' },
    );
    await untilObject(bench.client, nodes, {}, ({ spec }) =>
      (spec?.taints ?? []).some(({ key }) => key.endsWith('not-ready')),
    );
    expect((await bench.client.list(pods, { namespace })).items).toHaveLength(1);
    const taints = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }];
    await bench.client.patch(nodes, 'a', { type: 'merge', body: { spec: { taints } } });
    await untilGone(bench.client, pods, 'p', namespace);
  });
});

describe('ended Pods beyond the threshold', () => {
  it('go, evicted ones and old ones first', () => {
    const ended = (name: string, created: string, reason?: string): Pod => {
      const pod = testPod(name, { phase: 'Failed' });
      return {
        ...pod,
        metadata: { ...pod.metadata, creationTimestamp: created },
        status: { ...pod.status, ...(reason === undefined ? {} : { reason }) } as Pod['status'],
      } as Pod;
    };
    const many = [ended('new', '3'), ended('old', '1'), ended('evicted', '4', 'Evicted'), testPod('running')];
    expect(surplusEnded(many, 1).map(({ metadata }) => metadata.name)).toEqual(['evicted', 'old']);
    expect(surplusEnded(many, 3)).toEqual([]);
  });
});
