// The calls on elastic public addresses (EIPs) that ipamd makes, with the contract that each implementation keeps (facts of the cloud API, section 12).
import type { CloudCall, Tag } from './vpc-cloud.ts';

/**
 * `CREATING` until the buying task ends, `BIND_ENI`: bound to an ENI that is attached to nothing, `OFFLINING`: being released. A state this
 * project does not know counts as `BUSY`: something works on it.
 */
export type EipStatus = 'CREATING' | 'UNBIND' | 'BINDING' | 'BIND' | 'BIND_ENI' | 'UNBINDING' | 'OFFLINING' | 'BUSY';

export interface Eip {
  readonly eipId: string;
  readonly name: string;
  readonly ip: string;
  readonly status: EipStatus;
  /** What it is bound to, or is being bound to or unbound from; on a NAT gateway or a load balancer only `instanceId` is there. */
  readonly binding?: {
    readonly eniId?: string;
    readonly privateIp?: string;
    readonly instanceId?: string;
  };
  /** Mbps; absent where the account's kind has none. */
  readonly bandwidth?: number;
  readonly isp: string;
  readonly chargeType?: string;
  /** Shut by the cloud: it can neither be bound nor unbound. */
  readonly blocked: boolean;
  readonly tags: readonly Tag[];
  /** RFC 3339. */
  readonly createdAt: string;
}

/** What a buying call sends. Built once, recorded in the claim, sent byte for byte again on a retry of the same attempt. */
export interface AllocateEipRequest {
  /** Parameters of AllocateAddresses by their own names, in the order in which they are sent; never AddressCount, AddressName, Tags or ClientToken. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** At most 128 letters, digits, `-` and `_`; carries owner uid and attempt so that leftovers can be found by name. */
  readonly name: string;
  readonly tags: readonly Tag[];
  /** Deterministic from (claim uid, attempt); at most 64 ASCII characters. */
  readonly clientToken: string;
}

/** All that are given must match. */
export interface EipFilter {
  readonly eipIds?: readonly string[];
  readonly name?: string;
  readonly tags?: readonly Tag[];
  readonly eniId?: string;
  /** Public addresses. */
  readonly addresses?: readonly string[];
}

/** Of one quota: how much is used, and how much there may be. */
export interface EipQuota {
  readonly used: number;
  readonly limit: number;
}

export interface EipQuotas {
  /** EIPs of the account in the region. */
  readonly total?: EipQuota;
  /** Purchases of today; releasing gives none back (facts of the cloud API, section 18). */
  readonly daily?: EipQuota;
}

/** As VpcCloud: every method throws `CloudError`; mutating calls are sent at most once, and take effect when their task ends: describe tells. */
export interface EipCloud {
  /** Buys one. Idempotent per clientToken where the account honours tokens. Its public address is not known before a describe. */
  allocateEip(
    request: AllocateEipRequest,
    call?: CloudCall,
  ): Promise<{ readonly eipId: string; readonly taskId: string }>;
  /** Only one that is UNBIND, to a private address that has none. */
  associateEip(
    request: { readonly eipId: string; readonly eniId: string; readonly privateIp: string },
    call?: CloudCall,
  ): Promise<{ readonly taskId: string }>;
  /** Only one that is BIND or BIND_ENI: describe first when in doubt. */
  disassociateEip(eipId: string, call?: CloudCall): Promise<{ readonly taskId: string }>;
  /** Only one that is UNBIND; irreversible. Already gone is success. */
  releaseEip(eipId: string, call?: CloudCall): Promise<void>;
  /** `bandwidth` in Mbps; while it is bound, too. */
  modifyEipBandwidth(
    request: { readonly eipId: string; readonly bandwidth: number },
    call?: CloudCall,
  ): Promise<{ readonly taskId: string }>;
  /** Complete; ids that do not exist, or are malformed, are left out. */
  describeEips(filter: EipFilter, call?: CloudCall): Promise<readonly Eip[]>;
  describeEipQuotas(call?: CloudCall): Promise<EipQuotas>;
}

/** `eip-` and 8 lower-case letters or digits, as the cloud gives them (facts: ids). */
export const EIP_ID = /^eip-[a-z0-9]{8}$/;
