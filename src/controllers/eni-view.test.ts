// What the cache keeps of a VpcENI: all of it, with equal texts kept once.
import { expect, test } from 'vitest';

import type { VpcEni } from '../api/vpc-eni.ts';
import { leanVpcEni } from './eni-view.ts';

const whole = (status: Partial<VpcEni['status']> = {}): VpcEni =>
  ({
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcENI',
    metadata: { name: 'shared-n-1', uid: 'u', resourceVersion: '4', finalizers: ['f'], annotations: { a: 'b' } },
    spec: { type: 'Shared', nodeName: 'n', securityGroups: ['sg-12345678'] },
    status: {
      phase: 'Ready',
      eni: {
        eniID: 'eni-1',
        macAddress: 'aa',
        addresses: [{ ip: '10.0.0.4', primary: true }, { ip: '10.0.0.5' }],
        subnetID: 's',
        subnetCIDR: 'c',
        gateway: 'g',
        securityGroups: [],
      },
      pool: {
        generation: 3,
        addresses: [
          { ip: '10.0.0.5', since: 2 },
          { ip: '10.0.0.6', since: 3 },
        ],
        release: { generation: 3, addresses: ['10.0.0.6'] },
      },
      use: {
        generation: 2,
        inUse: [{ ip: '10.0.0.5', podUID: 'pod' }],
        released: [{ ip: '10.0.0.7', generation: 1 }],
        refused: ['10.0.0.8'],
        observedAt: 'now',
      },
      ...status,
    },
  }) as VpcEni;

test.each<[string, VpcEni]>([
  ['with shared addresses', whole()],
  ['that no agent has told of', whole({ use: undefined })],
  ['without a pool', whole({ use: undefined, pool: undefined })],
  ['that the cloud has not made', { ...whole(), status: { phase: 'Pending' } }],
])('of a VpcENI %s nothing is lost', (_, eni) => {
  expect(leanVpcEni(structuredClone(eni), (uid) => uid)).toEqual(eni);
  const managed = { ...eni, metadata: { ...eni.metadata, managedFields: [{}] } };
  expect(leanVpcEni(managed, (uid) => uid)).toEqual(eni);
});

test('the UID that is kept already is asked for', () => {
  const asked: string[] = [];
  leanVpcEni(whole(), (uid) => (asked.push(uid), uid));
  expect(asked).toEqual(['pod']);
});
