// DescribeClusters: how a cluster looks in answers, and the filters that find one (facts, section 16).
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, text, textList } from '../action.ts';
import type { CloudCore } from '../core.ts';
import { applyFilters, exact, pageOf } from '../paging.ts';
import type { ClusterRecord } from '../state.ts';

/** GUESS: every registered cluster is managed. */
const CLUSTER_TYPE = 'MANAGED_CLUSTER';

const clusterFilters = {
  ClusterName: exact((cluster: ClusterRecord) => cluster.name),
  ClusterType: exact(() => CLUSTER_TYPE),
  ClusterStatus: exact(() => 'Running'),
  'vpc-id': exact((cluster: ClusterRecord) => cluster.vpcId),
  'tag-value': exact((cluster: ClusterRecord) => cluster.tags.map((tag) => tag.Value)),
  Tags: exact((cluster: ClusterRecord) => cluster.tags.map((tag) => `${tag.Key}:${tag.Value}`)),
};

const describeClusters = defineAction({
  name: 'DescribeClusters',
  services: ['tke'],
  parameters: z.object({
    ClusterIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
    ClusterType: text.optional(),
  }),
  handle: ({ ClusterIds = [], ClusterType = CLUSTER_TYPE, Filters = [], Offset, Limit }, { core }) => {
    const all = ClusterType === CLUSTER_TYPE ? [...core.state.clusters.values()] : [];
    // An unknown id gives an empty list (facts, section 16: GUESS).
    const chosen = all.filter((cluster) => ClusterIds.length === 0 || ClusterIds.includes(cluster.clusterId));
    const page = pageOf(applyFilters(chosen, Filters, clusterFilters), Offset, Limit);
    return { TotalCount: page.total, Clusters: page.items.map((cluster) => clusterAnswer(core, cluster)) };
  },
});

function clusterAnswer({ state }: CloudCore, cluster: ClusterRecord): object {
  const { vpcCni } = cluster;
  const subnets = vpcCni?.subnetIds ?? [];
  const network = vpcCni === null ? { NetworkType: 'GR' } : { NetworkType: 'VPC-CNI', VpcCniType: vpcCni.type };
  return {
    ClusterId: cluster.clusterId,
    ClusterName: cluster.name,
    ClusterDescription: '',
    ClusterType: CLUSTER_TYPE,
    ClusterStatus: 'Running',
    ClusterNetworkSettings: {
      VpcId: cluster.vpcId,
      Cni: true,
      Ipvs: false,
      KubeProxyMode: 'iptables',
      Subnets: subnets.length === 0 ? null : [...subnets],
      IsDualStack: false,
    },
    Property: JSON.stringify({ NodeNameType: 'lan-ip', ...network }),
    // GUESS: every instance of the VPC is a node; the simulator knows nothing of Kubernetes.
    ClusterNodeNum: [...state.instances.values()].filter((instance) => instance.vpcId === cluster.vpcId).length,
    ProjectId: 0,
    TagSpecification:
      cluster.tags.length === 0 ? null : [{ ResourceType: 'cluster', Tags: cluster.tags.map((tag) => ({ ...tag })) }],
    DeletionProtection: false,
    CreatedTime: cluster.createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

/** What the tke service does. */
export const clusterActions: readonly Action[] = [describeClusters];
