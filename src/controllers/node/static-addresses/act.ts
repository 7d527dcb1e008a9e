// Carries the plan of a node's static addresses out: objects first, then at most one call per ENI.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { networks } from '../../../api/keys.ts';
import { type VpcIp, vpcIps } from '../../../api/vpc-ip.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import type { StaticAction } from '../../../planning/static-plan.ts';
import { reportServed } from '../../vpc-eni/lifecycle/report-address.ts';
import { ensureVpcIp, labelNode, markUnassigned, writeVpcIpStatus } from '../../vpc-ip/status.ts';
import { tellObstacle } from '../../vpc-ip-claim/status.ts';
import { startLook } from '../pool/look.ts';
import type { StaticDeps, StaticNode } from './facts.ts';
import { sendStatic, type StaticCall } from './send.ts';

interface Acting extends StaticDeps {
  readonly node: StaticNode;
  readonly signal: AbortSignal;
}

/** What fails does not hold up the others; the first failure is thrown when all have ended. */
export async function actOnStatic(
  run: StaticDeps,
  node: StaticNode,
  actions: readonly StaticAction[],
  signal: AbortSignal,
): Promise<void> {
  const acting = { ...run, node, signal };
  const results = await Promise.allSettled(actions.map((action) => act(acting, action)));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

async function act(acting: Acting, action: StaticAction): Promise<void> {
  const { deps, memory, node } = acting;
  switch (action.kind) {
    case 'look': {
      const eni = eniOf(node, action.eni);
      if (eni !== undefined) startLook(deps, memory.eni(eni.metadata.uid ?? ''), eni);
      return;
    }
    case 'adopt':
      return adopt(acting, action);
    case 'serve': {
      const vip = node.vips.get(action.ip);
      if (vip !== undefined) await serve(acting, vip, action.eni, action.claim);
      return;
    }
    case 'off': {
      const vip = node.vips.get(action.ip);
      if (vip !== undefined) await markUnassigned(deps, vip);
      return;
    }
    case 'assign-these':
    case 'assign-new':
    case 'unassign':
      return callFor(acting, action);
    case 'blocked': {
      const claim = node.claims.get(action.claim);
      if (claim !== undefined) await tellObstacle(deps, claim, action);
      return;
    }
    case 'add-eni':
      return;
  }
}

const eniOf = (node: StaticNode, name: string): VpcEni | undefined =>
  node.enis.find((eni) => eni.metadata.name === name);

async function adopt(acting: Acting, { eni, ip, claim: key }: Extract<StaticAction, { kind: 'adopt' }>): Promise<void> {
  const { deps, node } = acting;
  const claim = node.claims.get(key);
  const subnetId = eniOf(node, eni)?.status?.eni?.subnetID;
  if (claim === undefined || subnetId === undefined) return;
  const vip = await ensureVpcIp(deps, ip, { subnetId, claim, nodeName: node.nec.metadata.name });
  // Another claim's that the cache did not show: it is looked at when it does.
  if (vip.spec.claim?.uid !== claim.metadata.uid) return;
  // Nor was the Pod that it names, which a claim out of the same cache may be behind: whether that one is over is for the next plan.
  const user = vip.status?.podUID;
  if (user !== undefined && user !== claim.status?.podUID) return;
  await serve(acting, vip, eni, key);
}

/** The Pod may use it from the moment of this write. */
async function serve({ deps, node }: Acting, vip: VpcIp, eniName: string, key: string): Promise<void> {
  const claim = node.claims.get(key);
  const made = eniOf(node, eniName)?.status?.eni;
  const podUID = claim?.status?.podUID;
  if (claim === undefined || made === undefined || podUID === undefined) return;
  const nodeName = node.nec.metadata.name;
  const labelled = await labelNode(deps, vip, nodeName);
  const written = await writeVpcIpStatus(deps, labelled, {
    phase: 'Assigned',
    eniID: made.eniID,
    eniName,
    nodeName,
    podUID,
    gateway: made.gateway,
    subnetCIDR: made.subnetCIDR,
    clear: ['unassignedSince'],
  });
  if (written === labelled) return;
  const [pod] = deps.informers.pods.byIndex('uid', podUID);
  const { namespace = 'default', name, creationTimestamp } = claim.metadata;
  reportServed(deps, {
    namespace,
    name,
    uid: podUID,
    ip: vip.metadata.name,
    network: networks.routeEni,
    assignedFrom: pod?.scheduledAt ?? creationTimestamp,
    scheduledAt: pod?.scheduledAt,
    staticMode: true,
    staticIP: claim.spec.deletePolicy === 'Never',
  });
}

/** What VpcIPs say comes first, so that a person sees what is under way, and a successor what may have been sent. */
async function callFor(acting: Acting, call: StaticCall): Promise<void> {
  const { deps, memory, node, signal } = acting;
  const eni = eniOf(node, call.eni);
  if (eni === undefined) return;
  if (call.kind === 'unassign' && (await isCacheBehind(acting, call.addresses))) {
    memory.eni(eni.metadata.uid ?? '').notBeforeMs = deps.clock.monotonicMs() + deps.timings.consistencyWindowMs;
    return;
  }
  if (call.kind !== 'assign-new') await announce(acting, eni, call);
  const outcome = await sendStatic(acting, eni, call, signal);
  if (outcome.kind !== 'refused') return;
  const wished = [...node.claims.values()].filter(
    (claim) =>
      outcome.addresses.some((ip) => claim.spec.nominatedIP === ip) ||
      outcome.addresses.some((ip) => node.vips.get(ip)?.spec.claim?.uid === claim.metadata.uid),
  );
  for (const claim of wished) await tellObstacle(deps, deps.claims.latest(keyOfClaim(claim)) ?? claim, outcome, true);
}

/**
 * A cache is no evidence: before an address goes of which no VpcIP here is written first, and with that compared, the API is asked; what that
 * shows is planned with next.
 */
async function isCacheBehind({ deps, node, signal }: Acting, addresses: readonly string[]): Promise<boolean> {
  let behind = false;
  for (const ip of addresses) {
    const own = node.vips.get(ip);
    if (own !== undefined && own.status?.phase !== 'Detaching') continue;
    const known = deps.vips.latest(ip)?.metadata.resourceVersion;
    try {
      const found = await deps.client.get(vpcIps, ip, { signal });
      deps.vips.wrote(found);
      if (found.metadata.resourceVersion !== known) behind = true;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return behind;
}

const keyOfClaim = ({
  metadata,
}: {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}): string => `${metadata.namespace ?? 'default'}/${metadata.name}`;

const isSeen = (node: StaticNode, ip: string): boolean =>
  node.input.enis.some(({ seen }) => seen?.some((address) => address.ip === ip) === true);

async function announce(
  { deps, node }: Acting,
  eni: VpcEni,
  call: Extract<StaticCall, { kind: 'assign-these' | 'unassign' }>,
): Promise<void> {
  const nodeName = node.nec.metadata.name;
  await Promise.all(
    call.addresses.map(async (ip) => {
      const vip = node.vips.get(ip);
      if (vip === undefined) return;
      // One that is on an ENI serves somebody: who else wishes for it is refused by the cloud, and disturbs nobody.
      if (call.kind === 'assign-these' && isSeen(node, ip)) return;
      if (call.kind === 'unassign') return void (await writeVpcIpStatus(deps, vip, { phase: 'Detaching' }));
      const claim = [...node.claims.values()].find(({ metadata }) => metadata.uid === vip.spec.claim?.uid);
      const podUID = claim?.status?.podUID;
      if (podUID === undefined) return;
      const eniID = eni.status?.eni?.eniID ?? '';
      await writeVpcIpStatus(deps, vip, { phase: 'Attaching', eniID, eniName: eni.metadata.name, nodeName, podUID });
    }),
  );
}
