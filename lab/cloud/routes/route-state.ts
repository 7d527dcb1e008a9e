// Route tables, their routes and NAT gateways as records.
import type { TagRecord } from '../state.ts';

export interface RouteRecord {
  readonly routeId: number;
  /** `rti-` and eight characters. */
  readonly routeItemId: string;
  readonly destination: string;
  readonly gatewayType: string;
  readonly gatewayId: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly createdAt: Date;
}

export interface RouteTableRecord {
  readonly routeTableId: string;
  readonly vpcId: string;
  name: string;
  /** The default one of its VPC, which subnets without another use. */
  readonly main: boolean;
  routes: readonly RouteRecord[];
  tags: readonly TagRecord[];
  readonly createdAt: Date;
}

export interface NatRecord {
  readonly natGatewayId: string;
  readonly vpcId: string;
  name: string;
  state: 'PENDING' | 'AVAILABLE' | 'UPDATING' | 'DELETING';
  /** Ids of EIPs; their records belong to the EIP actions. */
  addressIds: readonly string[];
  maxConcurrentConnection: number;
  maxBandwidthOut: number;
  readonly zone: string;
  readonly subnetId: string;
  tags: readonly TagRecord[];
  readonly createdAt: Date;
}

export interface RouteBook {
  readonly tables: Map<string, RouteTableRecord>;
  readonly nats: Map<string, NatRecord>;
  /** Subnet to route table, where it is not the default one. */
  readonly associations: Map<string, string>;
  nextRouteId: number;
}

/** No table and no gateway. */
export function emptyRouteBook(): RouteBook {
  return { tables: new Map(), nats: new Map(), associations: new Map(), nextRouteId: 1 };
}
