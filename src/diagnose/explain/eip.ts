// `explain eip` as data: an EIP or an EIPClaim, what it is bound to, which Pod has it, and why it is not in use when it is not. Pure.
import type { EipClaim } from '../../api/eip-claim.ts';
import type { CloudEip, ClusterPicture, Gap } from '../picture/picture.ts';
import { openWorld } from '../trace/world.ts';
import { addressesOf, podNetwork } from './pod-network.ts';
import { podEgress } from './pod-egress.ts';

export interface EipExplanation {
  readonly eipId?: string;
  readonly publicIp?: string;
  readonly claim?: string;
  readonly deletePolicy?: string;
  readonly phase?: string;
  /** As the cloud says; absent: the cloud does not know it, or was not asked. */
  readonly inCloud?: {
    readonly status: string;
    readonly eniId: string;
    readonly privateIp: string;
    readonly instanceId: string;
  };
  readonly pod?: string;
  readonly podAddress?: string;
  /** What the internet sees of the Pod; differs from the EIP when it is passed by, and is one of several behind some gateways. */
  readonly seenAs?: string;
  /** False: what the Pod sends leaves with another address, or does not get out; absent: not known, or no Pod has it. */
  readonly used?: boolean;
  readonly why: readonly string[];
  readonly cures: readonly string[];
  readonly unboundSince?: string;
  readonly releaseAt?: string;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly text: string;
    readonly since: string;
  }[];
  readonly notKnown: readonly Gap[];
}

export interface EipSubject {
  readonly claim?: EipClaim | undefined;
  readonly eip?: CloudEip | undefined;
}

/** By eip-..., a public address, or the claim's name; `claims` are those that fit the name. */
export function eipSubjects(picture: ClusterPicture, text: string, claims: readonly EipClaim[]): readonly EipSubject[] {
  const eips = picture.cloud?.eips ?? [];
  const named = eips.filter(({ addressId, publicIp }) => addressId === text || publicIp === text);
  const ofClaims =
    claims.length > 0
      ? claims
      : picture.kube.eipClaims.filter(({ status }) => status?.eipID === text || status?.publicIP === text);
  if (ofClaims.length > 0)
    return ofClaims.map((claim) => ({
      claim,
      eip: eips.find(({ addressId }) => addressId === claim.status?.eipID),
    }));
  return named.map((eip) => ({ eip }));
}

export function explainEip(picture: ClusterPicture, { claim, eip }: EipSubject): EipExplanation {
  const world = openWorld(picture);
  const pod = picture.kube.pods.find((each) =>
    claim === undefined
      ? addressesOf(each).includes(eip?.privateIp ?? '-')
      : each.metadata.namespace === claim.metadata.namespace && each.metadata.name === claim.metadata.name,
  );
  const egress = pod === undefined ? undefined : podEgress(world, pod, podNetwork(world, pod));
  const [podAddress] = pod === undefined ? [] : addressesOf(pod);
  const seenAs = egress?.internet?.addresses.join(' or ') ?? '';
  const { status } = claim ?? {};
  const eipId = eip?.addressId ?? status?.eipID;
  const publicIp = eip?.publicIp ?? status?.publicIP;
  return {
    ...(eipId === undefined ? {} : { eipId }),
    ...(publicIp === undefined ? {} : { publicIp }),
    ...(claim === undefined
      ? {}
      : { claim: `${claim.metadata.namespace ?? ''}/${claim.metadata.name}`, deletePolicy: claim.spec.deletePolicy }),
    ...(status?.phase === undefined ? {} : { phase: status.phase }),
    ...(eip === undefined
      ? {}
      : { inCloud: { status: eip.status, eniId: eip.eniId, privateIp: eip.privateIp, instanceId: eip.instanceId } }),
    ...(pod === undefined ? {} : { pod: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}` }),
    ...(podAddress === undefined ? {} : { podAddress }),
    ...(seenAs === '' ? {} : { seenAs }),
    ...(egress?.internet?.certain === true ? { used: egress.internet.via === 'eip' } : {}),
    why: egress?.internet?.why ?? (egress?.notKnown === undefined ? [] : [`not known: ${egress.notKnown}`]),
    cures: egress?.internet?.cures ?? [],
    ...(status?.unboundSince === undefined ? {} : { unboundSince: status.unboundSince }),
    ...(status?.releaseAt === undefined ? {} : { releaseAt: status.releaseAt }),
    conditions: (status?.conditions ?? []).map((each) => ({
      type: each.type,
      status: each.status,
      text: each.message === '' ? each.reason : `${each.reason}: ${each.message}`,
      since: each.lastTransitionTime,
    })),
    notKnown: picture.gaps,
  };
}
