// Plays a scenario on a running cloud: lays the account out and does each step when its time or its number of calls has come.
import type { Clock } from '../../../src/base/clock.ts';
import { errorText } from '../../../src/base/errors.ts';
import type { CloudAdmin } from '../admin.ts';
import type { Cloud } from '../cloud.ts';
import { applyFault } from './fault-command.ts';
import type { ManualClock } from './manual-clock.ts';
import type { Scenario } from './scenario.ts';

/** Throws Error with the key, e.g. `account.subnets.0: ...`, for what the account cannot be. */
export function layOutScenario(admin: CloudAdmin, { account }: Scenario): void {
  each('vpcs', account.vpcs, (vpc) => admin.createVpc(vpc));
  each('subnets', account.subnets, (subnet) => admin.createSubnet(subnet));
  each('securityGroups', account.securityGroups, ({ ingress: _in, egress: _out, ...group }) =>
    admin.createSecurityGroup(group),
  );
  // Rules after all groups, since they name each other.
  each('securityGroups', account.securityGroups, ({ securityGroupId, ingress, egress }) =>
    admin.setSecurityGroupRules(securityGroupId, { ingress, egress }),
  );
  each('instances', account.instances, (instance) => admin.runInstance(instance));
  each('clusters', account.clusters, (cluster) => admin.registerCluster(cluster));
}

function each<T>(key: string, items: readonly T[], make: (item: T) => unknown): void {
  for (const [index, item] of items.entries()) {
    try {
      make(item);
    } catch (error) {
      throw new Error(`account.${key}.${index}: ${errorText(error)}`, { cause: error });
    }
  }
}

export interface ScenarioHost {
  readonly cloud: Pick<Cloud, 'admin' | 'onRequest'>;
  /** The cloud's. Steps with `advanceSeconds` need a manual one, as `readScenario` requires. */
  readonly clock: Clock | ManualClock;
  /** Told about a step that could not be done; later ones go on. */
  readonly onProblem: (problem: string) => void;
}

function advance(clock: Clock | ManualClock, seconds: number): Promise<void> {
  if (!('advance' in clock)) return Promise.reject(new Error('the clock is not a manual one'));
  return clock.advance(seconds * 1000);
}

/** Does the steps without a time at once, and the others when they are due. Returns the way to stop. */
export function playScenario(host: ScenarioHost, { steps }: Scenario): () => void {
  const { admin } = host.cloud;
  const stops = steps.map((step, index) => {
    const perform = (): void => {
      const tell = (error: unknown): void =>
        host.onProblem(`steps.${index} (${step.do?.fault ?? 'advanceSeconds'}): ${errorText(error)}`);
      try {
        if (step.do !== undefined) applyFault(admin, step.do);
        if (step.advanceSeconds !== undefined) advance(host.clock, step.advanceSeconds).catch(tell);
      } catch (error) {
        tell(error);
      }
    };
    const { after, at } = step;
    if (after !== undefined) {
      let left = after.calls;
      return host.cloud.onRequest(({ action }) => {
        if (action !== after.action || left === 0) return;
        left -= 1;
        if (left === 0) perform();
      });
    }
    if (at !== undefined && at > 0) return host.clock.after(at, perform);
    perform();
    return () => undefined;
  });
  return () => {
    for (const stop of stops) stop();
  };
}
