// What to do about the static addresses of one node, given its ENIs, the addresses held, and the claims that wait here. Pure.
import { UNASSIGN_BATCH } from './pool-plan.ts';

/** AssignPrivateIpAddresses names no more at once (facts/tencent-cloud-api.md, section 8). */
export const ASSIGN_BATCH = 10;

/** An ENI of the node, as recorded and as the cloud showed it. */
export interface StaticEni {
  /** Name of the VpcENI. */
  readonly name: string;
  /** Absent while the ENI is not made and its subnet is not chosen. */
  readonly subnetId: string | undefined;
  /** Attached and settled. */
  readonly ready: boolean;
  /** A recorded call has not ended: no other one is made to this ENI. */
  readonly busy: boolean;
  /** Nothing can be bound to it for now: its subnet rests, or it is on its way out. */
  readonly closed: boolean;
  /** Why the cloud would not make it; it is asked again after a while. */
  readonly obstacle?: { readonly reason: string; readonly message: string };
  /** Most secondary addresses it may have. */
  readonly cap: number;
  /** Secondary addresses by the last describe; absent in doubt. */
  readonly seen: readonly { readonly ip: string; readonly settled: boolean }[] | undefined;
}

/** A VpcIP that is on an ENI of this node, or that a claim of this node holds. */
export interface HeldAddress {
  readonly ip: string;
  readonly subnetId: string;
  readonly phase: 'Attaching' | 'Assigned' | 'Detaching' | 'Unassigned' | 'Failed' | undefined;
  /** VpcENI that it is, or is about to be, on. */
  readonly eni: string | undefined;
  readonly podUid: string | undefined;
  /** The claim that holds it and is bound to a Pod of this node; absent: nobody here wants it. */
  readonly claim: string | undefined;
  /** Nothing can be using it for `podUid` any more (planRelease), or it has none. */
  readonly over: boolean;
}

/** A claim whose Pod is bound to this node. */
export interface NodeClaim {
  /** namespace/name. */
  readonly key: string;
  readonly podUid: string;
  /** Address wished for, and the container subnet it is of. */
  readonly nominated?: { readonly ip: string; readonly subnetId: string };
  /** Subnets that a new address may be of: those it names, else those that are for all. */
  readonly subnetIds: readonly string[];
  /** What its status names, when no VpcIP of it exists any more. */
  readonly had?: string;
}

export interface StaticPlanInput {
  /** In the order in which they are filled. */
  readonly enis: readonly StaticEni[];
  readonly held: readonly HeldAddress[];
  /** In the order in which their Pods came. */
  readonly claims: readonly NodeClaim[];
  readonly maxENI: number;
  readonly maxIPPerENI: number;
  /** Addresses that the cloud refused lately: not asked for now, or only alone, so that one does not hold up the others. */
  readonly refused: ReadonlyMap<string, 'later' | 'alone'>;
  /** Addresses that living Pods of the node report. */
  readonly living: ReadonlySet<string>;
  /** Zone of the node's subnets, for the words. */
  readonly subnetsOfZone: readonly string[];
}

export type StaticAction =
  | { readonly kind: 'look'; readonly eni: string }
  /** It is on the ENI and no VpcIP tells of it: the claim gets it. */
  | { readonly kind: 'adopt'; readonly eni: string; readonly ip: string; readonly claim: string }
  /** It is on the ENI: the Pod of the claim may use it. */
  | { readonly kind: 'serve'; readonly eni: string; readonly ip: string; readonly claim: string }
  /** It is on no ENI any more. */
  | { readonly kind: 'off'; readonly ip: string }
  | { readonly kind: 'assign-these'; readonly eni: string; readonly addresses: readonly string[] }
  | { readonly kind: 'assign-new'; readonly eni: string; readonly count: number }
  | { readonly kind: 'unassign'; readonly eni: string; readonly addresses: readonly string[] }
  | { readonly kind: 'add-eni'; readonly subnetId: string | undefined }
  /** Why the Pod of the claim waits for something other than the next answer. */
  | { readonly kind: 'blocked'; readonly claim: string; readonly reason: string; readonly message: string };

/** `WaitingForRelease` ends by itself; the others are told as Warnings. */
export type BlockedReason = 'WaitingForRelease' | 'ZoneMismatch' | 'InsufficientIPOrENI' | 'SubnetExhausted';

/** Deterministic. At most one of assign-these, assign-new and unassign per ENI. */
export function planStatic(input: StaticPlanInput): readonly StaticAction[] {
  const plan = new StaticPlanner(input);
  plan.look();
  plan.settleHeld();
  plan.settleUnknown();
  plan.bindKnown();
  plan.bindNew();
  plan.unassign();
  return plan.actions;
}

interface Wish {
  readonly ip: string;
  readonly subnetId: string;
  readonly claim: string;
}

class StaticPlanner {
  readonly actions: StaticAction[] = [];
  private readonly input: StaticPlanInput;
  private readonly shown = new Map<string, { readonly eni: string; readonly settled: boolean }>();
  private readonly room = new Map<string, number>();
  private readonly called = new Set<string>();
  private readonly surplus = new Map<string, string[]>();
  private readonly wishes: Wish[] = [];
  private readonly served = new Set<string>();
  private readonly added: (string | undefined)[] = [];

  constructor(input: StaticPlanInput) {
    this.input = input;
    for (const eni of input.enis) {
      for (const { ip, settled } of eni.seen ?? []) this.shown.set(ip, { eni: eni.name, settled });
      this.room.set(eni.name, eni.closed ? 0 : Math.max(0, eni.cap - (eni.seen?.length ?? 0)));
    }
  }

  look(): void {
    for (const eni of this.input.enis)
      if (eni.ready && !eni.busy && eni.seen === undefined) this.actions.push({ kind: 'look', eni: eni.name });
  }

  /** Brings each VpcIP in line with what the cloud shows and with who wants it. */
  settleHeld(): void {
    for (const held of this.input.held) {
      const claim = this.input.claims.find(({ key }) => key === held.claim);
      const on = this.shown.get(held.ip);
      if (claim !== undefined) this.served.add(claim.key);
      if (on === undefined) this.settleAbsent(held, claim);
      else if (on.settled) this.settlePresent(held, claim, on.eni);
    }
  }

  private settlePresent(held: HeldAddress, claim: NodeClaim | undefined, eni: string): void {
    const { ip } = held;
    if (claim === undefined) {
      if (held.over) this.give(eni, ip);
      return;
    }
    if (held.podUid !== claim.podUid && !held.over) return this.waitForRelease(held, claim);
    if (held.phase !== 'Assigned' || held.podUid !== claim.podUid || held.eni !== eni)
      this.actions.push({ kind: 'serve', eni, ip, claim: claim.key });
  }

  private settleAbsent(held: HeldAddress, claim: NodeClaim | undefined): void {
    const { ip, phase } = held;
    const own = this.input.enis.find(({ name }) => name === held.eni);
    const isKnownAbsent = own !== undefined && own.ready && !own.busy && own.seen !== undefined;
    const isFree = phase === 'Unassigned' || phase === 'Failed' || phase === undefined;
    if (claim === undefined) {
      if (isKnownAbsent && !isFree) this.actions.push({ kind: 'off', ip });
      return;
    }
    if (held.podUid !== undefined && held.podUid !== claim.podUid && !held.over)
      return this.waitForRelease(held, claim);
    // Elsewhere, or on its way: its own node gives it back first.
    if (!isFree && !isKnownAbsent) {
      if (own === undefined) this.waitForRelease(held, claim);
      return;
    }
    this.wishes.push({ ip, subnetId: held.subnetId, claim: claim.key });
  }

  private waitForRelease({ ip }: HeldAddress, { key }: NodeClaim): void {
    const message = `${ip} is not released by the former Pod yet: its node agent has not reported it torn down, and the instance is not confirmed gone or stopped`;
    this.blocked(key, 'WaitingForRelease', message);
  }

  /** What a lost reply or a new answer left: whoever waits gets it, those first who name it, and what nobody waits for is given back. */
  settleUnknown(): void {
    const held = new Set(this.input.held.map(({ ip }) => ip));
    const unknown = [...this.shown].filter(([ip, { settled }]) => settled && !held.has(ip));
    const names = ({ had, nominated }: NodeClaim, ip: string): boolean => had === ip || nominated?.ip === ip;
    const rest = unknown.filter(([ip, { eni }]) => !this.adopt(eni, ip, (claim) => names(claim, ip)));
    for (const [ip, { eni }] of rest) {
      const subnetId = this.eni(eni)?.subnetId ?? '';
      const takes = (claim: NodeClaim): boolean => claim.nominated === undefined && claim.subnetIds.includes(subnetId);
      if (!this.adopt(eni, ip, takes) && !this.input.living.has(ip)) this.give(eni, ip);
    }
  }

  private adopt(eni: string, ip: string, takes: (claim: NodeClaim) => boolean): boolean {
    const claim = this.input.claims.find((each) => !this.served.has(each.key) && takes(each));
    if (claim === undefined) return false;
    this.served.add(claim.key);
    this.actions.push({ kind: 'adopt', eni, ip, claim: claim.key });
    return true;
  }

  /** Kept and nominated addresses go where their subnet is. */
  bindKnown(): void {
    for (const { key, nominated } of this.input.claims)
      if (nominated !== undefined && !this.served.has(key)) this.wishes.push({ ...nominated, claim: key });
    const perEni = new Map<string, string[]>();
    for (const wish of this.wishes) {
      this.served.add(wish.claim);
      if (this.input.refused.get(wish.ip) === 'later') continue;
      const eni = this.eniFor([wish.subnetId]);
      if (eni === undefined) this.lackEni([wish.claim], [wish.subnetId], `${wish.ip} of ${wish.subnetId}`);
      else perEni.set(eni.name, [...(perEni.get(eni.name) ?? []), wish.ip]);
      this.waitForEni(wish.claim, eni);
    }
    for (const [name, addresses] of perEni) {
      const alone = addresses.find((ip) => this.input.refused.get(ip) === 'alone');
      const together = addresses.filter((ip) => !this.input.refused.has(ip));
      const batch = together.length > 0 ? together.slice(0, ASSIGN_BATCH) : alone === undefined ? [] : [alone];
      this.call(name, { kind: 'assign-these', eni: name, addresses: batch });
    }
  }

  bindNew(): void {
    const waiting = this.input.claims.filter(({ key }) => !this.served.has(key));
    const counts = new Map<string, number>();
    const lacking = new Map<string, NodeClaim[]>();
    for (const claim of waiting) {
      const eni = this.eniFor(claim.subnetIds);
      const key = claim.subnetIds.join();
      if (eni === undefined) lacking.set(key, [...(lacking.get(key) ?? []), claim]);
      else counts.set(eni.name, (counts.get(eni.name) ?? 0) + 1);
      this.waitForEni(claim.key, eni);
    }
    for (const [name, count] of counts) this.call(name, { kind: 'assign-new', eni: name, count });
    for (const claims of lacking.values())
      this.lackEni(
        claims.map(({ key }) => key),
        claims[0]?.subnetIds ?? [],
        'an address',
      );
  }

  /** Takes one place on the first ENI that has room, also on one that cannot take it this moment. */
  private eniFor(subnetIds: readonly string[]): StaticEni | undefined {
    const fits = (eni: StaticEni): boolean =>
      (this.room.get(eni.name) ?? 0) > 0 && (eni.subnetId === undefined || subnetIds.includes(eni.subnetId));
    const found = this.input.enis.find(fits);
    if (found !== undefined) this.room.set(found.name, (this.room.get(found.name) ?? 0) - 1);
    return found;
  }

  private waitForEni(claim: string, eni: StaticEni | undefined): void {
    if (eni?.obstacle !== undefined) this.actions.push({ kind: 'blocked', claim, ...eni.obstacle });
  }

  private lackEni(claims: readonly string[], subnetIds: readonly string[], what: string): void {
    const { enis, maxENI, maxIPPerENI, subnetsOfZone } = this.input;
    const usable = subnetIds.filter((id) => subnetsOfZone.includes(id));
    if (usable.length === 0) {
      const message = `${what} cannot be on this node: the node takes ENIs in ${subnetsOfZone.join(', ') || 'no subnet'}, wanted ${subnetIds.join(', ') || 'none'}`;
      for (const claim of claims) this.blocked(claim, 'ZoneMismatch', message);
      return;
    }
    const any = usable.length === subnetsOfZone.length;
    const subnetId = any ? undefined : usable[0];
    if (this.added.includes(subnetId)) return;
    if (enis.length + this.added.length < maxENI && maxIPPerENI > 0) {
      this.added.push(subnetId);
      this.actions.push({ kind: 'add-eni', subnetId });
      return;
    }
    const isDry = enis.some((eni) => eni.closed && usable.includes(eni.subnetId ?? ''));
    const message = isDry
      ? `the subnets of the node's ENIs (${usable.join(', ')}) have no free address, and it can have no further ENI`
      : `the node has no place for ${what}: ${enis.length} of ${maxENI} ENIs with at most ${maxIPPerENI} addresses each, none with room in ${usable.join(', ')}`;
    for (const claim of claims) this.blocked(claim, isDry ? 'SubnetExhausted' : 'InsufficientIPOrENI', message);
  }

  unassign(): void {
    for (const [eni, addresses] of this.surplus)
      this.call(eni, { kind: 'unassign', eni, addresses: addresses.slice(0, UNASSIGN_BATCH) });
  }

  private call(name: string, action: StaticAction): void {
    const eni = this.eni(name);
    const isEmpty = action.kind === 'assign-these' && action.addresses.length === 0;
    if (eni?.seen === undefined || !eni.ready || eni.busy || this.called.has(name) || isEmpty) return;
    this.called.add(name);
    this.actions.push(action);
  }

  private give(eni: string, ip: string): void {
    this.surplus.set(eni, [...(this.surplus.get(eni) ?? []), ip]);
  }

  private blocked(claim: string, reason: BlockedReason, message: string): void {
    this.actions.push({ kind: 'blocked', claim, reason, message });
  }

  private eni(name: string): StaticEni | undefined {
    return this.input.enis.find((each) => each.name === name);
  }
}
