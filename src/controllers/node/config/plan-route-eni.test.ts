// Limits, caps and targets of a node: what comes into force, what is refused, and what stays.
import { describe, expect, it } from 'vitest';
import { annotations } from '../../../api/keys.ts';
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { planRouteEni, type RouteEniFacts } from './plan-route-eni.ts';

const necWith = (given: Record<string, string>, change: Partial<NodeEniConfig> = {}): NodeEniConfig => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'NodeENIConfig',
  metadata: { name: 'n1', annotations: given },
  spec: {},
  ...change,
});
const known: RouteEniFacts['known'] = {
  instance: {
    instanceId: 'ins-12345678',
    instanceType: 'S5.LARGE8',
    cpu: 4,
    zone: 'z',
    state: 'RUNNING',
    vpcId: 'vpc-12345678',
    subnetId: 'subnet-12345678',
    privateIps: [],
    securityGroups: [],
  },
  limits: { eniQuantity: 4, eniPrivateIpQuantity: 10, subEniQuantity: 0, extendEniQuantity: 0 },
};
const facts = (nec: NodeEniConfig, change: Partial<RouteEniFacts> = {}): RouteEniFacts => ({
  nec,
  known,
  defaults: { min: 5, max: 5 },
  nodeAnnotations: {},
  enis: [],
  ...change,
});
const inForce = {
  quota: 27,
  reason: 'as it was',
  maxENI: 3,
  maxIPPerENI: 9,
  minWarmTarget: 2,
  maxWarmTarget: 4,
  bound: 7,
  pods: 3,
  target: '7 bound',
};
const using = (count: number): VpcEni =>
  ({
    status: { use: { inUse: Array.from({ length: count }, (_, index) => ({ ip: `10.0.0.${index}`, podUID: 'u' })) } },
  }) as unknown as VpcEni;

describe('planRouteEni', () => {
  it('takes limits of the cloud and the defaults when nothing else is said', () => {
    expect(planRouteEni(facts(necWith({})))).toMatchObject({
      routeENI: { quota: 27, maxENI: 3, maxIPPerENI: 9, minWarmTarget: 5, maxWarmTarget: 5, bound: 0, pods: 0 },
      problems: [],
    });
  });

  it('tells a change of the targets once, when there was something to change', () => {
    const given = { [annotations.routeEniIpMinWarmTarget]: '3', [annotations.routeEniIpMaxWarmTarget]: '8' };
    expect(planRouteEni(facts(necWith(given))).accepted).toBeUndefined();
    const changed = planRouteEni(facts(necWith(given, { status: { routeENI: inForce } })));
    expect(changed.accepted).toBe('min 2 -> 3, max 4 -> 8');
    expect(planRouteEni(facts(necWith(given, { status: { routeENI: changed.routeENI } }))).accepted).toBeUndefined();
  });

  it('keeps the targets in force when the annotations contradict each other', () => {
    const given = { [annotations.routeEniIpMinWarmTarget]: '9', [annotations.routeEniIpMaxWarmTarget]: '8' };
    const plan = planRouteEni(facts(necWith(given, { status: { routeENI: inForce } })));
    expect(plan.routeENI).toMatchObject({ minWarmTarget: 2, maxWarmTarget: 4 });
    expect(plan.problems).toMatchObject([{ reason: 'InvalidWarmTarget' }]);
  });

  it('keeps the caps in force when lower ones are below use, and takes them when they are not', () => {
    const nec = necWith({ [annotations.routeEniMaxAttach]: '1' }, { status: { routeENI: inForce } });
    const busy = planRouteEni(facts(nec, { enis: [using(2), using(1)] }));
    expect(busy.routeENI).toMatchObject({ quota: 27, maxENI: 3, bound: 7, target: '7 bound' });
    expect(busy.problems).toMatchObject([{ reason: 'CapBelowUse' }]);
    expect(planRouteEni(facts(nec, { enis: [using(2)] })).routeENI).toMatchObject({ quota: 9, maxENI: 1 });
  });

  it('keeps the caps in force when one cannot be read, and names it', () => {
    const nec = necWith({ [annotations.maxIpPerRouteEni]: 'all' }, { status: { routeENI: inForce } });
    const plan = planRouteEni(facts(nec));
    expect(plan.routeENI).toMatchObject({ quota: 27, maxIPPerENI: 9 });
    expect(plan.problems[0]?.message).toContain('"all"');
  });

  it('keeps the quota in force while the cloud does not know the instance', () => {
    const plan = planRouteEni(facts(necWith({}, { status: { routeENI: inForce } }), { known: undefined }));
    expect(plan.routeENI.quota).toBe(27);
  });
});
