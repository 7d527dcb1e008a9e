// The VPC-CNI actions of the tke service: switching it on and off, its subnets, ipamd's state, and Pods per model (facts tke.md, section 5.3).
import { z } from 'zod';
import { type Action, bool, defineAction, integer, text, textList } from '../action.ts';
import { effectiveValues, toldOf } from '../addons/addon-records.ts';
import type { VpcCniNetwork } from '../addons/addon-state.ts';
import { IPAMD_ADDON } from '../addons/catalogue.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { KNOWN_MODELS, modelLimits, podLimits } from '../models.ts';
import type { ClusterRecord } from '../state.ts';
import { networkEnabling } from '../tasks/addon-tasks.ts';
import { findCluster } from './addons.ts';

/** Subnets of the cluster's VPC. Throws InvalidParameter.Param otherwise (GUESS on the code). */
function checkSubnets(core: CloudCore, cluster: ClusterRecord, ids: readonly string[]): void {
  const wrong = ids.find((id) => core.state.subnets.get(id)?.vpcId !== cluster.vpcId);
  if (wrong !== undefined)
    throw new ApiError('InvalidParameter.Param', `\`${wrong}\` is no subnet of ${cluster.vpcId}`);
}

function networkOf(cluster: ClusterRecord): VpcCniNetwork {
  if (cluster.vpcCni === null)
    throw new ApiError('FailedOperation.EnableVPCCNIFailed', 'cluster is not vpc-cni cluster');
  return cluster.vpcCni;
}

/** GUESS: the upper end of ExpiredSeconds is that of CreateCluster's ClaimExpiredSeconds. */
const enableVpcCniNetworkType = defineAction({
  name: 'EnableVpcCniNetworkType',
  services: ['tke'],
  parameters: z.object({
    ClusterId: text,
    VpcCniType: z.enum(['tke-route-eni', 'tke-direct-eni']),
    EnableStaticIp: bool,
    Subnets: textList,
    ExpiredSeconds: integer.optional(),
    SkipAddingNonMasqueradeCIDRs: bool.optional(),
  }),
  handle: ({ ClusterId, ...wanted }, { core, requestId }) => {
    const cluster = findCluster(core, ClusterId);
    if (cluster.vpcCni !== null)
      throw new ApiError('FailedOperation.EnableVPCCNIFailed', 'cluster has been vpc-cni cluster');
    checkSubnets(core, cluster, wanted.Subnets);
    if (wanted.ExpiredSeconds !== undefined && (wanted.ExpiredSeconds <= 300 || wanted.ExpiredSeconds >= 15_768_000))
      throw new ApiError(
        'InvalidParameter.Param',
        `ExpiredSeconds is ${wanted.ExpiredSeconds}; it must be over 300 and below 15768000`,
      );
    const network: VpcCniNetwork = {
      type: wanted.VpcCniType,
      staticIp: wanted.EnableStaticIp,
      subnetIds: [...wanted.Subnets],
      expiredSeconds: wanted.ExpiredSeconds,
      progress: 'Running',
      enabledBy: requestId,
    };
    cluster.vpcCni = network;
    const task = networkEnabling.plan({ clusterId: ClusterId, requestId });
    core.startTask('EnableVpcCniNetworkType', requestId, task);
    return {};
  },
});

const describeEnableVpcCniProgress = defineAction({
  name: 'DescribeEnableVpcCniProgress',
  services: ['tke'],
  parameters: z.object({ ClusterId: text }),
  handle: ({ ClusterId }, { core }) => {
    const { progress } = networkOf(findCluster(core, ClusterId));
    return { Status: progress, ErrorMessage: progress === 'Failed' ? 'ipamd has not been installed yet' : '' };
  },
});

/** GUESS: at once, and eniipamd goes with it. */
const disableVpcCniNetworkType = defineAction({
  name: 'DisableVpcCniNetworkType',
  services: ['tke'],
  parameters: z.object({ ClusterId: text }),
  handle: ({ ClusterId }, { core }) => {
    const cluster = findCluster(core, ClusterId);
    networkOf(cluster);
    cluster.vpcCni = null;
    core.networkFeed.tell(ClusterId, undefined);
    if (cluster.addons.delete(IPAMD_ADDON)) core.addonFeed.tell(ClusterId, IPAMD_ADDON, undefined);
    return {};
  },
});

const addVpcCniSubnets = defineAction({
  name: 'AddVpcCniSubnets',
  services: ['tke'],
  parameters: z.object({
    ClusterId: text,
    SubnetIds: textList,
    VpcId: text.optional(),
    SkipAddingNonMasqueradeCIDRs: bool.optional(),
  }),
  handle: ({ ClusterId, SubnetIds }, { core }) => {
    const cluster = findCluster(core, ClusterId);
    const network = networkOf(cluster);
    checkSubnets(core, cluster, SubnetIds);
    network.subnetIds = [...new Set([...network.subnetIds, ...SubnetIds])];
    core.networkFeed.tell(ClusterId, toldOf(network));
    return {};
  },
});

const trunkingValues = z.looseObject({
  vpcCni: z.looseObject({ trunkingEni: z.looseObject({ enableSubEni: z.boolean() }) }),
});

const describeIpamd = defineAction({
  name: 'DescribeIPAMD',
  services: ['tke'],
  parameters: z.object({ ClusterId: text }),
  handle: ({ ClusterId }, { core }) => {
    const { addons, vpcCni } = findCluster(core, ClusterId);
    const addon = addons.get(IPAMD_ADDON);
    const values = trunkingValues.safeParse(addon === undefined ? {} : effectiveValues(addon));
    return {
      EnableIPAMD: addon !== undefined,
      EnableCustomizedPodCidr: false,
      DisableVpcCniMode: vpcCni === null,
      Phase: addon?.phase === 'Upgrading' || addon?.phase === 'Installing' ? 'upgrading' : 'running',
      Reason: addon?.reason ?? '',
      SubnetIds: [...(vpcCni?.subnetIds ?? [])],
      ClaimExpiredDuration: `${vpcCni?.expiredSeconds ?? 0}s`,
      EnableTrunkingENI: values.data?.vpcCni.trunkingEni.enableSubEni ?? false,
    };
  },
});

const describeVpcCniPodLimits = defineAction({
  name: 'DescribeVpcCniPodLimits',
  services: ['tke'],
  parameters: z.object({ Zone: text.optional(), InstanceFamily: text.optional(), InstanceType: text.optional() }),
  handle: ({ InstanceFamily, InstanceType, Zone }, { core }) => {
    const zones = [...new Set([...core.state.subnets.values()].map((subnet) => subnet.zone))];
    const named = InstanceType === undefined ? KNOWN_MODELS : [InstanceType];
    const models = named.filter((model) => InstanceFamily === undefined || model.startsWith(`${InstanceFamily}.`));
    const rows = zones
      .filter((zone) => Zone === undefined || zone === Zone)
      .flatMap((zone) =>
        models.flatMap((model) => {
          const limits = modelLimits(model);
          if (limits === undefined) return [];
          const family = model.split('.')[0] ?? '';
          return [{ Zone: zone, InstanceFamily: family, InstanceType: model, PodLimits: podLimits(limits) }];
        }),
      );
    return { TotalCount: rows.length, PodLimitsInstanceSet: rows };
  },
});

/** VPC-CNI of clusters. */
export const clusterNetworkActions: readonly Action[] = [
  enableVpcCniNetworkType,
  describeEnableVpcCniProgress,
  disableVpcCniNetworkType,
  addVpcCniSubnets,
  describeIpamd,
  describeVpcCniPodLimits,
];
