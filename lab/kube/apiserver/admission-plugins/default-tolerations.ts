// Admission plugin DefaultTolerationSeconds: a Pod stays five minutes on a node that is not ready or not reached.
import { ensureObject, objectsAt } from '../json.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { isAbout } from './plugin.ts';

const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const SECONDS = 300;

/** Source: plugin/pkg/admission/defaulttolerationseconds of Kubernetes. Pods that say anything about a taint keep what they say. */
export const defaultTolerations: AdmissionPlugin = {
  admit(request, pod) {
    if (!isAbout(request, '', 'pods')) return;
    const spec = ensureObject(pod, 'spec');
    const given = objectsAt(spec, 'tolerations');
    const missing = TAINTS.filter(
      (key) =>
        !given.some(
          (toleration) =>
            (!toleration['key'] || toleration['key'] === key) &&
            (!toleration['effect'] || toleration['effect'] === 'NoExecute'),
        ),
    );
    if (missing.length === 0) return;
    const added = missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS }));
    spec['tolerations'] = given.length === 0 ? added : [...given, ...added];
  },
};
