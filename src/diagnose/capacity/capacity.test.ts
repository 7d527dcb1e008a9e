// How many more Pods fit, and what is hit first.
import { describe, expect, it } from 'vitest';

import { resourceNames } from '../../api/keys.ts';
import type { Node, Pod } from '../../kube/resources.ts';
import { emptyCloud, emptyKube, emptyPicture } from '../picture/empty.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import { capacityOf } from './capacity.ts';

const node = (name: string, zone: string, offers: Record<string, string>, spec: Node['spec'] = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
  spec,
  status: { allocatable: { pods: '100', ...offers }, conditions: [{ type: 'Ready', status: 'True' }] },
});

const pod = (name: string, nodeName: string, requests: Record<string, string>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { nodeName, containers: [{ name: 'a', resources: { requests } }] },
});

const { eniIp, subEni } = resourceNames;

function cluster(nodes: readonly Node[], pods: readonly Pod[], free: Readonly<Record<string, number>>): ClusterPicture {
  return {
    ...emptyPicture(),
    kube: {
      ...emptyKube(),
      nodes,
      pods,
      configMaps: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'tke-eni-ipamd', namespace: 'kube-system' },
          data: {
            region: 'r',
            vpcId: 'vpc-12ab34cd',
            clusterId: 'c',
            subnetIds: Object.keys(free)
              .map((zone) => `subnet-0000000${zone}`)
              .join(','),
          },
        },
      ],
    },
    cloud: {
      ...emptyCloud(),
      subnets: Object.entries(free).map(([zone, availableIpCount]) => ({
        subnetId: `subnet-0000000${zone}`,
        vpcId: 'v',
        zone,
        cidr: '10.0.0.0/24',
        availableIpCount,
      })),
    },
  };
}

describe('room', () => {
  it('is what the nodes offer less what Pods ask for', () => {
    const report = capacityOf(
      cluster([node('n', 'a', { [eniIp]: '10' })], [pod('p', 'n', { [eniIp]: '1' })], { a: 200 }),
    );
    expect(report.total.shared).toEqual({ room: 9, limit: `${eniIp} of the nodes` });
    expect(report.total['sub-eni'].room).toBe(0);
  });

  it('is ended by the Pods of the node first, when those are fewer', () => {
    const busy = Array.from({ length: 98 }, (_, index) => pod(`p${index}`, 'n', {}));
    const [only] = capacityOf(cluster([node('n', 'a', { [eniIp]: '10' })], busy, { a: 200 })).nodes;
    expect(only?.rooms.shared).toEqual({ room: 2, limit: 'Pods of the node: 98 of 100' });
  });

  it('is ended by the addresses of the zone, for Pods on sub-ENIs too', () => {
    const report = capacityOf(cluster([node('n', 'a', { [eniIp]: '50', [subEni]: '40' })], [], { a: 7 }));
    expect(report.zones[0]?.rooms.shared).toEqual({ room: 7, limit: 'free addresses of subnet-0000000a' });
    expect(report.zones[0]?.rooms['sub-eni'].room).toBe(7);
  });

  it('of one zone does not help another', () => {
    const nodes = [node('n', 'a', { [eniIp]: '50' }), node('m', 'b', { [eniIp]: '50' })];
    const report = capacityOf(cluster(nodes, [], { a: 7, b: 100 }));
    expect(report.total.shared.room).toBe(57);
  });

  it('of a cordoned node, or one that is not ready, is none', () => {
    const nodes = [node('n', 'a', { [eniIp]: '50' }, { unschedulable: true }), node('m', 'a', { [eniIp]: '5' })];
    const report = capacityOf(cluster(nodes, [], { a: 100 }));
    expect(report.nodes[0]).toMatchObject({ closed: 'the node is cordoned', rooms: { shared: { room: 0 } } });
    expect(report.total.shared.room).toBe(5);
  });

  it('is not known without the cloud', () => {
    const { cloud: _, ...blind } = cluster([node('n', 'a', { [eniIp]: '50' })], [], { a: 100 });
    expect(capacityOf(blind).total.shared.room).toBeUndefined();
  });

  it('for EIPs ends at the quota of the account', () => {
    const picture = cluster([node('n', 'a', { [resourceNames.eip]: '50' })], [], { a: 100 });
    expect(capacityOf(picture, { used: 18, limit: 20 }).total.eip).toEqual({
      room: 2,
      limit: 'EIPs of the account: 18 of 20',
    });
  });
});
