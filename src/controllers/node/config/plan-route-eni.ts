// The shared addresses that a node may have and should have ready: limits, caps and targets as they come into force. Pure.
import type { NodeEniConfig, NodeEniConfigStatus } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { checkCaps, type EniIpQuota, planEniIpQuota } from '../../../planning/eni-ip-quota.ts';
import { readCaps, readDesired, readWarmTargets, type WarmTargets } from '../../../planning/warm-targets.ts';
import type { InstanceFacts } from './facts.ts';

export interface RouteEniFacts {
  readonly nec: NodeEniConfig;
  /** Absent: the cloud knows no such instance. */
  readonly known: InstanceFacts | undefined;
  /** Defaults of new nodes, for a nec without annotations. */
  readonly defaults: WarmTargets;
  readonly nodeAnnotations: Readonly<Record<string, string>>;
  readonly enis: readonly VpcEni[];
}

export interface RouteEniPlan {
  readonly routeENI: NonNullable<NodeEniConfigStatus['routeENI']>;
  /** What was not accepted, for people; what was in force stays. */
  readonly problems: readonly { readonly reason: string; readonly message: string }[];
  /** A change of the targets that was accepted. */
  readonly accepted?: string;
}

type Problem = RouteEniPlan['problems'][number];

/** The figures of use stay as they are: the pool writes them. */
export function planRouteEni(facts: RouteEniFacts): RouteEniPlan {
  const { nec } = facts;
  const before = nec.status?.routeENI;
  const problems: Problem[] = [];
  const quota = quotaInForce(facts, problems);
  const targets = targetsInForce(facts, problems);
  const desired = readDesired(nec.metadata.name, facts.nodeAnnotations);
  if (!desired.ok) problems.push({ reason: 'InvalidDesiredNumber', message: desired.problem });
  const changed =
    before !== undefined && (before.minWarmTarget !== targets.min || before.maxWarmTarget !== targets.max);
  const accepted = `min ${before?.minWarmTarget ?? 0} -> ${targets.min}, max ${before?.maxWarmTarget ?? 0} -> ${targets.max}`;
  return {
    routeENI: {
      quota: quota.quota,
      reason: quota.reason,
      maxENI: quota.maxENI,
      maxIPPerENI: quota.maxIPPerENI,
      minWarmTarget: targets.min,
      maxWarmTarget: targets.max,
      bound: before?.bound ?? 0,
      pods: before?.pods ?? 0,
      target: before?.target ?? 'not looked at yet',
    },
    problems,
    ...(changed ? { accepted } : {}),
  };
}

function quotaInForce({ nec, known, enis }: RouteEniFacts, problems: Problem[]): EniIpQuota {
  const { name, annotations } = nec.metadata;
  const before = nec.status?.routeENI;
  const caps = readCaps(name, annotations);
  if (!caps.ok) problems.push({ reason: 'InvalidCap', message: caps.problem });
  // A cap that cannot be read leaves what was in force.
  if (!caps.ok && before !== undefined) return before;
  const { maxAttach, maxIPPerENI: maxIpPerRouteEni } = (caps.ok ? caps.value : undefined) ?? {};
  const { maxRouteENI, maxIPPerENI } = nec.spec;
  const next = planEniIpQuota({
    limits: known?.limits,
    cpu: known?.instance.cpu,
    ...(maxAttach === undefined ? {} : { maxAttach }),
    ...(maxIpPerRouteEni === undefined ? {} : { maxIpPerRouteEni }),
    ...(maxRouteENI === undefined ? {} : { maxRouteENI }),
    ...(maxIPPerENI === undefined ? {} : { maxIPPerENI }),
  });
  // Limits that are not known for the moment are no wish to lower anything.
  if (before === undefined || known === undefined) return before ?? next;
  const checked = checkCaps(
    name,
    next,
    enis.map((eni) => eni.status?.use?.inUse.length ?? 0),
  );
  if (checked.ok) return next;
  problems.push({ reason: 'CapBelowUse', message: checked.problem });
  return before;
}

function targetsInForce({ nec, defaults }: RouteEniFacts, problems: Problem[]): WarmTargets {
  const { name, annotations } = nec.metadata;
  const read = readWarmTargets(name, annotations);
  if (read.ok) return read.value ?? defaults;
  problems.push({ reason: 'InvalidWarmTarget', message: read.problem });
  const before = nec.status?.routeENI;
  return before === undefined ? defaults : { min: before.minWarmTarget, max: before.maxWarmTarget };
}
