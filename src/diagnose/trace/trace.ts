// What a trace is: the way of one flow as a list of hops, each with what decided, the verdict, and on failure the cause and what mends it.
import type { Node, Pod } from '../../kube/resources.ts';
import type { Direction } from '../../securitygroup/rule.ts';
import type { ServiceView } from '../picture/picture.ts';

/** What can be traced to or from. */
export type Place =
  | { readonly kind: 'pod'; readonly pod: Pod }
  | { readonly kind: 'node'; readonly node: Node }
  | { readonly kind: 'service'; readonly service: ServiceView }
  | { readonly kind: 'address'; readonly address: string }
  /** A name outside the cluster, whose address is not known here. */
  | { readonly kind: 'name'; readonly name: string };

export type FlowProtocol = 'TCP' | 'UDP' | 'ICMP';

export interface FlowQuery {
  readonly from: Place;
  readonly to: Place;
  readonly protocol: FlowProtocol;
  /** Of the destination as it is called; absent with ICMP. */
  readonly port?: number | undefined;
  /** The destination is called by its name, so that DNS has to work first. */
  readonly byName?: boolean | undefined;
  /** The name that it is called by, where `to` is the address that somebody resolved it to. */
  readonly calledAs?: string | undefined;
}

/** In the order of the way. */
export const hopPlaces = [
  'name',
  'service',
  'source-node',
  'snat',
  'source-groups',
  'vpc',
  'edge',
  'target-groups',
  'target-node',
  'target',
  'way-back',
] as const;
export type HopPlace = (typeof hopPlaces)[number];

/** `note`: said, and decides nothing. */
export type HopVerdict = 'pass' | 'drop' | 'refuse' | 'unknown' | 'note';

/** Where the knowledge is from: the cloud's API, the node's kernel as its agent reported it (or as a probe saw it), the Kubernetes API, or a rule of this program. */
export type Knowledge = 'cloud' | 'kernel' | 'cluster' | 'inferred';

/** The rule of a security group that decided. */
export interface DecidingRule {
  readonly groupId: string;
  readonly groupName: string;
  readonly direction: Direction;
  /** From 0, in the group's list of that direction, as the cloud counts. */
  readonly index: number;
  /** `ACCEPT TCP 80 from 10.0.0.0/16 (web)`. */
  readonly text: string;
}

export interface Hop {
  readonly where: HopPlace;
  readonly verdict: HopVerdict;
  readonly source: Knowledge;
  /** One sentence. */
  readonly text: string;
  /** `default-drop`: no rule of the groups matches. `no-group`: nothing is bound, nothing is filtered. */
  readonly rule?: DecidingRule | 'default-drop' | 'no-group' | undefined;
}

export const causeCodes = [
  'TargetGroupBlocks',
  'SourceGroupBlocks',
  'GroupDeleted',
  'DnsClosed',
  'EarlyDemux',
  'StrictSnat',
  'StrictIpvs',
  'StrictNodeLocalDns',
  'StrictLocalPolicy',
  'StrictHostPort',
  'StrictHairpin',
  'EipBypassedBySnat',
  'NatGatewayPreferred',
  'NoEndpoint',
  'WrongTargetPort',
  'ServicePortUnknown',
  'HostPortOff',
  'PodNotStarted',
  'NoWayOut',
  'NoWayIn',
  'NotThere',
] as const;
export type CauseCode = (typeof causeCodes)[number];

/** A command line, ready to be pasted into a shell. */
export interface Cure {
  readonly tool: 'tccli' | 'kubectl' | 'trunkline';
  readonly command: string;
  /** What it does, when that is not plain. */
  readonly note?: string | undefined;
}

export interface Cause {
  readonly code: CauseCode;
  /** One sentence: what is in the way, and what the caller sees (a time-out, a refusal, another source address). */
  readonly text: string;
  /** Any one of them mends it; the first is the recommended one. */
  readonly cures: readonly Cure[];
  /** Where a person has to look or to decide: what to type next, in this order. */
  readonly next?: readonly Cure[] | undefined;
}

/** `refused`: an answer comes at once, and it is no. `dropped`: nothing comes, and the caller times out. */
export type TraceVerdict = 'delivered' | 'dropped' | 'refused' | 'unknown';

/** An end of the flow as it was found. */
export interface TraceEnd {
  /** `Pod default/a`, `node 10.0.1.2`, `Service default/web`, `192.0.2.1`. */
  readonly name: string;
  readonly address?: string | undefined;
  readonly node?: string | undefined;
  /** How it meets the VPC. */
  readonly network?: string | undefined;
  /** ENI and its groups in order of priority. */
  readonly eniId?: string | undefined;
  readonly groups?: readonly string[] | undefined;
}

export interface Trace {
  readonly from: TraceEnd;
  readonly to: TraceEnd;
  /** What is called, where that is another thing than `to`: a Service. */
  readonly called?: string | undefined;
  readonly protocol: FlowProtocol;
  readonly port?: number | undefined;
  readonly verdict: TraceVerdict;
  readonly hops: readonly Hop[];
  /** Where packets end up behind Services: address and port. */
  readonly target?: { readonly address: string; readonly port?: number | undefined } | undefined;
  /** The address that the target's side sees; absent when nothing gets there or when it is not known. */
  readonly sourceSeen?: string | undefined;
  /** Why it is not delivered, or, delivered, why not as was meant (an EIP that is not used). */
  readonly cause?: Cause | undefined;
  /** What could not be known, and why. */
  readonly unknowns: readonly string[];
}
