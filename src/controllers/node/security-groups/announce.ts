// Tells what groups an ENI has: the line that spec 003's pipeline reads, and an Event on the node when they changed.
import { klogEventLine } from '../../../kube/klog-events.ts';
import { sameGroups } from '../../../planning/group-sync.ts';
import { tellNode } from '../tell-node.ts';
import type { GroupSyncDeps } from './deps.ts';

const REASON = 'SyncSecurityGroups';

/**
 * One line for each call, never deduplicated (DESIGN section 5). No list contains a space, and the second one is word nine of the message, where
 * `awk '{print $24}'` of spec 003 finds it (facts/tke.md 13.3; the wording is a GUESS of the facts).
 */
export function announce(
  deps: Pick<GroupSyncDeps, 'eventLines' | 'clock' | 'groupMemory' | 'recorder' | 'informers'>,
  nodeName: string,
  eniId: string,
  before: readonly string[],
  after: readonly string[],
): void {
  const uid = deps.informers.nodes.get(nodeName)?.metadata.uid;
  const metadata = { name: nodeName, ...(uid === undefined ? {} : { uid }) };
  const regarding = { apiVersion: 'v1', kind: 'Node', metadata };
  const message = `Sync eni ${eniId} security groups from [${before.join(',')}] to [${after.join(',')}]`;
  deps.groupMemory.announced.add(eniId);
  deps.eventLines.write(klogEventLine({ regarding, type: 'Normal', reason: REASON, message }, deps.clock));
  // At each start there is one line for each ENI; as Events in the API they would tell nobody anything.
  if (!sameGroups(before, after)) tellNode(deps, nodeName, { type: 'Normal', reason: REASON, message });
}
