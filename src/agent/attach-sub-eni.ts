// The network of a Pod with a sub-ENI: waits until ipamd has made it, and until its link is on the node.
import type { z } from 'zod';
import { type EnforcingMode, subEniName, type VpcEni, type vpcEniStatusSchema } from '../api/vpc-eni.ts';
import type { PodArgs } from '../cni/args.ts';
import type { Attachment, AttachRequest } from './attachment.ts';
import { gone } from './find-pod.ts';
import { waitForObject } from './wait-for-object.ts';
import { waitUntil } from './wait-until.ts';

type EniFacts = NonNullable<z.infer<typeof vpcEniStatusSchema>['eni']> & {
  readonly vlanID: number;
  readonly ip: string;
  readonly mode: EnforcingMode;
};

/** Rejects with the signal's reason, or with a row of the catalogue when this Pod can never have one. */
export async function attachSubEni({ deps, wanted, uid, ends, signal, tell }: AttachRequest): Promise<Attachment> {
  const eni = await waitForObject(
    deps.enis,
    subEniName(uid),
    (object) => {
      tell(whyNotReady(object, uid));
      return object === undefined ? undefined : readyFacts(object, wanted, uid);
    },
    signal,
  );
  const trunk = await waitUntil(
    deps.clock,
    [(again) => deps.node.onChange(again)],
    () => {
      const { offer } = deps.node;
      tell(offer.message);
      return offer.trunk === undefined ? { againAfterMs: undefined } : { done: offer.trunk };
    },
    signal,
  );
  tell(`the device of sub-ENI ${eni.eniID} (${eni.macAddress}) has not appeared on the node`);
  const link = await trunk.driver.ensure({ mac: eni.macAddress, vlanId: eni.vlanID, trunk: trunk.device }, signal);
  return {
    linkDriver: trunk.driver.name,
    wiring: {
      kind: 'sub-eni',
      ...ends,
      podIp: eni.ip,
      eniMac: eni.macAddress,
      vlanId: eni.vlanID,
      gateway: eni.gateway,
      trunk: trunk.device,
      link,
      mode: eni.mode,
    },
  };
}

function readyFacts(object: VpcEni, wanted: PodArgs, uid: string): EniFacts | undefined {
  if (object.status?.agent?.state === 'TornDown' && object.status.agent.podUID === uid)
    throw gone({ ...wanted, uid }, 'its network was taken down for good');
  const eni = object.status?.phase === 'Ready' ? object.status.eni : undefined;
  if (eni === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
  const ip = (eni.addresses.find((address) => address.primary === true) ?? eni.addresses[0])?.ip;
  if (ip === undefined || eni.vlanID === undefined || eni.vlanID === 0) return undefined;
  // An intent of a release without modes.
  return { ...eni, vlanID: eni.vlanID, ip, mode: object.spec.enforcingMode ?? 'standard' };
}

function whyNotReady(eni: VpcEni | undefined, uid: string): string {
  if (eni === undefined) return `no VpcENI ${subEniName(uid)} yet`;
  const condition = eni.status?.conditions?.find(({ type }) => type === 'Ready');
  const phase = eni.status?.phase ?? 'Pending';
  if (condition !== undefined && condition.message !== '')
    return `VpcENI ${eni.metadata.name} is ${phase}: ${condition.message}`;
  return `VpcENI ${eni.metadata.name} is ${phase}`;
}
