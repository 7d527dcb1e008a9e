// The security groups of node ENIs (spec 000): decided per node, kept in step with the cloud, told where people and spec 003 look.
import { annotations, objectNames } from '../../../api/keys.ts';
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import { isNodeEni, type VpcEni } from '../../../api/vpc-eni.ts';
import { createController, watchOf } from '../../../kube/controller.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller, InformerChange } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { createGroupMemory, type GroupSyncDeps } from './deps.ts';
import { createKnownGroups } from './known-groups.ts';
import { createGroupPermission } from './permission.ts';
import { contradictions, groupPolicy } from './policy.ts';
import { reconcileNodeGroups } from './reconcile.ts';
import { SECURITY_GROUPS_READY } from './report.ts';
import { closedByVersion } from './version.ts';

/** Wide, so that the first looks of many nodes share their describes. */
const CONCURRENCY = 64;

/** Level-triggered per node: an edit of the nec, the annotation, a new ENI and a change seen in the cloud each bring the node back at once. */
export function createNodeSecurityGroups(common: IpamdDeps): Controller {
  const { informers, clock, logger, timings } = common;
  const deps: GroupSyncDeps = {
    ...common,
    groups: createKnownGroups(common.cloud, clock),
    // A node that waits comes back after `lookAgainMs`, and is not to find that it came a moment too soon.
    groupPermission: createGroupPermission(clock, timings.lookAgainMs / 2),
    groupMemory: createGroupMemory(),
  };
  const closed = versionQuestion(deps);
  return createController({
    name: 'node.security-groups',
    clock,
    logger,
    concurrency: CONCURRENCY,
    watches: [
      watchOf(informers.nodeEniConfigs, (change) => (concernsNec(change) ? [change.key] : [])),
      watchOf(informers.nodes, (change) => (concernsNode(change) ? [change.key] : [])),
      watchOf(informers.vpcEnis, (change) => (concernsEni(change) ? [nodeOf(change)] : [])),
    ],
    sources: [
      (enqueue, signal) => {
        const stops = subscriptions(deps, enqueue);
        signal.addEventListener('abort', () => stops.forEach((stop) => stop()), { once: true });
      },
    ],
    reconcile: (name, context) => reconcileNodeGroups(deps, name, closed, context),
  });
}

const groupsOf = (nec: NodeEniConfig | undefined): string =>
  JSON.stringify([nec?.spec.securityGroups, nec?.spec.instanceID, nec?.status?.securityGroups]);

const concernsNec = ({ before, after }: InformerChange<NodeEniConfig>): boolean =>
  before === undefined || groupsOf(before) !== groupsOf(after);

const marksOf = (node: Node | undefined): string =>
  JSON.stringify([
    node?.metadata.annotations?.[annotations.disableNodeEniSecurityGroups],
    node?.metadata.annotations?.[annotations.disableNodeEni],
    node?.spec?.providerID,
    // What was told must be taken back, also when the cache shows it only after the cause is over.
    node?.status?.conditions?.find((each) => each.type === SECURITY_GROUPS_READY)?.status,
  ]);

// Kubelets write their nodes every few seconds; of that, only this decides.
const concernsNode = ({ before, after }: InformerChange<Node>): boolean =>
  before === undefined || marksOf(before) !== marksOf(after);

const nodeOf = ({ before, after }: InformerChange<VpcEni>): string => (after ?? before)?.spec.nodeName ?? '';

const stateOf = (eni: VpcEni | undefined): string =>
  JSON.stringify([
    eni?.spec.securityGroups,
    eni?.status?.phase,
    eni?.status?.eni?.eniID,
    eni?.status?.eni?.securityGroups,
  ]);

function concernsEni({ before, after }: InformerChange<VpcEni>): boolean {
  const eni = after ?? before;
  return eni !== undefined && isNodeEni(eni) && stateOf(before) !== stateOf(after);
}

/** Asked once per process: a Deployment with another image starts another process. */
function versionQuestion(deps: GroupSyncDeps): (signal: AbortSignal) => Promise<string | undefined> {
  let asked: Promise<string | undefined> | undefined;
  const ask = async (signal: AbortSignal): Promise<string | undefined> => {
    const reason = await closedByVersion(deps.client, deps.version, signal);
    if (reason === undefined) return undefined;
    deps.logger.warn({ reason }, 'node security groups stay off: this version is too old for them');
    const { systemNamespace: namespace, ipamd: name } = objectNames;
    const regarding = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name } };
    deps.recorder.record({ regarding, type: 'Warning', reason: 'VersionTooOld', message: reason });
    return reason;
  };
  return (signal) => {
    asked ??= ask(signal).catch((error: unknown) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
}

/** What no informer tells: changed add-on values, a permission that was granted, groups seen in the cloud. */
function subscriptions(deps: GroupSyncDeps, enqueue: (name: string) => void): readonly (() => void)[] {
  const { informers, observations, settings, groupPermission, groupMemory, logger, flags } = deps;
  const all = (): void => {
    for (const nec of informers.nodeEniConfigs.list()) enqueue(nec.metadata.name);
  };
  const tell = (): void => {
    for (const which of contradictions(flags, settings.current()))
      logger.warn({ which }, 'a flag and an add-on value are both given and differ; the flag counts');
  };
  const policy = (): string => JSON.stringify([groupPolicy(flags, settings.current()), settings.held('create')]);
  let last = policy();
  tell();
  return [
    settings.onChange(() => {
      tell();
      if (policy() === last) return;
      last = policy();
      all();
    }),
    groupPermission.onGranted(all),
    observations.onChange((eniId) => {
      for (const eni of informers.vpcEnis.byIndex('eni', eniId)) if (isNodeEni(eni)) enqueue(eni.spec.nodeName);
    }),
    informers.nodes.onChange(({ key, after }) => {
      const { sawYes } = groupMemory;
      if (after === undefined) sawYes.delete(key);
      else if (after.metadata.annotations?.[annotations.disableNodeEniSecurityGroups] === 'yes')
        sawYes.set(key, (sawYes.get(key) ?? 0) + 1);
    }),
    informers.vpcEnis.onChange(({ type, before }) => {
      const eniId = type === 'deleted' ? before?.status?.eni?.eniID : undefined;
      if (eniId === undefined) return;
      observations.forget(eniId);
      groupMemory.announced.delete(eniId);
    }),
  ];
}
