// In which zones a Pod's address is, in static IP mode: the one that its claim keeps, or those that it names. Without the scheduler extender this is what brings it there.
import { annotations, resourceNames } from '../api/keys.ts';
import { decodeSubnetReport } from '../api/subnet-report.ts';
import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { vpcIps } from '../api/vpc-ip.ts';
import { isNotFound } from '../kube/api-error.ts';
import type { ConfigMap } from '../kube/resources.ts';
import type { KubeClient, KubeObject, Resource } from '../kube/types.ts';
import { contains, parseAddress, parseCidr } from '../securitygroup/address.ts';
import type { AdmissionPod } from './admission-pod.ts';
import type { Admission } from './decide.ts';

export interface AddressZones {
  /** `undefined`: any zone will do, or it is not known. Throws ApiError when the API does not answer in time. */
  of(namespace: string, pod: AdmissionPod): Promise<readonly string[] | undefined>;
}

/** A lone Pod never waits longer for it; ipamd says what is wrong with a Pod in another zone. */
const ANSWER_MS = 1_000;

/** `report`: the container subnets as ipamd publishes them. */
export function createAddressZones(client: Pick<KubeClient, 'get'>, report: () => ConfigMap | undefined): AddressZones {
  const find = async <T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    namespace?: string,
  ): Promise<T | undefined> => {
    const where = namespace === undefined ? {} : { namespace };
    try {
      return await client.get(resource, name, { ...where, signal: AbortSignal.timeout(ANSWER_MS) });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  /** Of the claim that a Pod of this name comes back to; a claim that goes with its Pod binds no other one. */
  const keptSubnet = async (namespace: string, name: string): Promise<string | undefined> => {
    const claim = await find(vpcIpClaims, name, namespace);
    if (claim?.spec.deletePolicy !== 'Never' || claim.spec.kind === 'SubENI') return undefined;
    if (claim.metadata.deletionTimestamp !== undefined || claim.status?.vpcIP === undefined) return undefined;
    return (await find(vpcIps, claim.status.vpcIP))?.spec.subnetID;
  };
  return {
    of: async (namespace, pod) => {
      const subnets = decodeSubnetReport(report()?.data);
      if (subnets.size === 0) return undefined;
      // A name that the API server has yet to make is nobody's yet.
      const name = pod.metadata.name ?? '';
      const kept = name === '' ? undefined : await keptSubnet(namespace, name);
      const marks = pod.metadata.annotations ?? {};
      const ids =
        kept !== undefined
          ? [kept]
          : nominated(marks[annotations.nominatedVpcIp], marks[annotations.nominatedEniSubnets], subnets);
      const zones = new Set(ids.flatMap((id) => subnets.get(id)?.zone ?? []));
      return zones.size === 0 ? undefined : [...zones].sort();
    },
  };
}

function nominated(
  ip: string | undefined,
  subnetIds: string | undefined,
  subnets: ReturnType<typeof decodeSubnetReport>,
): readonly string[] {
  const address = ip === undefined ? undefined : parseAddress(ip.trim());
  if (address === undefined) return (subnetIds ?? '').split(',').map((id) => id.trim());
  return [...subnets].flatMap(([id, { cidr }]) => {
    const range = parseCidr(cidr);
    return range !== undefined && contains(range, address) ? [id] : [];
  });
}

/** Only such a Pod is bound to the zone of a subnet: a sub-ENI follows its Pod (spec 002). */
export const takesNodeAddress = ({ resources }: Pick<Admission, 'resources'>): boolean =>
  resources.atLeast?.includes(resourceNames.eniIp) === true;
