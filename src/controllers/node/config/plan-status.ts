// ipamd's part of a nec's status, from what is known of the node. Pure.
import type { EniInfo, NodeEniConfig, NodeEniConfigStatus } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { Condition } from '../../../kube/types.ts';
import { annotations } from '../../../api/keys.ts';
import { planDirectEniQuota } from '../../../planning/direct-eni-quota.ts';
import { eniIndex } from '../../../planning/eni-index.ts';
import { planNodeEipQuota } from '../../../planning/node-eip-quota.ts';
import { planSubEniQuota, type Quota } from '../../../planning/sub-eni-quota.ts';
import { necConditions } from '../nec-status.ts';
import type { InstanceFacts } from './facts.ts';
import type { RouteEniPlan } from './plan-route-eni.ts';

/** What is planned here; the pool and the node's groups have fields of their own. */
export interface ConfigStatus {
  readonly subENI: Quota;
  readonly directENI: Quota;
  readonly eip: Quota;
  readonly eniInfos: EniInfo[];
  readonly conditions: Condition[];
  /** Undefined in static mode, where ordinary Pods do not share addresses. */
  readonly routeENI: NodeEniConfigStatus['routeENI'];
}

export interface NecFacts {
  readonly nec: NodeEniConfig;
  readonly instanceId: string;
  /** Absent: the cloud knows no such instance. */
  readonly known: InstanceFacts | undefined;
  /** Of the node and its instance, trunk and shared ones, also those that are on their way out. */
  readonly enis: readonly VpcEni[];
  readonly routeEni: RouteEniPlan | undefined;
  readonly trunkingEnabled: boolean;
  /** The cloud's words while the account may not make sub-ENI calls. */
  readonly refusal: string | undefined;
  readonly now: Date;
}

/** Quotas with their reasons, the ENIs with their indexes, and the conditions Ready and PoolSettings. */
export function planNecStatus(facts: NecFacts): ConfigStatus {
  const { nec, known, refusal } = facts;
  const subENI = planSubEniQuota({
    trunkingEnabled: facts.trunkingEnabled,
    callsRefused: refusal !== undefined,
    ...(known === undefined
      ? {}
      : {
          instanceType: known.instance.instanceType,
          cpu: known.instance.cpu,
          ...(known.limits === 'unavailable' ? {} : { cloudQuantity: known.limits.subEniQuantity }),
        }),
    ...(nec.spec.maxSubENI === undefined ? {} : { override: nec.spec.maxSubENI }),
  });
  return {
    subENI,
    directENI: planDirectEniQuota({
      limits: known?.limits,
      maxAttach: nec.metadata.annotations?.[annotations.directEniMaxAttach],
    }),
    eip: planNodeEipQuota({ cpu: known?.instance.cpu, override: nec.spec.maxEIP }),
    eniInfos: eniInfosOf(nec, facts.enis),
    routeENI: facts.routeEni?.routeENI,
    conditions: necConditions(nec, [readyCondition(facts, subENI.reason), ...settingsCondition(facts)], facts.now),
  };
}

/** Condition type of a nec: whether what users wrote about its pool is in force. */
export const POOL_SETTINGS = 'PoolSettings';

/** Absent as long as nothing was ever wrong. */
function settingsCondition({ nec, routeEni }: NecFacts): Omit<Condition, 'lastTransitionTime'>[] {
  const type = POOL_SETTINGS;
  const [first, ...others] = routeEni?.problems ?? [];
  if (first !== undefined) {
    const message = `${[first, ...others].map((problem) => problem.message).join('; ')}; what was in force stays`;
    return [{ type, status: 'False', reason: first.reason, message }];
  }
  const wasWrong = nec.status?.conditions?.some((condition) => condition.type === type) === true;
  return wasWrong ? [{ type, status: 'True', reason: 'Accepted', message: 'targets and caps are in force' }] : [];
}

/** The fields of a nec that only the cloud knows; fields that users write are left alone. */
export function specFromCloud(
  instanceId: string,
  known: InstanceFacts | undefined,
): Pick<NodeEniConfig['spec'], 'instanceID' | 'zone' | 'instanceType'> {
  if (known === undefined) return { instanceID: instanceId };
  const { zone, instanceType } = known.instance;
  return { instanceID: instanceId, zone, instanceType };
}

function readyCondition(
  { known, refusal, instanceId }: NecFacts,
  quotaReason: string,
): Omit<Condition, 'lastTransitionTime'> {
  const type = 'Ready';
  if (known === undefined)
    return { type, status: 'False', reason: 'InstanceUnknown', message: `the cloud knows no instance ${instanceId}` };
  if (refusal !== undefined) return { type, status: 'False', reason: 'SubEniCallsRefused', message: refusal };
  return { type, status: 'True', reason: 'Configured', message: quotaReason };
}

/**
 * Attached ones. An ENI that was listed stays so, with what it waits for, until its object is gone: Pods that are wired through it depend on its
 * index, which nobody else may have meanwhile (DESIGN section 6, tables). So do those of an ENI that vanished: their agent still reports them.
 */
function eniInfosOf(nec: NodeEniConfig, enis: readonly VpcEni[]): EniInfo[] {
  const known = nec.status?.eniInfos ?? [];
  const ids = new Set(enis.map(({ status }) => status?.eni?.eniID));
  const vanished = known.filter(({ eniID }) => !ids.has(eniID));
  const kept = enis.some(hasStranded) ? vanished.map((info) => ({ ...info, pendingOperation: 'gone' })) : [];
  return enis.reduce<EniInfo[]>((infos, { metadata, spec, status }) => {
    const eni = status?.eni;
    const was = known.find((each) => each.eniID === eni?.eniID);
    const isLeaving = metadata.deletionTimestamp !== undefined || status?.phase === 'Deleting';
    const isAttached = status?.phase === 'Ready' && !isLeaving;
    if (eni === undefined || (!isAttached && was === undefined)) return infos;
    const others = infos.filter((info) => !known.some((each) => each.eniID === info.eniID));
    return [
      ...infos,
      {
        eniID: eni.eniID,
        index: eniIndex([...known, ...others], eni.eniID),
        mac: eni.macAddress,
        primaryIP: eni.addresses[0]?.ip ?? '',
        subnetID: eni.subnetID,
        subnetCIDR: eni.subnetCIDR,
        gateway: eni.gateway,
        securityGroups: eni.securityGroups,
        ...(spec.type === 'Trunk' ? { trunk: true } : {}),
        ...(isAttached ? {} : { pendingOperation: isLeaving ? 'detach' : 'attach' }),
      },
    ];
  }, kept);
}

/** Pods have addresses that neither the ENI nor its pool has any more. */
function hasStranded({ status }: VpcEni): boolean {
  const has = new Set([...(status?.eni?.addresses ?? []), ...(status?.pool?.addresses ?? [])].map(({ ip }) => ip));
  return status?.use?.inUse.some(({ ip }) => !has.has(ip)) === true;
}
