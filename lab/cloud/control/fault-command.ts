// One fault as data, for scenario files and the admin endpoint: its schema, and how it is done.
import { z } from 'zod';

import { allActions } from '../actions/index.ts';
import type { CloudAdmin } from '../admin.ts';
import { policyParameters } from '../policy.ts';

const served: ReadonlySet<string> = new Set(allActions.map(({ name }) => name));
/** For messages. */
export const UNSERVED = 'expected the name of an action that the simulator serves';
/** A misspelt name would be taken and never hit anything. */
export const servedAction = z.string().refine((name) => served.has(name), UNSERVED);
const action = z.string().refine((name) => name === '*' || served.has(name), `${UNSERVED}, or *`);
const times = z.int().positive().optional();
const milliseconds = z.number().nonnegative();
const RANGE = 'expected milliseconds, or a range such as [100, 500]';
const target = { action, times };
const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-z]{8}$`), `expected an id like ${prefix}-xxxxxxxx`);

/** Rules in the API's own words. */
export const ruleList = z.array(policyParameters);

/** A command of the method of `CloudAdmin` that its `fault` names; docs/lab-cloud.md lists them. */
export const faultCommand = z.discriminatedUnion('fault', [
  z.strictObject({
    fault: z.literal('error'),
    ...target,
    code: z.string().min(1),
    message: z.string().optional(),
    probability: z.number().positive().max(1).optional(),
  }),
  z.strictObject({
    fault: z.literal('delay'),
    ...target,
    ms: z.union([milliseconds, z.tuple([milliseconds, milliseconds]).refine(([from, to]) => from <= to, RANGE)], {
      error: RANGE,
    }),
  }),
  z.strictObject({ fault: z.literal('drop-reply'), ...target }),
  z.strictObject({ fault: z.literal('fail-task'), ...target }),
  z.strictObject({ fault: z.literal('stall-task'), ...target }),
  z.strictObject({
    fault: z.literal('partial-page'),
    action: z
      .string()
      .refine(
        (name) => name === '*' || (name.startsWith('Describe') && served.has(name)),
        'expected the name of a Describe action that the simulator serves, or *',
      ),
    times,
    omit: z.int().positive().optional(),
    counted: z.boolean().optional(),
    probability: z.number().positive().max(1).optional(),
  }),
  z.strictObject({ fault: z.literal('release-tasks') }),
  z.strictObject({ fault: z.literal('hide-new'), ms: milliseconds }),
  z.strictObject({ fault: z.literal('throttle'), action: servedAction, perSecond: z.int().nonnegative().nullable() }),
  z.strictObject({ fault: z.literal('drain-subnet'), subnetId: id('subnet'), leave: z.int().nonnegative().optional() }),
  z.strictObject({ fault: z.literal('close-zone'), zone: z.string().min(1), open: z.boolean().optional() }),
  z.strictObject({ fault: z.literal('stop-instance'), instanceId: id('ins') }),
  z.strictObject({ fault: z.literal('isolate-instance'), instanceId: id('ins') }),
  z.strictObject({ fault: z.literal('start-instance'), instanceId: id('ins') }),
  z.strictObject({ fault: z.literal('terminate-instance'), instanceId: id('ins') }),
  z.strictObject({ fault: z.literal('set-eni-groups'), eniId: id('eni'), securityGroupIds: z.array(id('sg')) }),
  z.strictObject({ fault: z.literal('detach-eni'), eniId: id('eni') }),
  z.strictObject({ fault: z.literal('delete-eni'), eniId: id('eni') }),
  z.strictObject({ fault: z.literal('unassign-address'), eniId: id('eni'), ip: z.ipv4() }),
  z.strictObject({
    fault: z.literal('set-group-rules'),
    securityGroupId: id('sg'),
    ingress: ruleList.default([]),
    egress: ruleList.default([]),
  }),
  z.strictObject({
    fault: z.literal('set-eip'),
    addressId: id('eip'),
    arrears: z.boolean().optional(),
    blocked: z.boolean().optional(),
  }),
  z.strictObject({ fault: z.literal('clear') }),
]);
export type FaultCommand = z.output<typeof faultCommand>;

/** Throws what the method of `CloudAdmin` throws, e.g. ApiError ResourceNotFound. */
export function applyFault(admin: CloudAdmin, command: FaultCommand): void {
  switch (command.fault) {
    case 'error':
      return admin.failNext(withoutUndefined(command));
    case 'delay':
      return admin.delay(withoutUndefined(command));
    case 'drop-reply':
      return admin.dropReply(withoutUndefined(command));
    case 'fail-task':
      return admin.failTask(withoutUndefined(command));
    case 'stall-task':
      return admin.stallTask(withoutUndefined(command));
    case 'partial-page':
      return admin.partialPage(withoutUndefined(command));
    case 'release-tasks':
      return void admin.releaseTasks();
    case 'hide-new':
      return admin.hideNew(command);
    case 'throttle':
      return admin.throttle({ action: command.action, perSecond: command.perSecond ?? undefined });
    case 'drain-subnet':
      return void admin.drainSubnet(withoutUndefined(command));
    case 'close-zone':
      return admin.closeZone(withoutUndefined(command));
    case 'stop-instance':
      return admin.stopInstance(command.instanceId);
    case 'isolate-instance':
      return admin.isolateInstance(command.instanceId);
    case 'start-instance':
      return admin.startInstance(command.instanceId);
    case 'terminate-instance':
      return admin.terminateInstance(command.instanceId);
    case 'set-eni-groups':
      return admin.setEniGroups(command);
    case 'detach-eni':
      return admin.detachEni(command.eniId);
    case 'delete-eni':
      return admin.deleteEni(command.eniId);
    case 'unassign-address':
      return admin.unassignAddress(command);
    case 'set-group-rules':
      return admin.setSecurityGroupRules(command.securityGroupId, command);
    case 'set-eip':
      return admin.setEip(withoutUndefined(command));
    case 'clear':
      return admin.clearFaults();
  }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

// An optional key that is there and undefined would hide the default of the method.
function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>;
}
