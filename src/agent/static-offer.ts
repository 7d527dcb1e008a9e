// Whether a Pod may be wired to a static address right now: what ipamd bound, seen against what is plugged in and what is wired. Pure.
import type { VpcIp } from '../api/vpc-ip.ts';

export interface StaticView {
  readonly nodeName: string;
  /** VpcIPs that carry the node's label, in any age. */
  readonly ips: readonly VpcIp[];
  /** ENIs whose device is in the node and whose table is set up, by id. */
  readonly plugged: ReadonlySet<string>;
  /** Addresses in the wirings on record. */
  readonly wired: readonly { readonly ip: string; readonly podUid: string; readonly pod: string }[];
}

export type StaticOffer =
  | { readonly kind: 'use'; readonly ip: string; readonly vpcIpUID: string; readonly eniID: string }
  /** This UID was reported torn down: its address may be another Pod's at any moment. */
  | { readonly kind: 'gone' }
  /** `held`: by a sandbox whose end nobody tells. */
  | { readonly kind: 'wait'; readonly why: string; readonly held: boolean };

/** An address is this Pod's while `status.podUID` names it on this node, and usable once it is Assigned; never while another Pod is wired to it. */
export function staticOffer({ nodeName, ips, plugged, wired }: StaticView, uid: string): StaticOffer {
  const own = ips.filter(({ status }) => status?.podUID === uid && status.nodeName === nodeName);
  if (own.some(({ status }) => status?.agent?.state === 'TornDown' && status.agent.podUID === uid))
    return { kind: 'gone' };
  const object = bestOf(own, uid);
  if (object === undefined) return wait(`ipamd has bound no address for it on node ${nodeName} yet`);
  const { metadata, status } = object;
  const ip = metadata.name;
  // One that somebody deleted serves its Pod until that has ended.
  if (metadata.uid === undefined || status?.phase !== 'Assigned') return wait(whyNotAssigned(object));
  const { eniID = '(none)' } = status;
  if (!plugged.has(eniID)) return wait(`VpcIP ${ip} is on ENI ${eniID}, which is not plugged into node ${nodeName}`);
  // The release rule keeps this from happening; whoever broke it must not put one address into two Pods.
  const other = wired.find((each) => each.ip === ip && each.podUid !== uid);
  if (other !== undefined)
    return { ...wait(`address ${ip} is still wired to Pod ${other.pod} (uid ${other.podUid})`), held: true };
  return { kind: 'use', ip, vpcIpUID: metadata.uid, eniID };
}

/**
 * A Pod may have two, when somebody deleted its claim while its address was on its way: the one that it used before, else one that serves now, else
 * one that is to stay.
 */
function bestOf(own: readonly VpcIp[], uid: string): VpcIp | undefined {
  const rank = ({ metadata, status }: VpcIp): number =>
    (status?.phase === 'Assigned' ? 0 : 4) +
    (status?.agent?.podUID === uid ? 0 : 2) +
    (metadata.deletionTimestamp === undefined ? 0 : 1);
  return own.toSorted((a, b) => rank(a) - rank(b))[0];
}

const wait = (why: string): Extract<StaticOffer, { kind: 'wait' }> => ({ kind: 'wait', why, held: false });

function whyNotAssigned({ metadata, status }: VpcIp): string {
  const obstacle = status?.conditions?.find(({ status: is, message }) => is === 'False' && message !== '');
  const phase = `VpcIP ${metadata.name} is ${status?.phase ?? 'new'}`;
  return obstacle === undefined ? phase : `${phase}: ${obstacle.message}`;
}
