// `trunkline explain node`, `sgp` and `eip`: gather, explain, print.
import { findClusterWide, findNamespaced } from '../../diagnose/explain/find.ts';
import { eipSubjects, explainEip } from '../../diagnose/explain/eip.ts';
import { explainNode, namesOfNode } from '../../diagnose/explain/node.ts';
import { explainPolicy } from '../../diagnose/explain/policy.ts';
import { gapOf } from '../../diagnose/picture/picture.ts';
import type { CliSession } from '../context.ts';
import { cliError, cliErrors } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { meant } from '../meant.ts';
import { renderEip } from './render-eip.ts';
import { renderNode } from './render-node.ts';
import { renderPolicy } from './render-policy.ts';

/** By name, address or instance id. Exit code 1 when something of the node is in trouble. */
export async function explainNodeCommand(session: CliSession, name: string): Promise<number> {
  const picture = await session.picture();
  const found = findClusterWide(picture.kube.nodes, name, namesOfNode(picture));
  const explanation = explainNode(picture, meant('node', name, found, picture, 'nodes'));
  session.print(explanation, () => renderNode(explanation, session.style));
  return explanation.troubles.length > 0 ? exitCodes.attention : exitCodes.ok;
}

/** Exit code 1 when a Pod has other groups, a group does not exist, or a rule is missing. */
export async function explainPolicyCommand(session: CliSession, name: string): Promise<number> {
  const picture = await session.picture();
  const wanted = { text: name, namespace: await session.namespace(), elsewhere: !session.namespaceGiven };
  const found = findNamespaced(picture.kube.securityGroupPolicies, wanted);
  const policy = meant('SecurityGroupPolicy', name, found, picture, 'securitygrouppolicies');
  const explanation = explainPolicy(picture, policy);
  session.print(explanation, () => renderPolicy(explanation, session.style));
  const { pods, groups, preflight } = explanation;
  const attention =
    preflight.length > 0 ||
    groups.some(({ exists }) => exists === false) ||
    pods.some(({ answer }) => answer === 'differs' || answer === 'failed');
  return attention ? exitCodes.attention : exitCodes.ok;
}

/** By claim, Pod, EIP id or public address. Exit code 1 when it is bound to nothing, or passed by. */
export async function explainEipCommand(session: CliSession, name: string): Promise<number> {
  const picture = await session.picture();
  const wanted = { text: name, namespace: await session.namespace(), elsewhere: !session.namespaceGiven };
  const isId = /^eip-[a-z0-9]+$|^\d+\.\d+\.\d+\.\d+$/.test(name);
  const claims = isId ? undefined : findNamespaced(picture.kube.eipClaims, wanted);
  const chosen = claims === undefined ? [] : [meant('EIPClaim', name, claims, picture, 'eipclaims')];
  const [subject] = eipSubjects(picture, name, chosen);
  if (subject === undefined) {
    const why = gapOf(picture, 'eips') ?? gapOf(picture, 'cloud');
    throw cliError(
      cliErrors.nameUnknown,
      `no EIP ${name} ${why === undefined ? 'is in this account and region' : `can be found: ${why}`}`,
    );
  }
  const explanation = explainEip(picture, subject);
  session.print(explanation, () => renderEip(explanation, session.style));
  const bound = explanation.inCloud?.privateIp !== '' && explanation.phase !== 'Failed';
  return bound && explanation.used !== false ? exitCodes.ok : exitCodes.attention;
}
