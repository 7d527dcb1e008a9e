// A VpcIP that serves a Pod in as few bytes as it takes: one object for its texts, from which its parts are made when somebody reads them.
import type { VpcIp, VpcIpStatus } from '../api/vpc-ip.ts';
import type { ObjectMeta } from '../kube/types.ts';
import { createLabelPool } from './label-pool.ts';

const API_VERSION = 'networking.tke.cloud.tencent.com/v1';
const KIND = 'VpcIP';

/** Of the ENI that carries it, and the same for all addresses of that ENI. */
interface Place {
  readonly eniID: string;
  readonly eniName: string;
  readonly nodeName: string;
  readonly gateway: string;
  readonly subnetCIDR: string;
}

type AgentState = NonNullable<VpcIpStatus['agent']>['state'];

/**
 * Gives what it is given, or an object with the same `apiVersion`, `kind`, `metadata`, `spec` and `status`, which must be read by these names: each reading
 * makes the part anew, and copies of the object by spreading it are empty. JSON has it whole. Nobody may change what it gives.
 */
export function createVpcIpPacker(): (vip: VpcIp) => VpcIp {
  const pooled = createLabelPool<Place>();
  return (vip) => {
    const { metadata, spec, status } = vip;
    const { eniID, eniName, nodeName, gateway, subnetCIDR, podUID, agent } = status ?? {};
    const { claim } = spec;
    if (vip.apiVersion !== API_VERSION || vip.kind !== KIND || !isPlain(metadata)) return vip;
    if (status?.phase !== 'Assigned' || status.conditions !== undefined || status.unassignedSince !== undefined)
      return vip;
    if (!claim || !eniID || !eniName || !nodeName || !gateway || !subnetCIDR || !podUID) return vip;
    if (agent !== undefined && (agent.podUID !== podUID || agent.observedAt !== '' || agent.containerID !== undefined))
      return vip;
    const place = pooled({ eniID, eniName, nodeName, gateway, subnetCIDR });
    return new PackedVpcIp(metadata, { type: spec.type, subnetID: spec.subnetID, claim }, place, podUID, agent?.state);
  };
}

/** Without what only few objects have. */
export const isPlain = ({ annotations, deletionTimestamp }: ObjectMeta): boolean =>
  annotations === undefined && deletionTimestamp === undefined;

type Claim = NonNullable<VpcIp['spec']['claim']>;

class PackedVpcIp implements VpcIp {
  private readonly name: string;
  private readonly uid: string | undefined;
  private readonly version: string | undefined;
  private readonly created: string | undefined;
  private readonly labels: Record<string, string> | undefined;
  private readonly finalizers: string[] | undefined;
  private readonly subnetId: string;
  private readonly claimNamespace: string;
  private readonly claimName: string;
  private readonly claimUid: string;
  private readonly place: Place;
  private readonly podUid: string;
  private readonly agent: AgentState | undefined;

  constructor(
    { name, uid, resourceVersion, creationTimestamp, labels, finalizers }: ObjectMeta,
    { subnetID, claim }: VpcIp['spec'] & { readonly claim: Claim },
    place: Place,
    podUid: string,
    agent: AgentState | undefined,
  ) {
    this.name = name;
    this.uid = uid;
    this.version = resourceVersion;
    this.created = creationTimestamp;
    this.labels = labels;
    this.finalizers = finalizers;
    this.subnetId = subnetID;
    this.claimNamespace = claim.namespace;
    this.claimName = claim.name;
    this.claimUid = claim.uid;
    this.place = place;
    this.podUid = podUid;
    this.agent = agent;
  }

  get apiVersion(): string {
    return API_VERSION;
  }

  get kind(): string {
    return KIND;
  }

  get metadata(): ObjectMeta {
    const { name, uid, version: resourceVersion, created: creationTimestamp, labels, finalizers } = this;
    return { name, uid, resourceVersion, creationTimestamp, labels, finalizers } as ObjectMeta;
  }

  get spec(): VpcIp['spec'] {
    const claim = { namespace: this.claimNamespace, name: this.claimName, uid: this.claimUid };
    return { type: 'Pod', subnetID: this.subnetId, claim };
  }

  get status(): VpcIpStatus {
    const { eniID, eniName, nodeName, gateway, subnetCIDR } = this.place;
    const served = { phase: 'Assigned' as const, eniID, eniName, nodeName, podUID: this.podUid, gateway, subnetCIDR };
    if (this.agent === undefined) return served;
    return { ...served, agent: { state: this.agent, podUID: this.podUid, observedAt: '' } };
  }

  toJSON(): VpcIp {
    const { apiVersion, kind, metadata, spec, status } = this;
    return { apiVersion, kind, metadata, spec, status };
  }
}
