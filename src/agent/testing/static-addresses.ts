// For tests: static addresses as ipamd shows them to the agent.
import { labels } from '../../api/keys.ts';
import { type NodeEniConfig, sharedAddressesCondition } from '../../api/node-eni-config.ts';
import type { VpcIp } from '../../api/vpc-ip.ts';
import type { Pod } from '../../kube/resources.ts';
import { NODE } from './service-world.ts';
import { eniInfoOf, necWithCondition } from './shared-enis.ts';

/** The node's nec in static mode. */
export const necInStaticMode = (): NodeEniConfig =>
  necWithCondition(sharedAddressesCondition.staticMode, 'static mode: every Pod gets an address of its own');

/** The address of a Pod on the ENI of this index, Assigned, as it is between ADDs; `changes` are of its status. */
export function vpcIpOf(ip: string, pod: Pod, changes: Partial<NonNullable<VpcIp['status']>> = {}, index = 2): VpcIp {
  const { name, namespace = '', uid = '' } = pod.metadata;
  return {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcIP',
    metadata: { name: ip, uid: `uid-of-${ip}`, labels: { [labels.nodeName]: NODE } },
    spec: { type: 'Pod', subnetID: 'subnet-12345678', claim: { namespace, name, uid: `claim-of-${name}` } },
    status: { phase: 'Assigned', eniID: eniInfoOf(index).eniID, nodeName: NODE, podUID: uid, ...changes },
  };
}
