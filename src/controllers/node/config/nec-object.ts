// The nec itself: made with the node, kept in step with its instance, removed after its last ENI.
import { annotations, labels, MANAGED_BY } from '../../../api/keys.ts';
import { nodeEniConfigs } from '../../../api/node-eni-config.ts';
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import { isAlreadyExists } from '../../../kube/api-error.ts';
import { type WarmTargets, warmTargetAnnotations } from '../../../planning/warm-targets.ts';
import type { IpamdDeps } from '../../deps.ts';
import { tellNode } from '../tell-node.ts';
import { targetsOfNewNodes } from './default-targets.ts';

/** The nec with these fields of the cloud; fields that users write are left alone. */
export async function ensureNec(deps: IpamdDeps, name: string, spec: NodeEniConfig['spec']): Promise<NodeEniConfig> {
  const existing = deps.necs.latest(name);
  if (existing === undefined) return createNec(deps, name, spec);
  const current = existing.spec as Record<string, unknown>;
  const inStep = Object.entries(spec).every(([field, value]) => current[field] === value);
  const synced = syncedTargets(deps, existing);
  if (inStep && synced === undefined) return existing;
  tellCorrections(deps, existing, spec);
  const { resourceVersion } = existing.metadata;
  const metadata = { resourceVersion, ...(synced === undefined ? {} : { annotations: synced }) };
  const patched = await deps.client.patch<NodeEniConfig>(nodeEniConfigs, name, {
    type: 'merge',
    body: { metadata, spec },
  });
  deps.necs.wrote(patched);
  return patched;
}

/** Somebody edited what only the cloud knows: it is put right, and they are told. */
function tellCorrections(deps: IpamdDeps, existing: NodeEniConfig, spec: NodeEniConfig['spec']): void {
  const current = existing.spec as Record<string, unknown>;
  const edited = Object.entries(spec).filter(([field, value]) => (current[field] ?? value) !== value);
  if (edited.length === 0) return;
  const { name } = existing.metadata;
  const fields = edited.map(
    ([field, value]) => `spec.${field} was "${String(current[field])}" and is "${String(value)}" again`,
  );
  const message = `NodeENIConfig ${name}: ${fields.join('; ')}: the cloud decides it`;
  tellNode(deps, name, { type: 'Warning', reason: 'NodeENIConfigCorrected', message });
}

/** Made with the defaults that are in force now, so that changed ones reach new nodes only (facts/tke.md 6.1, rule 5). */
async function createNec(deps: IpamdDeps, name: string, spec: NodeEniConfig['spec']): Promise<NodeEniConfig> {
  const { targets } = targetsOfNewNodes(deps);
  const metadata = { name, labels: { [labels.managedBy]: MANAGED_BY }, annotations: recorded(targets) };
  const object = { apiVersion: 'networking.tke.cloud.tencent.com/v1', kind: 'NodeENIConfig', metadata, spec };
  try {
    const made = await deps.client.create<NodeEniConfig>(nodeEniConfigs, object);
    deps.necs.wrote(made);
    return made;
  } catch (error) {
    // Ours, which the cache does not show yet.
    if (isAlreadyExists(error)) return deps.client.get(nodeEniConfigs, name);
    throw error;
  }
}

const recorded = (targets: WarmTargets): Record<string, string> => ({
  ...warmTargetAnnotations(targets),
  [annotations.routeEniIpWarmTargetDefault]: `${targets.min},${targets.max}`,
});

/** With `enableIpWarmTargetAutoSync`, a nec that still has the defaults it was made with takes new ones over. */
function syncedTargets(deps: IpamdDeps, nec: NodeEniConfig): Record<string, string> | undefined {
  if (!deps.settings.current()['vpcCni.routeEni.enableIpWarmTargetAutoSync']) return undefined;
  const { targets, problem } = targetsOfNewNodes(deps);
  const has = nec.metadata.annotations ?? {};
  const [min, max] = (has[annotations.routeEniIpWarmTargetDefault] ?? '').split(',');
  const untouched =
    has[annotations.routeEniIpMinWarmTarget] === min && has[annotations.routeEniIpMaxWarmTarget] === max;
  const isNews = min !== String(targets.min) || max !== String(targets.max);
  return problem === undefined && untouched && isNews ? recorded(targets) : undefined;
}

/** The node is gone: its nec stays while the node still has ENIs, whose instance is found through it. */
export async function removeNec(deps: IpamdDeps, name: string): Promise<undefined> {
  if (deps.informers.nodeEniConfigs.get(name) === undefined) return;
  if (deps.informers.vpcEnis.byIndex('node', name).length > 0) return;
  await deps.client.delete(nodeEniConfigs, name);
}
