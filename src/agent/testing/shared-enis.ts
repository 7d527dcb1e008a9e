// For tests: ENIs of a node with pools of shared addresses, as ipamd and the node controller show them.
import type { EniInfo, NodeEniConfig } from '../../api/node-eni-config.ts';
import { labels } from '../../api/keys.ts';
import type { VpcEni } from '../../api/vpc-eni.ts';
import type { AddressPool } from '../../planning/address-pool.ts';
import type { PluggedEni } from '../node-enis.ts';
import { NODE } from './service-world.ts';

/** What `eth1`, `eth2`, ... of the node are called in the cloud: everything follows from the index. */
export function eniInfoOf(index: number, changes: Partial<EniInfo> = {}): EniInfo {
  return {
    eniID: `eni-node000${index}`,
    index,
    mac: `20:90:6f:00:00:0${index}`,
    primaryIP: `10.0.35.${index + 10}`,
    subnetID: 'subnet-12345678',
    subnetCIDR: '10.0.35.0/24',
    gateway: '10.0.35.1',
    securityGroups: [],
    ...changes,
  };
}

export const pluggedOf = (index: number, changes: Partial<PluggedEni> = {}): PluggedEni => {
  const { eniID, mac, gateway, subnetCIDR } = eniInfoOf(index);
  return { eniID, index, mac, gateway, subnetCIDR, trunk: false, device: `eth${index}`, ...changes };
};

/** All addresses new at generation 1. */
export const poolOfIps = (...ips: readonly string[]): AddressPool => ({
  generation: 1,
  addresses: ips.map((ip) => ({ ip, since: 1 })),
});

export interface SharedEniChanges {
  readonly type?: 'Shared' | 'Trunk';
  readonly uid?: string;
  readonly nodeName?: string;
  readonly use?: NonNullable<VpcEni['status']>['use'];
  readonly mac?: string;
  readonly eniID?: string;
}

/** The VpcENI of the ENI of this index, Ready, with this pool. */
export function sharedEniOf(index: number, pool: AddressPool | undefined, changes: SharedEniChanges = {}): VpcEni {
  const info = eniInfoOf(index);
  const nodeName = changes.nodeName ?? NODE;
  return {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcENI',
    metadata: {
      name: `shared-${nodeName}-${index}`,
      uid: changes.uid ?? `uid-shared-${index}`,
      labels: { [labels.nodeName]: nodeName },
    },
    spec: { type: changes.type ?? 'Shared', nodeName, securityGroups: [] },
    status: {
      phase: 'Ready',
      eni: {
        eniID: changes.eniID ?? info.eniID,
        macAddress: changes.mac ?? info.mac,
        addresses: [{ ip: info.primaryIP, primary: true }, ...(pool?.addresses ?? []).map(({ ip }) => ({ ip }))],
        subnetID: info.subnetID,
        subnetCIDR: info.subnetCIDR,
        gateway: info.gateway,
        securityGroups: [],
      },
      ...(pool === undefined ? {} : { pool }),
      ...(changes.use === undefined ? {} : { use: changes.use }),
    },
  };
}

/** The node's nec with this quota of shared addresses. */
export const necWithQuota = (quota: number, target = '', reason = ''): NodeEniConfig => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'NodeENIConfig',
  metadata: { name: NODE },
  spec: {},
  status: {
    routeENI: {
      quota,
      reason,
      maxENI: 3,
      maxIPPerENI: 9,
      minWarmTarget: 5,
      maxWarmTarget: 5,
      bound: 0,
      pods: 0,
      target,
    },
  },
});

/** The node's nec as ipamd leaves it when it shares no addresses, or cannot bind more. */
export const necWithCondition = (reason: string, message: string): NodeEniConfig => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'NodeENIConfig',
  metadata: { name: NODE },
  spec: {},
  status: {
    conditions: [
      { type: 'SharedAddresses', status: 'False', reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  },
});
