// Puts the built-in plugins around the webhooks, in the order in which a real server asks them.
import { checkEscalation } from '../access/escalation.ts';
import type { Authorizer } from '../access/rbac.ts';
import type { Admission } from '../admission/admission.ts';
import type { IdSource } from '../core.ts';
import type { Store } from '../storage/store.ts';
import { defaultTolerations } from './default-tolerations.ts';
import { nodeRestriction } from './node-restriction.ts';
import { nodeTaints } from './node-taints.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { lookupIn } from './plugin.ts';
import { priority } from './priority.ts';
import { serviceAccount } from './service-account.ts';

interface ChainDeps {
  readonly store: Store;
  readonly ids: Pick<IdSource, 'nameSuffix'>;
  readonly authorizer: Authorizer;
  readonly webhooks: Admission;
}

/** Plugins change first, then webhooks; privileges are checked on what came out; plugins validate before webhooks do. */
export function createAdmissionChain({ store, ids, authorizer, webhooks }: ChainDeps): Admission {
  const lookup = lookupIn(store);
  const plugins: readonly AdmissionPlugin[] = [
    serviceAccount(lookup, ids),
    nodeRestriction(lookup),
    nodeTaints,
    priority(lookup),
    defaultTolerations,
  ];
  return {
    async mutate(request, draft) {
      for (const plugin of plugins) plugin.admit?.(request, draft);
      const mutated = await webhooks.mutate(request, draft);
      const { definition, user, namespace, name } = request.scope;
      if (definition.group === 'rbac.authorization.k8s.io')
        checkEscalation(authorizer, {
          user,
          namespace,
          plural: definition.plural,
          requestName: request.operation === 'CREATE' ? '' : name,
          object: mutated,
          old: request.old,
        });
      return mutated;
    },
    async validate(request, object) {
      for (const plugin of plugins) plugin.validate?.(request, object);
      await webhooks.validate(request, object);
    },
  };
}
