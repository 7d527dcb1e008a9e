import { expect, test } from 'vitest';

import { flatValues } from './flat-values.ts';

test('a tree of values becomes dotted keys with texts', () => {
  const values = {
    vpcCni: {
      trunkingEni: { enableSubEni: true, podSecurityGroupEnforcingMode: 'strict' },
      routeEni: { ipMinWarmTarget: 5 },
      securityGroups: { securityGroups: ['sg-aaaaaaaa', 'sg-bbbbbbbb'], empty: {} },
    },
    gone: null,
  };
  expect(flatValues(values)).toEqual({
    'vpcCni.trunkingEni.enableSubEni': 'true',
    'vpcCni.trunkingEni.podSecurityGroupEnforcingMode': 'strict',
    'vpcCni.routeEni.ipMinWarmTarget': '5',
    'vpcCni.securityGroups.securityGroups': 'sg-aaaaaaaa,sg-bbbbbbbb',
  });
});
