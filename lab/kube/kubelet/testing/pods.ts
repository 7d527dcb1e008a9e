// For tests: Pods with only what a test speaks about.
import type { LabContainer, LabPod, LabPodSpec } from '../pod-view.ts';

/** A Pod `ns/p` with one busybox container `c`. */
export function testPod(spec: Partial<LabPodSpec> = {}, metadata: Partial<LabPod['metadata']> = {}): LabPod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', uid: 'uid-1', ...metadata },
    spec: { containers: [testContainer()], ...spec },
  };
}

/** A busybox container `c`. */
export function testContainer(parts: Partial<LabContainer> = {}): LabContainer {
  return { name: 'c', image: 'busybox', ...parts };
}
