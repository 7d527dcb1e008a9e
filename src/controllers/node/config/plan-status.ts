// ipamd's part of a nec's status, from what is known of the node. Pure.
import type { NodeEniConfig, NodeEniConfigStatus } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { setCondition } from '../../../kube/conditions.ts';
import type { Condition } from '../../../kube/types.ts';
import { eniIndex } from '../../../planning/eni-index.ts';
import { planSubEniQuota } from '../../../planning/sub-eni-quota.ts';
import type { InstanceFacts } from './facts.ts';

/** ipamd's part; `node` is the agent's. */
export type OwnNecStatus = Required<Pick<NodeEniConfigStatus, 'subENI' | 'eniInfos' | 'conditions'>>;

export interface NecFacts {
  readonly nec: NodeEniConfig;
  readonly instanceId: string;
  /** Absent: the cloud knows no such instance. */
  readonly known: InstanceFacts | undefined;
  readonly trunk: VpcEni | undefined;
  readonly trunkingEnabled: boolean;
  /** The cloud's words while the account may not make sub-ENI calls. */
  readonly refusal: string | undefined;
  readonly now: Date;
}

/** Quota with its reason, the trunk with its index, and the Ready condition. */
export function planNecStatus(facts: NecFacts): OwnNecStatus {
  const { nec, known, refusal } = facts;
  const subENI = planSubEniQuota({
    trunkingEnabled: facts.trunkingEnabled,
    callsRefused: refusal !== undefined,
    ...(known === undefined
      ? {}
      : {
          instanceType: known.instance.instanceType,
          cpu: known.instance.cpu,
          cloudQuantity: known.limits.subEniQuantity,
        }),
    ...(nec.spec.maxSubENI === undefined ? {} : { override: nec.spec.maxSubENI }),
  });
  const before = (nec.status?.conditions ?? []) as Condition[];
  return {
    subENI,
    eniInfos: eniInfosOf(nec, facts.trunk),
    conditions: [...setCondition(before, readyCondition(facts, subENI.reason), facts.now)],
  };
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

/** The trunk with an index that stays; nothing while it is not attached. */
function eniInfosOf(nec: NodeEniConfig, trunk: VpcEni | undefined): OwnNecStatus['eniInfos'] {
  const eni = trunk?.status?.eni;
  if (eni === undefined || trunk?.status?.phase !== 'Ready') return [];
  return [
    {
      eniID: eni.eniID,
      index: eniIndex(nec.status?.eniInfos ?? [], eni.eniID),
      mac: eni.macAddress,
      primaryIP: eni.addresses[0]?.ip ?? '',
      subnetID: eni.subnetID,
      subnetCIDR: eni.subnetCIDR,
      gateway: eni.gateway,
      securityGroups: eni.securityGroups,
      trunk: true,
    },
  ];
}
