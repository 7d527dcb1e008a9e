// Which nodes ipamd manages: general and native nodes with a CVM behind them. Pure.
import { labels, SUPER_NODE_INSTANCE_TYPE } from '../../api/keys.ts';
import type { Node } from '../../kube/resources.ts';
import { instanceIdOf } from '../../planning/provider-id.ts';

/** The CVM of a general or native node; nothing for super nodes and for nodes that are no CVM of this cloud. */
export function managedInstance(node: Node): string | undefined {
  if (node.metadata.labels?.[labels.instanceType] === SUPER_NODE_INSTANCE_TYPE) return undefined;
  return instanceIdOf(node.spec?.providerID);
}
