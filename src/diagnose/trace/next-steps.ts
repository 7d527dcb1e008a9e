// What to look at, or to decide, where no single command mends a cause by itself.
import { annotations, objectNames } from '../../api/keys.ts';
import type { Pod } from '../../kube/resources.ts';
import { ownerOf } from '../explain/owner.ts';
import type { ServiceView } from '../picture/picture.ts';
import { addAt, addonValue, line, patch } from './commands.ts';
import { nodeOf } from './departure.ts';
import type { Party } from './party.ts';
import type { Cure } from './trace.ts';
import { tableOf, type World } from './world.ts';

const kubectl = (words: readonly string[], note?: string): Cure => ({
  tool: 'kubectl',
  command: line(['kubectl', ...words]),
  ...(note === undefined ? {} : { note }),
});
const inNamespace = ({ metadata }: Pod | ServiceView): readonly string[] => ['-n', metadata.namespace ?? 'default'];

/** Why a Pod does not start: its Events, and what its connection waits for. */
export const lookAtPod = (pod: Pod): readonly Cure[] => [
  {
    tool: 'trunkline',
    command: line(['trunkline', 'explain', 'pod', `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}`]),
    note: 'what it waits for, since when',
  },
  kubectl(['describe', 'pod', pod.metadata.name, ...inNamespace(pod)], 'its Events'),
];

/** What a Pod that has ended, or that does not listen where it should, has to say. */
export const readLog = (pod: Pod, note: string): Cure =>
  kubectl(['logs', pod.metadata.name, ...inNamespace(pod)], note);

/** Where a Pod listens, by what it declares and by what it says. */
export const lookAtPorts = (pod: Pod): readonly Cure[] => [
  kubectl(
    ['get', 'pod', pod.metadata.name, ...inNamespace(pod), '-o', 'jsonpath={.spec.containers[*].ports}'],
    'the ports that it declares',
  ),
  readLog(pod, 'whether it came to listen'),
];

export const lookAtService = (service: ServiceView, note: string): Cure =>
  kubectl(['describe', 'service', service.metadata.name, ...inNamespace(service)], note);

/** Pods near a Service, with the labels that its selector asks for, or does not. */
export const lookAtLabels = (namespace: string): Cure =>
  kubectl(['get', 'pods', '-n', namespace, '--show-labels'], 'which labels its Pods have');

export const lookAtWorkload = (kind: string, name: string, namespace: string): Cure =>
  kubectl(['describe', kind.toLowerCase(), name, '-n', namespace], 'why it makes no Pods');

/** Who has an address of the VPC that no ENI of the account has: a load balancer, a database, nobody. */
export function whoHas(world: World, address: string): readonly Cure[] {
  const vpcId = world.picture.cloud?.vpcId ?? '';
  const asked = ['tccli', 'vpc', 'DescribeVpcPrivateIpAddresses', '--cli-unfold-argument'];
  return [
    ...(vpcId === ''
      ? []
      : [
          {
            tool: 'tccli' as const,
            command: line(asked, ['--VpcId', vpcId, '--PrivateIpAddresses.0', address]),
            note: 'who has the address, ENI or not',
          },
        ]),
    kubectl(['get', 'pods', '-A', '-o', 'wide', '--field-selector', `status.podIP=${address}`], 'a Pod that claims it'),
  ];
}

/** A NAT gateway of the VPC that the route table of the sender can be led to; mends it where there is one. */
export function routeToNat(world: World, from: Party, masqueraded: boolean): readonly Cure[] {
  const sender = masqueraded ? (nodeOf(world, from) ?? from) : from;
  const table = tableOf(world, sender.port?.subnetId);
  const [gateway] = world.picture.cloud?.natGateways.filter(({ publicIps }) => publicIps.length > 0) ?? [];
  if (table === undefined || gateway === undefined) return [];
  const routes = ['--Routes.0.DestinationCidrBlock', '0.0.0.0/0', '--Routes.0.GatewayType', 'NAT'];
  return [
    {
      tool: 'tccli',
      command: line(
        ['tccli', 'vpc', 'CreateRoutes', '--cli-unfold-argument', '--RouteTableId', table.routeTableId],
        [...routes, '--Routes.0.GatewayId', gateway.natGatewayId],
      ),
      note: `for everything in the subnets of ${table.routeTableId}`,
    },
  ];
}

/** The first NAT gateway of the VPC; which route leads there is told once it is. */
export function buyNat({ picture: { cloud } }: World): readonly Cure[] {
  if (cloud === undefined || cloud.vpcId === '' || cloud.natGateways.length > 0) return [];
  const asked = ['tccli', 'vpc', 'CreateNatGateway', '--NatGatewayName', 'way-out', '--VpcId', cloud.vpcId];
  const note = 'buys a NAT gateway with one address; traced again, the route to it is told';
  return [{ tool: 'tccli', command: line(asked, ['--AddressCount', '1']), note }];
}

/** An EIP of its own for the Pod, which its workload has to make anew; who designates one sees what it costs. */
export function buyEip(world: World, pod: Pod | undefined): readonly Cure[] {
  if (pod === undefined || pod.spec.hostNetwork === true) return [];
  const [namespace = '', kind = 'Pod', name = ''] = ownerOf(world.picture, pod).split('/');
  if (kind !== 'Deployment' && kind !== 'StatefulSet' && kind !== 'DaemonSet') return [];
  const template = { metadata: { annotations: { [annotations.eipAttributes]: '' } } };
  const note = `buys an EIP for each Pod of ${kind} ${namespace}/${name}, and rolls them out`;
  return [patch(kind.toLowerCase(), name, namespace, { spec: { template } }, note)];
}

/** For what strict routing cannot do: the Pod comes back with standard routing, as do all that are made from then on. */
export function standardRouting(pod: Pod | undefined): readonly Cure[] {
  if (pod === undefined) return [];
  const value = addonValue('vpcCni.trunkingEni.podSecurityGroupEnforcingMode', 'standard');
  return [
    {
      ...value,
      command: `${value.command} && ${line(['kubectl', 'delete', 'pod', pod.metadata.name, ...inNamespace(pod)])}`,
      note: 'Pods that are made from then on have standard routing: those of one node reach each other past their groups (spec 002)',
    },
  ];
}

/** Every node answers for every endpoint. */
export const policyCluster = (service: ServiceView): readonly Cure[] => [
  patch(
    'service',
    service.metadata.name,
    service.metadata.namespace ?? 'default',
    { spec: { externalTrafficPolicy: 'Cluster' } },
    "its Pods then see the node's address instead of the caller's",
  ),
];

/** For the hostPort of every Pod that is made from then on. */
export const chainPortMapping: readonly Cure[] = [
  {
    ...addAt(
      'daemonset',
      objectNames.agent,
      objectNames.systemNamespace,
      '/spec/template/spec/containers/0/args/-',
      '--port-mapping',
    ),
    note: 'for Pods that are made from then on; every node needs the plugin portmap, or its agent ends and says so',
  },
];
