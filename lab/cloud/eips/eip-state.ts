// What an account knows of its elastic public addresses: the addresses, what they are bound to, and what was bought today.
import type { TagRecord } from '../state.ts';

/** `BOUND` is answered as BIND or BIND_ENI, after what the ENI is attached to (facts, section 17). */
export type EipPhase = 'CREATING' | 'UNBIND' | 'BINDING' | 'BOUND' | 'UNBINDING' | 'OFFLINING';

export type InternetChargeType =
  | 'BANDWIDTH_PACKAGE'
  | 'BANDWIDTH_POSTPAID_BY_HOUR'
  | 'BANDWIDTH_PREPAID_BY_MONTH'
  | 'TRAFFIC_POSTPAID_BY_HOUR';

export interface EipBinding {
  readonly eniId: string;
  readonly privateIp: string;
}

export interface EipRecord {
  readonly addressId: string;
  name: string;
  readonly ip: string;
  readonly isp: string;
  phase: EipPhase;
  /** Set from BINDING until the end of UNBINDING. */
  binding: EipBinding | null;
  /** A task works on it; no second one may begin (facts, section 7: OperationDenied.MutexTaskRunning). */
  busy: boolean;
  chargeType: InternetChargeType;
  /** Mbps. */
  bandwidth: number;
  bandwidthPackageId: string;
  /** Set on prepaid addresses. */
  deadline: Date | null;
  renewFlag: string;
  chargeTypeChanges: number;
  arrears: boolean;
  blocked: boolean;
  directConnection: boolean;
  readonly egress: string;
  tags: readonly TagRecord[];
  readonly createdAt: Date;
  /** Monotonic milliseconds from which describe calls show it. */
  readonly visibleAt: number;
  /** Monotonic milliseconds since which it is bound to nothing; null while it is bound or on a NAT gateway. An unbound address costs. */
  idleSince: number | null;
  /** Milliseconds of earlier unbound times. */
  idleMs: number;
}

/** `ENI/private address` to address id: one EIP per private address (facts, section 18). */
export class EipBindings extends Map<string, string> {
  readonly #perEni = new Map<string, number>();

  /** Whether any address of the ENI has an EIP; spares a look-up for each of many addresses. */
  onEni(eniId: string): boolean {
    return this.#perEni.has(eniId);
  }

  override set(binding: string, addressId: string): this {
    if (!this.has(binding)) this.#count(binding, 1);
    return super.set(binding, addressId);
  }

  override delete(binding: string): boolean {
    if (this.has(binding)) this.#count(binding, -1);
    return super.delete(binding);
  }

  override clear(): void {
    this.#perEni.clear();
    super.clear();
  }

  #count(binding: string, change: 1 | -1): void {
    const eniId = binding.slice(0, binding.indexOf('/'));
    const left = (this.#perEni.get(eniId) ?? 0) + change;
    if (left === 0) this.#perEni.delete(eniId);
    else this.#perEni.set(eniId, left);
  }
}

export interface EipBook {
  readonly eips: Map<string, EipRecord>;
  readonly bindings: EipBindings;
  /** Numbers of the tasks that EIP calls answer. */
  nextTask: number;
  /** Counts up through the public addresses that are handed out. */
  nextPublicIp: number;
  readonly today: {
    /** YYYY-MM-DD. */
    day: string;
    bought: number;
    reallocated: number;
  };
}

/** No addresses, nothing bought. */
export function emptyEipBook(): EipBook {
  return {
    eips: new Map(),
    bindings: new EipBindings(),
    nextTask: 10_000_001,
    nextPublicIp: 0,
    today: { day: '', bought: 0, reallocated: 0 },
  };
}

/** The EIP that is bound, or being bound, to this private address of this ENI. */
export function eipOn(book: EipBook, eniId: string, privateIp: string): EipRecord | undefined {
  const addressId = book.bindings.get(`${eniId}/${privateIp}`);
  return addressId === undefined ? undefined : book.eips.get(addressId);
}

/** Reserves the private address for the EIP. */
export function bindEip(book: EipBook, eip: EipRecord, binding: EipBinding): void {
  eip.binding = binding;
  book.bindings.set(`${binding.eniId}/${binding.privateIp}`, eip.addressId);
}

/** Frees the private address. */
export function unbindEip(book: EipBook, eip: EipRecord): void {
  const { binding } = eip;
  eip.binding = null;
  if (binding !== null) book.bindings.delete(`${binding.eniId}/${binding.privateIp}`);
}

/** Public addresses from the documentation ranges 203.0.113.0/24, 198.51.100.0/24, 192.0.2.0/24, then 198.18.0.0/15 (for benchmarks). */
export function nextPublicIp(book: EipBook): string {
  const index = book.nextPublicIp;
  book.nextPublicIp += 1;
  const [block, host] = [Math.floor(index / 254), (index % 254) + 1];
  const small = ['203.0.113', '198.51.100', '192.0.2'][block];
  if (small !== undefined) return `${small}.${host}`;
  const rest = block - 3;
  return `198.${18 + (Math.floor(rest / 256) % 2)}.${rest % 256}.${host}`;
}
