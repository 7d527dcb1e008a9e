// ControllerRevisions: the versions of a template that StatefulSets and DaemonSets keep.
import type { KubeObject, Resource } from '../../../../src/kube/types.ts';

export interface ControllerRevision extends KubeObject {
  /** What `kubectl rollout undo` applies to the owner as a strategic patch. */
  data?: { spec?: { template?: Record<string, unknown> } };
  /** Counts up with each change; going back to an old template gives its revision the next number. */
  revision: number;
}

export const controllerRevisions: Resource<ControllerRevision> = {
  group: 'apps',
  version: 'v1',
  plural: 'controllerrevisions',
  kind: 'ControllerRevision',
  namespaced: true,
};
