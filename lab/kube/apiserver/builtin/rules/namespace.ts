// The rules of Namespaces: phases, the finalizer that a controller takes away, and the ones that cannot be deleted.
import type { ApiObject } from '../../json.ts';
import { ensureObject, listAt, objectAt } from '../../json.ts';
import { labelNameFault } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { forbidden } from '../../status.ts';

/** Label that every Namespace carries, for selectors by name. */
const NAME_LABEL = 'kubernetes.io/metadata.name';
const PERMANENT = ['default', 'kube-system', 'kube-public'];

export const namespaceRules: Rules = {
  nameFault: labelNameFault,
  applyDefaults(namespace) {
    const { name } = namespace.metadata;
    if (name) namespace.metadata.labels = { ...namespace.metadata.labels, [NAME_LABEL]: name };
  },
  prepareCreate(namespace) {
    ensureObject(namespace, 'spec')['finalizers'] = ['kubernetes'];
    namespace['status'] = { phase: 'Active' };
  },
  /** Only the finalize subresource changes spec.finalizers. */
  prepareUpdate(namespace, old, { subresource }) {
    if (subresource === 'finalize') return;
    if (old['spec'] === undefined) delete namespace['spec'];
    else namespace['spec'] = old['spec'];
  },
  checkDelete({ metadata }: ApiObject) {
    if (PERMANENT.includes(metadata.name))
      throw forbidden({ group: '', plural: 'namespaces' }, metadata.name, 'this namespace may not be deleted');
  },
  markDeleted: (namespace) => void (namespace['status'] = { ...objectAt(namespace, 'status'), phase: 'Terminating' }),
  blocksRemoval: (namespace) => listAt(namespace, 'spec', 'finalizers').length > 0,
};
