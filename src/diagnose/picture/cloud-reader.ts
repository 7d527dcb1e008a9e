// What diagnosis reads of the cloud: the calls of VpcCloud that change nothing, and the listings that no controller needs.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { createApiCaller } from '../../cloud/api-caller.ts';
import { createCallBudget } from '../../cloud/budget.ts';
import type { CredentialSource } from '../../cloud/credentials.ts';
import { listAll, type ListingKind } from '../../cloud/listing.ts';
import { noCloudMetrics } from '../../cloud/metrics.ts';
import { createTencentCloud } from '../../cloud/tencent-cloud.ts';
import { createSdkTransport, type ServiceName } from '../../cloud/transport.ts';
import type { VpcCloud } from '../../cloud/vpc-cloud.ts';
import {
  addressTemplateGroupsPage,
  addressTemplatesPage,
  eipsPage,
  type NamedList,
  natGatewaysPage,
  routeTablesPage,
  serviceTemplateGroupsPage,
  serviceTemplatesPage,
  vpcsPage,
} from './cloud-decode.ts';
import type { CloudEip, CloudNatGateway, CloudRouteTable } from './picture.ts';

/** Parameter templates as the API lists them: entries of templates, and templates of groups. */
export interface TemplateLists {
  readonly templates: readonly NamedList[];
  readonly groups: readonly NamedList[];
}

/** Reads alone; every method throws CloudError. */
export interface CloudReader
  extends Pick<
    VpcCloud,
    | 'describeInstances'
    | 'describeSubnets'
    | 'describeEnis'
    | 'describeSecurityGroups'
    | 'describeSecurityGroupPolicies'
    | 'describeEniLimits'
  > {
  /** CIDRs of the VPC, the main one first. */
  vpcCidrs(vpcId: string): Promise<readonly string[]>;
  routeTables(vpcId: string): Promise<readonly CloudRouteTable[]>;
  natGateways(vpcId: string): Promise<readonly CloudNatGateway[]>;
  /** All of the account in this region. */
  eips(): Promise<readonly CloudEip[]>;
  addressTemplates(): Promise<TemplateLists>;
  serviceTemplates(): Promise<TemplateLists>;
  /** Closes idle connections. */
  close(): void;
}

export interface CloudReaderOptions {
  readonly credentials: CredentialSource;
  readonly region: string;
  /** Base URLs; default the public endpoints. */
  readonly endpoints?: { readonly [service in ServiceName]?: string };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly callTimeoutMs?: number;
  readonly random?: () => number;
}

const CALL_TIMEOUT_MS = 10_000;

/** Lazy: nothing is sent before the first call. Actions of the facts' sections 7, 11, 12 and 13. */
export function createCloudReader(options: CloudReaderOptions): CloudReader {
  const { clock, callTimeoutMs = CALL_TIMEOUT_MS, random = Math.random } = options;
  const endpoints = options.endpoints === undefined ? {} : { endpoints: options.endpoints };
  const cloud = createTencentCloud({ ...options, callTimeoutMs, random });
  const transport = createSdkTransport({ region: options.region, callTimeoutMs, ...endpoints });
  const caller = createApiCaller({
    clock,
    credentials: options.credentials,
    transport,
    budget: createCallBudget({ clock }),
    metrics: noCloudMetrics,
    callTimeoutMs,
    random,
  });
  const inVpc = (vpcId: string) => [{ Name: 'vpc-id', Values: [vpcId] }];
  const all = <T>(kind: ListingKind<T>, filters: { Name: string; Values: string[] }[] = []): Promise<readonly T[]> =>
    listAll(caller, kind, filters, undefined);
  return {
    describeInstances: (filter, call) => cloud.describeInstances(filter, call),
    describeSubnets: (ids, call) => cloud.describeSubnets(ids, call),
    describeEnis: (filter, call) => cloud.describeEnis(filter, call),
    describeSecurityGroups: (ids, call) => cloud.describeSecurityGroups(ids, call),
    describeSecurityGroupPolicies: (id, call) => cloud.describeSecurityGroupPolicies(id, call),
    describeEniLimits: (id, call) => cloud.describeEniLimits(id, call),
    vpcCidrs: async (vpcId) => (await all(vpcCidrListing, inVpc(vpcId))).flatMap(({ values }) => values),
    routeTables: (vpcId) => all(routeTableListing, inVpc(vpcId)),
    natGateways: (vpcId) => all(natGatewayListing, inVpc(vpcId)),
    eips: () => all(eipListing),
    addressTemplates: async () => ({
      templates: await all(templateListing('DescribeAddressTemplates', addressTemplatesPage)),
      groups: await all(templateListing('DescribeAddressTemplateGroups', addressTemplateGroupsPage)),
    }),
    serviceTemplates: async () => ({
      templates: await all(templateListing('DescribeServiceTemplates', serviceTemplatesPage)),
      groups: await all(templateListing('DescribeServiceTemplateGroups', serviceTemplateGroupsPage)),
    }),
    close: () => {
      cloud.close();
      transport.close();
    },
  };
}

const vpcListing = { service: 'vpc', filterValues: 5 } as const;

const vpcCidrListing: ListingKind<NamedList> = {
  ...vpcListing,
  action: 'DescribeVpcs',
  answer: vpcsPage,
  idOf: ({ id }) => id,
  idsParameter: 'VpcIds',
  idFilter: 'vpc-id',
  pageAsText: true,
};

const routeTableListing: ListingKind<CloudRouteTable> = {
  ...vpcListing,
  action: 'DescribeRouteTables',
  answer: routeTablesPage,
  idOf: (table) => table.routeTableId,
  idsParameter: 'RouteTableIds',
  idFilter: 'route-table-id',
  pageAsText: true,
};

const natGatewayListing: ListingKind<CloudNatGateway> = {
  ...vpcListing,
  action: 'DescribeNatGateways',
  answer: natGatewaysPage,
  idOf: (nat) => nat.natGatewayId,
  idsParameter: 'NatGatewayIds',
  idFilter: 'nat-gateway-id',
  pageAsText: false,
};

const eipListing: ListingKind<CloudEip> = {
  ...vpcListing,
  action: 'DescribeAddresses',
  answer: eipsPage,
  idOf: (eip) => eip.addressId,
  idsParameter: 'AddressIds',
  idFilter: 'address-id',
  pageAsText: false,
};

/** GUESS of the facts: templates are listed with texts for pages, as groups are. */
function templateListing(action: string, answer: ListingKind<NamedList>['answer']): ListingKind<NamedList> {
  return {
    ...vpcListing,
    action,
    answer,
    idOf: (list) => list.id,
    idsParameter: '',
    idFilter: '',
    pageAsText: true,
  };
}
