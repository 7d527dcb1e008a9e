// The network of an ordinary Pod in static mode: waits until ipamd has bound an address for this UID to an ENI of the node.
import { abortable } from '../kube/abortable.ts';
import type { Attachment, AttachRequest } from './attachment.ts';
import { gone } from './find-pod.ts';
import type { PluggedEni } from './node-enis.ts';
import { podKey, type ServiceDeps } from './service-deps.ts';
import { type StaticOffer, staticOffer } from './static-offer.ts';
import { waitUntil } from './wait-until.ts';

interface Bound {
  readonly ip: string;
  readonly vpcIpUID: string;
  readonly vpcEniUID: string;
  readonly eni: PluggedEni;
}

/** A sandbox of another Pod that still has the address is looked for this often. */
const LOOK_AGAIN_MS = 1_000;

/** Only what ipamd says counts. Rejects with the signal's reason, or with AGENT-POD-GONE when the UID was reported torn down. */
export async function attachStatic({ deps, wanted, uid, ends, signal, tell }: AttachRequest): Promise<Attachment> {
  await abortable(deps.ips.synced, signal);
  const { ip, vpcIpUID, vpcEniUID, eni } = await waitUntil<Bound>(
    deps.clock,
    [
      (again) => deps.ips.onChange(again),
      (again) => deps.node.onChange(again),
      (again) =>
        deps.enis.onChange(({ before, after }) => ((after ?? before)?.spec.type === 'SubENI' ? undefined : again())),
    ],
    () => {
      const offer = offerFor(deps, uid);
      if (offer.kind === 'gone') throw gone({ ...wanted, uid }, 'its network was taken down for good');
      const bound = offer.kind === 'use' ? carriedBy(deps, offer) : undefined;
      if (bound !== undefined) return { done: bound };
      if (offer.kind === 'wait') tell(offer.why);
      return { againAfterMs: offer.kind === 'wait' && offer.held ? LOOK_AGAIN_MS : undefined };
    },
    signal,
  );
  const { mac, gateway, index, device } = eni;
  const wiring = { ...ends, podIp: ip, eniMac: mac, gateway, vpcEniUID, vpcIpUID, index, link: device };
  return { wiring: { kind: 'shared', ...wiring } };
}

const offerFor = ({ ips, node, nodeName, store }: ServiceDeps, uid: string): StaticOffer =>
  staticOffer(
    {
      nodeName,
      ips: ips.list(),
      plugged: new Set(node.offer.enis.map(({ eniID }) => eniID)),
      wired: store.list().map(({ pod, wiring }) => ({ ip: wiring.podIp, podUid: pod.uid, pod: podKey(pod) })),
    },
    uid,
  );

/** Undefined while the VpcENI has not reached us. */
function carriedBy(
  { enis, node }: ServiceDeps,
  { ip, vpcIpUID, eniID }: Extract<StaticOffer, { kind: 'use' }>,
): Bound | undefined {
  const eni = node.offer.enis.find((each) => each.eniID === eniID);
  const vpcEniUID = enis.list().find((each) => each.status?.eni?.eniID === eniID)?.metadata.uid;
  return eni === undefined || vpcEniUID === undefined ? undefined : { ip, vpcIpUID, vpcEniUID, eni };
}
