// A picture with nothing in it: what tests and benchmarks add to.
import type { CloudPicture, ClusterPicture, KubePicture } from './picture.ts';

export const emptyKube = (): KubePicture => ({
  pods: [],
  nodes: [],
  services: [],
  endpointSlices: [],
  serviceAccounts: [],
  workloads: [],
  networkPolicies: [],
  configMaps: [],
  daemonSets: [],
  deployments: [],
  nodeEniConfigs: [],
  vpcEnis: [],
  vpcIps: [],
  vpcIpClaims: [],
  eipClaims: [],
  securityGroupPolicies: [],
});

export const emptyCloud = (): CloudPicture => ({
  vpcId: '',
  vpcCidrs: [],
  enis: [],
  instances: [],
  subnets: [],
  groups: new Map(),
  routeTables: [],
  natGateways: [],
  eips: [],
});

/** Complete as far as it goes: no gap. */
export const emptyPicture = (): ClusterPicture => ({
  takenAt: '1970-01-01T00:00:00.000Z',
  serverVersion: '',
  kube: emptyKube(),
  cloud: emptyCloud(),
  gaps: [],
});
