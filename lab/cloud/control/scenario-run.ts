// Plays a scenario on a running cloud: lays the account out and does each step when its time or its number of calls has come.
import type { Clock } from '../../../src/base/clock.ts';
import { errorText } from '../../../src/base/errors.ts';
import type { CloudAdmin } from '../admin.ts';
import type { Cloud } from '../cloud.ts';
import { applyFault } from './fault-command.ts';
import type { ManualClock } from './manual-clock.ts';
import type { Scenario } from './scenario.ts';

/** Throws what `CloudAdmin` throws for an impossible layout. */
export function layOutScenario(admin: CloudAdmin, { account }: Scenario): void {
  for (const vpc of account.vpcs) admin.createVpc(vpc);
  for (const subnet of account.subnets) admin.createSubnet(subnet);
  for (const { ingress: _in, egress: _out, ...group } of account.securityGroups) admin.createSecurityGroup(group);
  // Rules after all groups, since they name each other.
  for (const { securityGroupId, ingress, egress } of account.securityGroups)
    admin.setSecurityGroupRules(securityGroupId, { ingress, egress });
  for (const instance of account.instances) admin.runInstance(instance);
  for (const cluster of account.clusters) admin.registerCluster(cluster);
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
