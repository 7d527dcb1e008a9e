// Lists the EIPs that a cluster bought and nobody holds, and on request releases them one by one, each looked at again before it goes.
import { eipClaims } from '../../api/eip-claim.ts';
import { objectNames, tags } from '../../api/keys.ts';
import { errorText } from '../../base/errors.ts';
import type { EipCloud } from '../../cloud/eip-calls.ts';
import { namespaces } from '../../kube/resources.ts';
import type { KubeClient } from '../../kube/types.ts';
import { type OrphanEip, orphanEips } from '../../planning/eip-orphans.ts';
import type { CliSession } from '../context.ts';
import { cliError, cliErrors } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderTable } from '../table.ts';

export interface OrphanOptions {
  /** UID of its namespace kube-system; absent: the cluster of the kubeconfig. */
  readonly deletedCluster: string | undefined;
  readonly release: boolean;
  readonly yes: boolean;
}

interface Line extends OrphanEip {
  readonly outcome: 'listed' | 'would be released' | 'released' | 'kept';
  /** Why it was kept. */
  readonly why?: string;
}

/** What the command needs of its session. */
export type OrphanSession = Pick<CliSession, 'cloud' | 'print' | 'progress' | 'warn' | 'signal'> & {
  kube(): Promise<Pick<KubeClient, 'get' | 'list'>>;
};

/** Exit code `attention` while some are left, `unknown` without access to the cloud. */
export async function eipOrphans(session: OrphanSession, options: OrphanOptions): Promise<number> {
  if (options.yes && !options.release) throw cliError(cliErrors.usage, '--yes goes with --release');
  const access = await session.cloud();
  if (!access.available) {
    session.warn(`EIPs cannot be listed: ${access.reason}`);
    return exitCodes.unknown;
  }
  const find = await finder(session, access.cloud, options.deletedCluster);
  session.progress('reading the EIPs of the account');
  const lines: Line[] = [];
  for (const orphan of await find())
    lines.push({ ...orphan, ...(await fate(session, access.cloud, orphan, options, find)) });
  session.print({ orphans: lines }, () => text(lines, options));
  return lines.some(({ outcome }) => outcome !== 'released') ? exitCodes.attention : exitCodes.ok;
}

type Find = (eipId?: string) => Promise<readonly OrphanEip[]>;

/** Claims are read after the EIPs, so that what is bought meanwhile is no orphan. */
async function finder(session: OrphanSession, cloud: EipCloud, deletedCluster: string | undefined): Promise<Find> {
  const { signal } = session;
  const listed = async (clusterUid: string, eipId?: string) =>
    cloud.describeEips(
      { tags: [{ key: tags.cluster, value: clusterUid }], ...(eipId === undefined ? {} : { eipIds: [eipId] }) },
      { signal },
    );
  if (deletedCluster !== undefined) {
    await refuseLiveCluster(session, deletedCluster);
    return async (eipId) =>
      orphanEips({ eips: await listed(deletedCluster, eipId), claims: [], clusterUid: deletedCluster });
  }
  const client = await session.kube();
  const { uid: clusterUid = '' } = (await client.get(namespaces, objectNames.systemNamespace, { signal })).metadata;
  return async (eipId) => {
    const eips = await listed(clusterUid, eipId);
    return orphanEips({ eips, claims: (await client.list(eipClaims, { signal })).items, clusterUid });
  };
}

/** A cluster that can be reached is not gone: its EIPs are held by its claims. Without a cluster at hand the word of the caller counts. */
async function refuseLiveCluster(session: OrphanSession, uid: string): Promise<void> {
  let own: string | undefined;
  try {
    const client = await session.kube();
    own = (await client.get(namespaces, objectNames.systemNamespace, { signal: session.signal })).metadata.uid;
  } catch (error) {
    session.warn(`no cluster was asked whether it is ${uid}: ${errorText(error)}`);
  }
  if (own === uid)
    throw cliError(
      cliErrors.usage,
      `--deleted-cluster ${uid} is the cluster of the kubeconfig, which is there; leave the option out`,
    );
}

async function fate(
  { signal }: OrphanSession,
  cloud: EipCloud,
  orphan: OrphanEip,
  { release, yes }: OrphanOptions,
  find: Find,
): Promise<Pick<Line, 'outcome' | 'why'>> {
  if (!release) return { outcome: 'listed' };
  if (!orphan.releasable)
    return { outcome: 'kept', why: `it is bound to ${orphan.boundTo ?? 'something'}, or being changed` };
  if (!yes) return { outcome: 'would be released' };
  // Somebody may have taken it since: releasing is for ever.
  const [now] = await find(orphan.eipId);
  if (now?.releasable !== true) return { outcome: 'kept', why: 'it is no orphan any more' };
  try {
    await cloud.releaseEip(orphan.eipId, { signal });
    return { outcome: 'released' };
  } catch (error) {
    signal.throwIfAborted();
    return { outcome: 'kept', why: errorText(error) };
  }
}

function text(lines: readonly Line[], { release, yes }: OrphanOptions): string {
  if (lines.length === 0) return 'no EIP that the cluster bought is without a claim\n';
  const rows = lines.map(({ eipId, ip, bandwidth, owner, createdAt, boundTo, outcome, why }) => [
    eipId,
    ip,
    bandwidth === undefined ? '' : `${bandwidth} Mbps`,
    owner,
    createdAt,
    boundTo ?? '',
    why === undefined ? outcome : `${outcome}: ${why}`,
  ]);
  const table = renderTable(['EIP', 'ADDRESS', 'BANDWIDTH', 'BOUGHT FOR', 'BOUGHT', 'BOUND TO', 'OUTCOME'], rows);
  const count = lines.filter(({ outcome }) => outcome === 'would be released').length;
  const rest = count === 0 ? '' : `\n${count} would be released for ever; --release --yes does it\n`;
  const hint = release || yes ? rest : '\nunbound EIPs cost money; --release says what would be released\n';
  return `${table}${hint}`;
}
