// EipCloud on the Tencent Cloud API 3.0: the seven actions, their parameters and their answers.
import { z } from 'zod';
import type { ApiCaller } from './api-caller.ts';
import type { PageOf } from './decode.ts';
import { type Eip, EIP_ID, type EipCloud, type EipFilter, type EipQuota, type EipStatus } from './eip-calls.ts';
import { cloudErrors, isCloudError } from './errors.ts';
import { type Filter, findByFilter, findByIds, listAll, type ListingKind } from './listing.ts';
import { allocateAddressesParameters } from './request-bytes.ts';
import type { CloudCall } from './vpc-cloud.ts';

const STATES = ['CREATING', 'UNBIND', 'BINDING', 'BIND', 'BIND_ENI', 'UNBINDING', 'OFFLINING'] as const;

const status = z.enum([...STATES, 'BUSY'] satisfies EipStatus[]).catch('BUSY');

/** Unset texts come as null or empty. */
const text = z
  .string()
  .nullish()
  .transform((value) => (value == null || value === '' ? undefined : value));

const address = z
  .object({
    AddressId: z.string(),
    AddressName: text,
    AddressStatus: status,
    AddressIp: text,
    InstanceId: text,
    NetworkInterfaceId: text,
    PrivateAddressIp: text,
    IsBlocked: z.boolean().nullish(),
    InternetServiceProvider: text,
    Bandwidth: z.number().nullish(),
    InternetChargeType: text,
    TagSet: z.array(z.object({ Key: z.string(), Value: z.string() })).nullish(),
    CreatedTime: text,
  })
  .transform((raw): Eip => {
    const { NetworkInterfaceId: eniId, PrivateAddressIp: privateIp, InstanceId: instanceId } = raw;
    const isBound = eniId !== undefined || privateIp !== undefined || instanceId !== undefined;
    return {
      eipId: raw.AddressId,
      name: raw.AddressName ?? '',
      ip: raw.AddressIp ?? '',
      status: raw.AddressStatus,
      ...(isBound
        ? {
            binding: {
              ...(eniId === undefined ? {} : { eniId }),
              ...(privateIp === undefined ? {} : { privateIp }),
              ...(instanceId === undefined ? {} : { instanceId }),
            },
          }
        : {}),
      ...(raw.Bandwidth == null ? {} : { bandwidth: raw.Bandwidth }),
      isp: raw.InternetServiceProvider ?? '',
      ...(raw.InternetChargeType === undefined ? {} : { chargeType: raw.InternetChargeType }),
      blocked: raw.IsBlocked ?? false,
      tags: (raw.TagSet ?? []).map((tag) => ({ key: tag.Key, value: tag.Value })),
      createdAt: raw.CreatedTime ?? '',
    };
  });

export const eipsPage = z
  .object({ TotalCount: z.number(), AddressSet: z.array(address).nullable() })
  .transform((raw): PageOf<Eip> => ({ items: raw.AddressSet ?? [], total: raw.TotalCount }));

const allocated = z
  .object({ AddressSet: z.tuple([z.string().min(1)]), TaskId: z.string() })
  .transform((raw) => ({ eipId: raw.AddressSet[0], taskId: raw.TaskId }));

const startedEipTask = z.object({ TaskId: z.string() }).transform((raw) => ({ taskId: raw.TaskId }));

const quotas = z
  .object({
    QuotaSet: z.array(z.object({ QuotaId: z.string(), QuotaCurrent: z.number(), QuotaLimit: z.number() })),
  })
  .transform(({ QuotaSet }) => {
    const find = (id: string): EipQuota | undefined => {
      const row = QuotaSet.find(({ QuotaId }) => QuotaId === id);
      return row === undefined ? undefined : { used: row.QuotaCurrent, limit: row.QuotaLimit };
    };
    const [total, daily] = [find('TOTAL_EIP_QUOTA'), find('DAILY_EIP_APPLY')];
    return { ...(total === undefined ? {} : { total }), ...(daily === undefined ? {} : { daily }) };
  });

const eipListing: ListingKind<Eip> = {
  service: 'vpc',
  action: 'DescribeAddresses',
  answer: eipsPage,
  idOf: (eip) => eip.eipId,
  idsParameter: 'AddressIds',
  idFilter: 'address-id',
  pageAsText: false,
  filterValues: 100,
};

/** Over a caller that signs, paces and fences. */
export function eipCalls(caller: ApiCaller): EipCloud {
  const start = (action: string, body: object, call: CloudCall | undefined): Promise<{ readonly taskId: string }> =>
    caller.mutate({ service: 'vpc', action, body, answer: startedEipTask }, call);
  return {
    allocateEip: (request, call) =>
      caller.mutate(
        {
          service: 'vpc',
          action: 'AllocateAddresses',
          body: allocateAddressesParameters(request),
          answer: allocated,
        },
        call,
      ),
    associateEip: ({ eipId, eniId, privateIp }, call) =>
      start('AssociateAddress', { AddressId: eipId, NetworkInterfaceId: eniId, PrivateIpAddress: privateIp }, call),
    disassociateEip: (eipId, call) => start('DisassociateAddress', { AddressId: eipId }, call),
    releaseEip: async (eipId, call) => {
      try {
        await start('ReleaseAddresses', { AddressIds: [eipId] }, call);
      } catch (error) {
        if (!isCloudError(error, cloudErrors.notFound)) throw error;
      }
    },
    modifyEipBandwidth: ({ eipId, bandwidth }, call) =>
      start('ModifyAddressesBandwidth', { AddressIds: [eipId], InternetMaxBandwidthOut: bandwidth }, call),
    describeEips: (filter, call) => describeEips(caller, filter, call),
    describeEipQuotas: (call) =>
      caller.read({ service: 'vpc', action: 'DescribeAddressQuota', body: {}, answer: quotas }, call),
  };
}

function describeEips(
  caller: ApiCaller,
  { eipIds, name, tags = [], eniId, addresses }: EipFilter,
  call: CloudCall | undefined,
): Promise<readonly Eip[]> {
  const others: Filter[] = [
    ...(name === undefined ? [] : [{ Name: 'address-name', Values: [name] }]),
    ...(eniId === undefined ? [] : [{ Name: 'network-interface-id', Values: [eniId] }]),
    ...tags.map((tag) => ({ Name: `tag:${tag.key}`, Values: [tag.value] })),
  ];
  // A malformed id fails the whole call; it is nobody's.
  const ids = eipIds?.filter((id) => EIP_ID.test(id));
  if (ids !== undefined && others.length === 0 && addresses === undefined)
    return findByIds(caller, eipListing, ids, call);
  if (ids !== undefined) {
    const more = addresses === undefined ? others : [...others, { Name: 'address-ip', Values: addresses }];
    return findByFilter(caller, eipListing, eipListing.idFilter, ids, more, call);
  }
  if (addresses !== undefined) return findByFilter(caller, eipListing, 'address-ip', addresses, others, call);
  return listAll(caller, eipListing, others, call);
}
