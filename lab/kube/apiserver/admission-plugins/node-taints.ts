// Admission plugin TaintNodesByCondition: a new node takes no Pods until a controller has seen that it is ready.
import { ensureObject, objectsAt } from '../json.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { isAbout } from './plugin.ts';

const NOT_READY = 'node.kubernetes.io/not-ready';

/** Source: plugin/pkg/admission/nodetaint of Kubernetes. */
export const nodeTaints: AdmissionPlugin = {
  admit(request, node) {
    if (request.operation !== 'CREATE' || !isAbout(request, '', 'nodes')) return;
    const spec = ensureObject(node, 'spec');
    const taints = objectsAt(spec, 'taints');
    if (taints.some((taint) => taint['key'] === NOT_READY && taint['effect'] === 'NoSchedule')) return;
    spec['taints'] = [...taints, { key: NOT_READY, effect: 'NoSchedule' }];
  },
};
