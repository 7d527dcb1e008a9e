// Random sequences of what happens to a cloud: calls, mostly on one of its subjects, time, and faults.
import fc from 'fast-check';

import { randomActions } from './random-calls.ts';

/** One thing that happens. A call is told by numbers, so that it means the same for the same answers before it. */
export type RandomStep =
  | { readonly kind: 'call'; readonly which: number; readonly picks: readonly number[] }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'fault'; readonly which: number; readonly picks: readonly number[] };

/** What a sequence is mostly about, with what gives it something to work on; a sequence about everything reaches no depth. */
const SUBJECTS: readonly RegExp[] = [
  /NetworkInterface$|PrivateIpAddress/,
  /SubNetworkInterface$|NetworkInterfaceAttribute$|^AttachNetworkInterface$/,
  /Addresses$|^(Associate|Disassociate|Transform)Address$|^(Create|Delete)NetworkInterface$|NatGateway/,
  /SecurityGroup|AddressTemplate|^CreateNetworkInterface$|InstancesAttribute$/,
  /Vpc$|Subnet$|Route|NatGateway$|^AllocateAddresses$/,
  /Instances|AttachNetworkInterface$|^AssociateAddress$|^AllocateAddresses$/,
  /Addon$|VpcCni|Policy$|Role$|Resources$/,
];
const all = [...randomActions.keys()];
/** What others need to have something to work on comes more often. */
const NEEDED =
  /^(CreateNetworkInterface|AllocateAddresses|AssociateAddress|AssignPrivateIpAddresses|CreateSecurityGroupPolicies)$/;
const about = (subject: RegExp): number[] =>
  all.flatMap((index) => {
    const action = randomActions[index] ?? '';
    return subject.test(action) ? Array.from({ length: NEEDED.test(action) ? 4 : 1 }, () => index) : [];
  });

// Without bias: the first and last calls of the list are no better than the others.
const picks = fc.array(fc.noBias(fc.nat({ max: 5000 })), { minLength: 12, maxLength: 12 });

const stepsAbout = (subject: RegExp, faults: number): fc.Arbitrary<RandomStep> =>
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({ kind: fc.constant('call'), which: fc.constantFrom(...about(subject)), picks }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('call'), which: fc.constantFrom(...all), picks }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('time'), ms: fc.constantFrom(1, 100, 300, 1000, 40_000) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('fault'), which: fc.noBias(fc.nat({ max: faults - 1 })), picks }),
    },
  );

/** How many of the faults, from the first, change no answer by themselves. */
const SILENT_FAULTS = 5;
const FAULTS = 10;

/** `quiet`: without faults that make an answer other than the account is. Short ones, which reach no quota, are rare. */
export function randomSteps(options: {
  readonly minLength?: number;
  readonly maxLength: number;
  readonly quiet?: boolean;
}): fc.Arbitrary<RandomStep[]> {
  const { maxLength, minLength = 0, quiet = false } = options;
  const faults = quiet ? SILENT_FAULTS : FAULTS;
  return fc.oneof(
    ...SUBJECTS.map((subject) =>
      fc.noBias(fc.array(stepsAbout(subject, faults), { minLength, maxLength, size: 'max' })),
    ),
  );
}
