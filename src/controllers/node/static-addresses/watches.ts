// Which nodes a change of a claim or of an address concerns.
import type { VpcIpClaim } from '../../../api/vpc-ip-claim.ts';
import type { VpcIp } from '../../../api/vpc-ip.ts';
import type { InformerChange } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';

/** Where its Pod is and was; what is only said of it changes nothing. */
export function claimsNode({ before, after }: InformerChange<VpcIpClaim>): readonly string[] {
  const shown = (claim: VpcIpClaim | undefined): string =>
    JSON.stringify([claim?.metadata.deletionTimestamp, claim?.status?.podUID, claim?.status?.nodeName]);
  if (shown(before) === shown(after)) return [];
  return distinct([before?.status?.nodeName, after?.status?.nodeName]);
}

/** Where it is and was, and where the Pod waits that its claim is bound to. */
export function vpcIpNodes(
  { informers }: Pick<IpamdDeps, 'informers'>,
  { before, after }: InformerChange<VpcIp>,
): readonly string[] {
  const { claim } = (after ?? before)?.spec ?? {};
  const bound = claim === undefined ? undefined : informers.vpcIpClaims.get(`${claim.namespace}/${claim.name}`);
  return distinct([before?.status?.nodeName, after?.status?.nodeName, bound?.status?.nodeName]);
}

const distinct = (names: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(names)].filter((name) => name !== undefined);
