// The tke service: DescribeClusters, as far as spec 001's commands read it.
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, textList } from '../action.ts';
import { applyFilters, exact, pageOf } from '../paging.ts';
import type { ClusterRecord } from '../state.ts';

type Tagged = ClusterRecord & { readonly tags: readonly [] };

const clusterFilters = {
  ClusterName: exact((cluster: Tagged) => cluster.name),
  'vpc-id': exact((cluster: Tagged) => cluster.vpcId),
};

const describeClusters = defineAction({
  name: 'DescribeClusters',
  services: ['tke'],
  parameters: z.object({
    ClusterIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
  }),
  handle: ({ ClusterIds = [], Filters = [], Offset, Limit }, { core }) => {
    const all = [...core.state.clusters.values()].map((cluster): Tagged => ({ ...cluster, tags: [] }));
    // An unknown id gives an empty list (facts, section 16: GUESS).
    const chosen = all.filter((cluster) => ClusterIds.length === 0 || ClusterIds.includes(cluster.clusterId));
    const page = pageOf(applyFilters(chosen, Filters, clusterFilters), Offset, Limit);
    return { TotalCount: page.total, Clusters: page.items.map(clusterAnswer) };
  },
});

function clusterAnswer(cluster: ClusterRecord): object {
  return {
    ClusterId: cluster.clusterId,
    ClusterName: cluster.name,
    ClusterDescription: '',
    ClusterType: 'MANAGED_CLUSTER',
    ClusterStatus: 'Running',
    ClusterNetworkSettings: { VpcId: cluster.vpcId, Cni: true, Ipvs: false, KubeProxyMode: 'iptables', Subnets: null },
    Property: JSON.stringify({ NodeNameType: 'lan-ip', NetworkType: 'VPC-CNI', VpcCniType: 'tke-route-eni' }),
    TagSpecification: null,
    CreatedTime: cluster.createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

/** What the tke service does. */
export const clusterActions: readonly Action[] = [describeClusters];
