// The process of the simulated cloud in the benchmark ipam-scale: an account with as many CVMs as there are hollow nodes.
import { startCloud } from '../lab/cloud/cloud.ts';
import { hollowNode } from '../lab/hollow/hollow-objects.ts';
import { CLUSTER_ID, NODE_GROUP, ZONES } from '../lab/layout.ts';
import { grant, NODE_GROUPS_POLICY, SUB_ENI_POLICY } from '../lab/permissions.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import {
  type CallCounts,
  type CloudQuestion,
  type MadeEni,
  SCALE_MODEL,
  SCALE_SUBNETS,
  SCALE_VPC,
  type ScaleCloud,
  type WantedEni,
} from './ipam-scale-message.ts';

const MUTATING = /^(Create|Delete|Attach|Detach|Assign|Unassign|Associate|Disassociate|Modify)/;

interface Scale {
  readonly access: ScaleCloud;
  count(from: number): CallCounts;
  make(wanted: readonly WantedEni[]): readonly MadeEni[];
}

async function start(nodes: number): Promise<Scale> {
  const cloud = await startCloud({
    clock: systemClock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    settings: { taskMs: 100, enisPerVpc: 1_000_000, membersPerGroup: 1_000_000 },
  });
  const { admin } = cloud;
  admin.createVpc({ vpcId: SCALE_VPC, cidr: '10.0.0.0/8' });
  for (const [index, zone] of ZONES.entries()) {
    // A quarter of the VPC for Pods of each zone, and for its nodes.
    admin.createSubnet({
      subnetId: SCALE_SUBNETS[index] ?? '',
      vpcId: SCALE_VPC,
      cidr: `10.${index * 64}.0.0/10`,
      zone,
    });
    const subnetId = `subnet-nodes00${index}`;
    admin.createSubnet({ subnetId, vpcId: SCALE_VPC, cidr: `10.${128 + index * 64}.0.0/10`, zone });
  }
  admin.createSecurityGroup({ ...NODE_GROUP, description: 'nodes of the cluster' });
  admin.registerCluster({ clusterId: CLUSTER_ID, vpcId: SCALE_VPC, name: 'scale', subnetIds: SCALE_SUBNETS });
  grant(cloud.identity, [SUB_ENI_POLICY, NODE_GROUPS_POLICY]);
  for (let index = 0; index < nodes; index += 1) {
    const { zone, providerId } = hollowNode(index);
    const subnetId = `subnet-nodes00${ZONES.findIndex((each) => each === zone)}`;
    const instanceId = providerId.split('/').at(-1) ?? '';
    admin.runInstance({
      instanceId,
      instanceType: SCALE_MODEL,
      zone,
      subnetId,
      securityGroupIds: [NODE_GROUP.securityGroupId],
    });
  }
  const { endpoint, secretId, secretKey, region } = cloud;
  return {
    access: { endpoint, secretId, secretKey, region },
    count: (from) => {
      const calls = cloud.requestLog().slice(from);
      const byAction: Record<string, number> = {};
      for (const { action, outcome } of calls) {
        const key = outcome === 'ok' ? action : `${action} ${outcome}`;
        byAction[key] = (byAction[key] ?? 0) + 1;
      }
      const mutating = calls.filter(({ action }) => MUTATING.test(action)).length;
      return { all: calls.length, mutating, byAction, until: from + calls.length };
    },
    make: (wanted) => {
      const ids = wanted.flatMap(({ addresses, tags, ...eni }) =>
        admin.loadEnis({
          ...eni,
          tags: tags.map(({ key, value }) => ({ Key: key, Value: value })),
          count: 1,
          addressesEach: addresses,
        }),
      );
      const made = new Map(cloud.snapshot().enis.map((eni) => [eni.eniId, eni]));
      return ids.flatMap((eniId) => {
        const eni = made.get(eniId);
        if (eni === undefined) return [];
        const { mac, addresses, subnetId, subnetCidr, gateway } = eni;
        return [{ eniId, mac, addresses, subnetId, cidr: subnetCidr, gateway }];
      });
    },
  };
}

const scale = await start(Number(process.argv[2]));
process.on('message', (question: CloudQuestion) => {
  process.send?.('make' in question ? scale.make(question.make) : scale.count(question.callsFrom));
});
process.on('disconnect', () => process.exit(0));
process.send?.(scale.access);
