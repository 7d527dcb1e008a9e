// A VpcIPClaim whose Pod has its address in as few bytes as it takes: one object for its texts, from which its parts are made when somebody reads them.
import type { VpcIpClaim, VpcIpClaimStatus } from '../api/vpc-ip-claim.ts';
import type { ObjectMeta } from '../kube/types.ts';
import { isPlain } from './packed-vpc-ip.ts';
import { BOUND, servedAs } from './vpc-ip-claim/status.ts';

const API_VERSION = 'networking.tke.cloud.tencent.com/v1';
const KIND = 'VpcIPClaim';

/** Of a bound claim. */
interface Use {
  readonly podUid: string;
  readonly nodeName: string;
  readonly vpcIp: string;
  /** `lastTransitionTime` of its one condition, which says what the rest says. */
  readonly boundAt: string;
}

/** Gives what it is given, or an object that is read like it; the same rules as for `createVpcIpPacker`. */
export function packClaim(claim: VpcIpClaim): VpcIpClaim {
  const use = useOf(claim.status);
  if (use === undefined || claim.apiVersion !== API_VERSION || claim.kind !== KIND) return claim;
  return isPlain(claim.metadata) ? new PackedClaim(claim.metadata, claim.spec, use) : claim;
}

function useOf(status: VpcIpClaimStatus | undefined): Use | undefined {
  const { phase, podUID: podUid, nodeName, vpcIP: vpcIp, unboundSince, releaseAt, conditions } = status ?? {};
  if (phase !== 'Bound' || unboundSince !== undefined || releaseAt !== undefined) return undefined;
  const [condition, ...further] = conditions ?? [];
  if (!podUid || !nodeName || !vpcIp || condition === undefined || further.length > 0) return undefined;
  const { type, status: is, reason, message, lastTransitionTime: boundAt, ...rest } = condition;
  const told = servedAs(vpcIp, nodeName);
  const isUsual = type === BOUND && is === 'True' && reason === told.reason && message === told.message;
  return isUsual && Object.keys(rest).length === 0 ? { podUid, nodeName, vpcIp, boundAt } : undefined;
}

class PackedClaim implements VpcIpClaim {
  readonly spec: VpcIpClaim['spec'];
  private readonly name: string;
  private readonly namespace: string | undefined;
  private readonly uid: string | undefined;
  private readonly version: string | undefined;
  private readonly created: string | undefined;
  private readonly labels: Record<string, string> | undefined;
  private readonly finalizers: string[] | undefined;
  private readonly podUid: string;
  private readonly nodeName: string;
  private readonly vpcIp: string;
  private readonly boundAt: string;

  constructor(metadata: ObjectMeta, spec: VpcIpClaim['spec'], { podUid, nodeName, vpcIp, boundAt }: Use) {
    this.spec = spec;
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.uid = metadata.uid;
    this.version = metadata.resourceVersion;
    this.created = metadata.creationTimestamp;
    this.labels = metadata.labels;
    this.finalizers = metadata.finalizers;
    this.podUid = podUid;
    this.nodeName = nodeName;
    this.vpcIp = vpcIp;
    this.boundAt = boundAt;
  }

  get apiVersion(): string {
    return API_VERSION;
  }

  get kind(): string {
    return KIND;
  }

  get metadata(): ObjectMeta {
    const { name, namespace, uid, version: resourceVersion, created: creationTimestamp, labels, finalizers } = this;
    return { name, namespace, uid, resourceVersion, creationTimestamp, labels, finalizers } as ObjectMeta;
  }

  get status(): VpcIpClaimStatus {
    const { podUid: podUID, nodeName, vpcIp: vpcIP, boundAt: lastTransitionTime } = this;
    const condition = { type: BOUND, status: 'True' as const, ...servedAs(vpcIP, nodeName), lastTransitionTime };
    return { phase: 'Bound', podUID, nodeName, vpcIP, conditions: [condition] };
  }

  toJSON(): VpcIpClaim {
    const { apiVersion, kind, metadata, spec, status } = this;
    return { apiVersion, kind, metadata, spec, status };
  }
}
