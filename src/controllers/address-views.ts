// VpcIPs and VpcIPClaims as ipamd keeps them in memory: two hundred thousand of them fit, since equal texts are kept once.
import type { VpcIpClaim, VpcIpClaimStatus } from '../api/vpc-ip-claim.ts';
import type { VpcIp, VpcIpStatus } from '../api/vpc-ip.ts';
import { keyOf } from '../kube/object-key.ts';
import type { KubeObject, ObjectMeta } from '../kube/types.ts';
import { createLabelPool } from './label-pool.ts';
import { packClaim } from './packed-claim.ts';
import { createVpcIpPacker } from './packed-vpc-ip.ts';
import type { TextPool } from './text-pool.ts';
import { ownAnnotations, type WorkingPod } from './views.ts';

export interface AddressViews {
  /** Everything but managedFields, foreign annotations, and which container the agent wired when (`observedAt` is empty). */
  readonly vpcIp: (vip: VpcIp) => VpcIp;
  /** Everything but managedFields and foreign annotations. */
  readonly claim: (claim: VpcIpClaim) => VpcIpClaim;
}

/** What the caches have already, by namespace/name: a claim, its Pod and its VpcIP name each other, and each decoded object brings its own texts. */
export interface KnownObjects {
  readonly pod: (key: string) => Pick<WorkingPod, 'metadata' | 'podIp'> | undefined;
  readonly claim: (key: string) => KubeObject | undefined;
}

/**
 * Spec, finalizers and ipamd's whole part of the status stay as the API says, since writes are made from them; what other programs own and
 * nobody here reads is left out, and no write names it. Nobody may change what these give: parts are shared between objects.
 */
export function createAddressViews(text: TextPool, known: KnownObjects): AddressViews {
  const labels = createLabelPool();
  const finalizers = createLabelPool<string[]>();
  const specs = createLabelPool<VpcIpClaim['spec']>();
  const packed = createVpcIpPacker();
  const meta = (from: ObjectMeta, name?: string): ObjectMeta =>
    leanMeta({ ...from, name: same(from.name, name) }, { text, labels, finalizers });
  return {
    vpcIp: (vip) => {
      const [apiVersion, kind] = [text(vip.apiVersion), text(vip.kind)];
      const holder = vip.spec.claim;
      const key = holder === undefined ? undefined : keyOf({ metadata: holder });
      const [pod, claim] = key === undefined ? [] : [known.pod(key), known.claim(key)];
      const metadata = meta(vip.metadata, pod?.podIp);
      const spec = leanSpec(vip.spec, text, claim?.metadata);
      if (vip.status === undefined) return { apiVersion, kind, metadata, spec };
      return packed({ apiVersion, kind, metadata, spec, status: leanVpcIpStatus(vip.status, text, pod?.metadata.uid) });
    },
    claim: (claim) => {
      const [apiVersion, kind] = [text(claim.apiVersion), text(claim.kind)];
      const pod = known.pod(keyOf(claim));
      const [metadata, spec] = [meta(claim.metadata, pod?.metadata.name), specs(claim.spec)];
      if (claim.status === undefined) return { apiVersion, kind, metadata, spec };
      return packClaim({ apiVersion, kind, metadata, spec, status: leanClaimStatus(claim.status, text, pod) });
    },
  };
}

interface Pools {
  readonly text: TextPool;
  readonly labels: (labels: Record<string, string>) => Record<string, string>;
  readonly finalizers: (finalizers: string[]) => string[];
}

/** The copy that is kept already, when it says the same. */
const same = <T extends string | undefined>(own: T, kept: string | undefined): T => (own === kept ? (kept as T) : own);

function leanMeta(from: ObjectMeta, { text, labels, finalizers }: Pools): ObjectMeta {
  const { name, namespace, uid = '', resourceVersion = '', creationTimestamp = '', deletionTimestamp } = from;
  // One literal makes objects of one shape without spare room, which spreads do not.
  const metadata: ObjectMeta =
    namespace === undefined
      ? {
          name,
          uid,
          resourceVersion,
          creationTimestamp: text(creationTimestamp),
          labels: labels(from.labels ?? NONE),
          finalizers: finalizers(from.finalizers ?? NO_FINALIZERS),
        }
      : {
          name,
          namespace: text(namespace),
          uid,
          resourceVersion,
          creationTimestamp: text(creationTimestamp),
          labels: labels(from.labels ?? NONE),
          finalizers: finalizers(from.finalizers ?? NO_FINALIZERS),
        };
  const ours = ownAnnotations(from.annotations);
  if (ours !== undefined) metadata.annotations = ours;
  if (deletionTimestamp !== undefined) metadata.deletionTimestamp = deletionTimestamp;
  return metadata;
}

const NONE: Record<string, string> = Object.freeze({});
const NO_FINALIZERS: string[] = [];

function leanSpec(
  { type, subnetID, claim }: VpcIp['spec'],
  text: TextPool,
  kept: ObjectMeta | undefined,
): VpcIp['spec'] {
  if (claim === undefined) return { type, subnetID: text(subnetID) };
  const { namespace, name, uid } = claim;
  return {
    type,
    subnetID: text(subnetID),
    claim: { namespace: text(namespace), name: same(name, kept?.name), uid: same(uid, kept?.uid) },
  };
}

function leanVpcIpStatus(status: VpcIpStatus, text: TextPool, podUid: string | undefined): VpcIpStatus {
  const { phase, unassignedSince, conditions } = status;
  const podUID = same(status.podUID, podUid);
  const agent = status.agent === undefined ? undefined : leanAgent(status.agent, podUID);
  const [eniID, eniName, nodeName] = [status.eniID, status.eniName, status.nodeName].map(pooled(text));
  const [gateway, subnetCIDR] = [status.gateway, status.subnetCIDR].map(pooled(text));
  const isServed = unassignedSince === undefined && conditions === undefined;
  // The shapes of nearly all of them; the others are few.
  if (isServed && phase && eniID && eniName && nodeName && podUID && gateway && subnetCIDR)
    return agent === undefined
      ? { phase, eniID, eniName, nodeName, podUID, gateway, subnetCIDR }
      : { phase, eniID, eniName, nodeName, podUID, gateway, subnetCIDR, agent };
  return agent === undefined ? status : { ...status, agent };
}

const pooled =
  (text: TextPool) =>
  (value: string | undefined): string | undefined =>
    value === undefined ? undefined : text(value);

/** Of the same Pod as a rule: one copy of its UID. */
function leanAgent({ state, podUID }: Agent, servedUid: string | undefined): Agent {
  return { state, podUID: same(podUID, servedUid), observedAt: '' };
}

type Agent = NonNullable<VpcIpStatus['agent']>;

function leanClaimStatus(
  status: VpcIpClaimStatus,
  text: TextPool,
  pod: ReturnType<KnownObjects['pod']>,
): VpcIpClaimStatus {
  const { phase, nodeName, unboundSince, releaseAt, conditions } = status;
  const [podUID, vpcIP] = [same(status.podUID, pod?.metadata.uid), same(status.vpcIP, pod?.podIp)];
  const said = conditions?.map(({ type, status: is, reason, message, lastTransitionTime, ...rest }) => ({
    type: text(type),
    status: is,
    reason: text(reason),
    message,
    lastTransitionTime: text(lastTransitionTime),
    ...rest,
  }));
  const isBound = unboundSince === undefined && releaseAt === undefined;
  if (isBound && phase && podUID && nodeName && vpcIP && said)
    return { phase, podUID, nodeName: text(nodeName), vpcIP, conditions: said };
  return said === undefined ? status : { ...status, conditions: said };
}
