// The cloud's part of the picture: the VPC of the nodes, who is in it, and every rule that may decide there.
import { parseSecurityGroup } from '../../securitygroup/parse.ts';
import type { Templates } from '../../securitygroup/templates.ts';
import { isNotFoundInCloud } from './cloud-answers.ts';
import type { CloudReader, TemplateLists } from './cloud-reader.ts';
import type { GapKeeper } from './gaps.ts';
import type { CloudGroup, CloudPicture, KubePicture } from './picture.ts';

export interface TakeCloudOptions {
  readonly cloud: CloudReader;
  readonly kube: KubePicture;
  readonly gaps: GapKeeper;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** Undefined, with the gap `cloud`, when the cloud does not say which machines the nodes are. */
export async function takeCloud(options: TakeCloudOptions): Promise<CloudPicture | undefined> {
  const { cloud, kube, gaps, onProgress } = options;
  const instances = await gaps.attempt('cloud', () => cloud.describeInstances({}), undefined);
  if (instances === undefined) return undefined;
  const vpcId = vpcOf(kube, instances);
  if (vpcId === undefined) {
    gaps.note(
      'cloud',
      'no node of the cluster is an instance of this account and region; give the region of the cluster',
    );
    return undefined;
  }
  onProgress?.(`cloud: ${vpcId}, ${instances.length} instances`);
  const [vpcCidrs, enis, routeTables, natGateways, eips, addresses, services] = await Promise.all([
    gaps.attempt('vpcs', () => cloud.vpcCidrs(vpcId), []),
    gaps.attempt('enis', () => cloud.describeEnis({ vpcId }), []),
    gaps.attempt('routeTables', () => cloud.routeTables(vpcId), []),
    gaps.attempt('natGateways', () => cloud.natGateways(vpcId), []),
    gaps.attempt('eips', () => cloud.eips(), []),
    gaps.attempt('templates', () => cloud.addressTemplates(), undefined),
    gaps.attempt('templates', () => cloud.serviceTemplates(), undefined),
  ]);
  const subnetIds = [...new Set([...enis.map(({ subnetId }) => subnetId), ...routeTables.flatMap((t) => t.subnetIds)])];
  const subnets = await gaps.attempt('subnets', () => cloud.describeSubnets(subnetIds), []);
  onProgress?.(`cloud: ${enis.length} ENIs`);
  const templates = templatesOf(addresses, services);
  const first = new Set([...enis.flatMap((eni) => eni.securityGroups), ...namedGroups(kube)]);
  const groups = await readGroups(options, [...first], templates);
  return { vpcId, vpcCidrs, enis, instances, subnets, groups, routeTables, natGateways, eips };
}

/** The VPC that most nodes are in. */
function vpcOf(
  kube: KubePicture,
  instances: Awaited<ReturnType<CloudReader['describeInstances']>>,
): string | undefined {
  const addresses = new Set(
    kube.nodes.flatMap(({ status }) => (status?.addresses ?? []).map(({ address }) => address)),
  );
  const counts = new Map<string, number>();
  for (const instance of instances)
    if (instance.privateIps.some((ip) => addresses.has(ip)))
      counts.set(instance.vpcId, (counts.get(instance.vpcId) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}

/** Groups that objects of the cluster name, whether anything has them or not. */
function namedGroups(kube: KubePicture): readonly string[] {
  return [
    ...kube.nodeEniConfigs.flatMap(({ spec }) => spec.securityGroups ?? []),
    ...kube.vpcEnis.flatMap(({ spec }) => spec.securityGroups),
    ...kube.securityGroupPolicies.flatMap(({ spec }) => spec.securityGroups.groupIds),
  ];
}

const AT_ONCE = 8;

/** One call for each group, a few at once; a group that is not there is left out. */
async function readGroups(
  { cloud, gaps, onProgress }: TakeCloudOptions,
  ids: readonly string[],
  templates: Templates,
): Promise<ReadonlyMap<string, CloudGroup>> {
  const names = new Map(
    (await gaps.attempt('groupNames', () => cloud.describeSecurityGroups(ids), [])).map((group) => [
      group.securityGroupId,
      group.name,
    ]),
  );
  const found = new Map<string, CloudGroup>();
  const left = ids.toReversed();
  const worker = async (): Promise<void> => {
    for (let groupId = left.pop(); groupId !== undefined; groupId = left.pop()) {
      const id = groupId;
      const set = await gaps.attempt(`group ${id}`, () => policiesOf(cloud, id), undefined);
      if (set === undefined || set === 'gone') continue;
      found.set(id, { groupId: id, name: names.get(id) ?? '', rules: parseSecurityGroup(id, set.policies, templates) });
      if (found.size % 50 === 0) onProgress?.(`cloud: rules of ${found.size} of ${ids.length} groups`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  onProgress?.(`cloud: rules of ${found.size} groups`);
  return found;
}

async function policiesOf(cloud: CloudReader, groupId: string): Promise<{ readonly policies: unknown } | 'gone'> {
  try {
    return { policies: await cloud.describeSecurityGroupPolicies(groupId) };
  } catch (error) {
    if (isNotFoundInCloud(error)) return 'gone';
    throw error;
  }
}

/** Groups of templates with the entries of their templates instead of ids. A part that is not known has no entries at all. */
function templatesOf(addresses: TemplateLists | undefined, services: TemplateLists | undefined): Templates {
  const expanded = (lists: TemplateLists | undefined): ReadonlyMap<string, readonly string[]> => {
    const own = new Map((lists?.templates ?? []).map(({ id, values }) => [id, values]));
    const all = new Map<string, readonly string[]>(own);
    for (const { id, values } of lists?.groups ?? [])
      all.set(
        id,
        values.flatMap((each) => own.get(each) ?? []),
      );
    return all;
  };
  return { address: expanded(addresses), service: expanded(services) };
}
