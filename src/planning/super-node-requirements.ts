// What document 001 asks of a cluster before groups can hold on super nodes: release, address families, region, a super node. Pure.
import { labels, SUPER_NODE_INSTANCE_TYPE } from '../api/keys.ts';
import { gate } from '../api/version-gates.ts';
import type { Node } from '../kube/resources.ts';
import { type Finding, findingText } from './finding.ts';
import type { ConditionInput } from './policy-status.ts';

/** Of a cluster, as `superNodeFacts` gathers them once for all its policies. */
export interface SuperNodeFacts {
  /** `gitVersion` of `/version`. */
  readonly clusterVersion: string;
  /** Add-on value `region`. */
  readonly region: string;
  readonly superNodes: number;
  /** A node with addresses or Pod ranges of both families; absent when none has. */
  readonly dualStackNode?: string;
}

export type RequirementCode = 'ClusterTooOld' | 'DualStackCluster' | 'RegionWithoutSuperNodes' | 'NoSuperNode';

export interface RequirementFinding extends Finding {
  readonly code: RequirementCode;
}

/**
 * Regions that offer super nodes. GUESS: document 001 only links to the product's page, which grows. A super node that exists proves its region
 * whatever stands here.
 */
const SUPER_NODE_REGIONS: ReadonlySet<string> = new Set([
  'ap-guangzhou',
  'ap-shanghai',
  'ap-nanjing',
  'ap-beijing',
  'ap-chengdu',
  'ap-chongqing',
  'ap-hongkong',
  'ap-singapore',
  'ap-jakarta',
  'ap-bangkok',
  'ap-seoul',
  'ap-tokyo',
  'na-siliconvalley',
  'na-ashburn',
  'eu-frankfurt',
  'sa-saopaulo',
  'ap-shenzhen-fsi',
  'ap-shanghai-fsi',
  'ap-beijing-fsi',
]);

/** What of the cluster's nodes counts; reads each node once. */
export function superNodeFacts(
  nodes: Iterable<Node>,
  cluster: Pick<SuperNodeFacts, 'clusterVersion' | 'region'>,
): SuperNodeFacts {
  let superNodes = 0;
  let dualStackNode: string | undefined;
  for (const node of nodes) {
    if (isSuperNode(node)) superNodes += 1;
    dualStackNode ??= hasBothFamilies(node) ? node.metadata.name : undefined;
  }
  return { ...cluster, superNodes, ...(dualStackNode === undefined ? {} : { dualStackNode }) };
}

/** `node.kubernetes.io/instance-type: eklet` (spec 001). */
export const isSuperNode = (node: Node): boolean =>
  node.metadata.labels?.[labels.instanceType] === SUPER_NODE_INSTANCE_TYPE;

/** Every requirement that is not met (spec 001, limitations); none when groups hold on this cluster's super nodes. */
export function superNodeRequirements(facts: SuperNodeFacts): readonly RequirementFinding[] {
  const { clusterVersion, region, superNodes, dualStackNode } = facts;
  const findings: RequirementFinding[] = [];
  const answer = gate('podSecurityGroups', clusterVersion);
  if (!answer.open)
    findings.push({
      code: 'ClusterTooOld',
      message: answer.reason,
      cure: 'upgrade the cluster to 1.20 or newer',
    });
  if (dualStackNode !== undefined)
    findings.push({
      code: 'DualStackCluster',
      message: `this is a dual-stack cluster: node ${dualStackNode} has addresses of both families, and groups of Pods do not work there (spec 001, limitations)`,
      cure: 'use a cluster of IPv4 only',
    });
  if (superNodes === 0 && !SUPER_NODE_REGIONS.has(region))
    findings.push({
      code: 'RegionWithoutSuperNodes',
      message: `region ${region} is not among those known to offer super nodes (spec 001, limitations)`,
      cure: 'use general nodes with vpcCni.trunkingEni.enableSubEni (spec 002), or a region of document 457/58172; a super node that joins proves the region',
    });
  else if (superNodes === 0)
    findings.push({
      code: 'NoSuperNode',
      message: 'the cluster has no super node',
      cure: 'add one in the console (spec 001, step 4), or use general nodes with vpcCni.trunkingEni.enableSubEni (spec 002)',
    });
  return findings;
}

/** Condition `SuperNodesAvailable` of a policy: the first finding is the reason, the message names all of them with their cures. */
export function superNodeCondition(facts: SuperNodeFacts): ConditionInput {
  const type = 'SuperNodesAvailable';
  const findings = superNodeRequirements(facts);
  const [first] = findings;
  if (first === undefined)
    return {
      type,
      status: 'True',
      reason: 'RequirementsMet',
      message: `${facts.superNodes} super ${facts.superNodes === 1 ? 'node gives' : 'nodes give'} Pods their groups`,
    };
  const message = findings.map(findingText).join('. ');
  return { type, status: 'False', reason: first.code, message };
}

function hasBothFamilies({ spec, status }: Node): boolean {
  const internal = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
  return [internal, spec?.podCIDRs ?? []].some((list) => list.some(isIpv6) && !list.every(isIpv6));
}

/** Of an address or a range that the API server accepted. */
const isIpv6 = (text: string): boolean => text.includes(':');
