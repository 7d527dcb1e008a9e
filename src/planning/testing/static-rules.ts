// The rules of static addresses as the model plays them, and what each would be when it is broken: the model must see the difference.
import { staticOffer, type StaticOffer, type StaticView } from '../../agent/static-offer.ts';
import { planRelease, type ReleaseFacts } from '../release.ts';

export interface StaticRules {
  readonly release: (facts: ReleaseFacts) => boolean;
  readonly offer: (view: StaticView, uid: string) => StaticOffer;
  /** TornDown needs the server's own word that the Pod is over. */
  readonly asksServer: boolean;
  /** What was told torn down is never wired again, though the view says otherwise. */
  readonly remembersTornDown: boolean;
  /** A report counts for the Pod that it names, and for no other. */
  readonly reportsNamePods: boolean;
  /** ipamd's writes carry the version that they were decided on. */
  readonly lockedWrites: boolean;
  /** VpcIPs tell of an unassign before it is sent. */
  readonly recordBeforeUnassign: boolean;
  /** Before an address is given back of which no VpcIP is written first, the server is asked for one. */
  readonly asksBeforeUnassign: boolean;
  /** A former leader's calls and writes are held back. */
  readonly fenced: boolean;
}

const release: StaticRules['release'] = (facts) => planRelease(facts).kind === 'release';

export const staticRules: StaticRules = {
  release,
  offer: staticOffer,
  asksServer: true,
  remembersTornDown: true,
  reportsNamePods: true,
  lockedWrites: true,
  recordBeforeUnassign: true,
  asksBeforeUnassign: true,
  fenced: true,
};

/** By name: one rule broken in each. */
export const brokenStaticRules: Readonly<Record<string, StaticRules>> = {
  'a Pod that is gone is enough for the release': {
    ...staticRules,
    release: ({ pod }) => pod !== 'alive',
  },
  'what is wired counts no more than what is not': {
    ...staticRules,
    release: ({ pod, agent }) => pod !== 'alive' && agent !== 'silent',
  },
  'the agent wires whatever is Assigned to its node': {
    ...staticRules,
    offer: (view, uid) =>
      staticOffer({ ...view, ips: view.ips.map((ip) => ({ ...ip, status: { ...ip.status, podUID: uid } })) }, uid),
  },
  'the agent wires what is only being attached': {
    ...staticRules,
    offer: (view, uid) =>
      staticOffer(
        { ...view, ips: view.ips.map((ip) => ({ ...ip, status: { ...ip.status, phase: 'Assigned' as const } })) },
        uid,
      ),
  },
  'the agent tells TornDown by the watch alone, and wires again': {
    ...staticRules,
    asksServer: false,
    remembersTornDown: false,
  },
  'a report about the former Pod counts for the next one': { ...staticRules, reportsNamePods: false },
  'a cache is believed about what is given back': { ...staticRules, asksBeforeUnassign: false },
  'ipamd writes without a version': { ...staticRules, lockedWrites: false },
  'a former leader goes on': { ...staticRules, fenced: false, lockedWrites: false },
};
