// Pods for tests of planners.
import type { Pod } from '../../../../src/kube/resources.ts';

export interface TestPod {
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly ready?: boolean;
  readonly leaving?: boolean;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly finalizers?: string[];
  readonly nodeName?: string;
  readonly readySince?: string;
}

/** Running and ready unless told otherwise; its name is its uid. */
export function testPod(name: string, options: TestPod = {}): Pod {
  const { phase = 'Running', ready = phase === 'Running', leaving = false, labels, annotations, finalizers } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'n',
      uid: name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [], ...(options.nodeName === undefined ? {} : { nodeName: options.nodeName }) },
    status: {
      phase,
      conditions: [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          lastTransitionTime: options.readySince ?? '2026-01-01T00:00:00Z',
        },
      ],
    },
  };
}
