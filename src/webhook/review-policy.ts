// CREATE and UPDATE of a SecurityGroupPolicy: what is wrong with it, and every replica told before it is stored.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { objectNames } from '../api/keys.ts';
import { forbiddenGroups } from '../planning/allowed-groups.ts';
import { namespaceExempt } from '../planning/policy-label.ts';
import { allow, type AdmissionRequest, forbid, invalid, notNow } from './admission-review.ts';
import type { ClusterView } from './cluster-view.ts';
import type { PolicyChange } from './expected-policies.ts';
import { NotTold } from './replicas.ts';
import type { Reviewer } from './reviewers.ts';
import { policyProblemText, reviewPolicy } from './validate-policy.ts';

/** One that is being deleted passes, so that finalizers can always go. */
export const validatePolicy: Reviewer = async (request, view) => {
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return allow();
  if (beingDeleted.safeParse(request.object).success) return allow();
  const namespace = request.namespace ?? '';
  if (namespace === objectNames.systemNamespace)
    return forbid(
      `a SecurityGroupPolicy in namespace "${namespace}" would have no effect: its Pods never wait for admission; put the workload into a namespace of its own`,
    );
  const { problems, warnings } = reviewPolicy(request.object);
  if (problems.length > 0) return invalid(policyProblemText(problems));
  const decoded = policySchema.parse(request.object);
  const forbidden = forbiddenGroups(view.allowedGroups(), namespace, decoded.spec.securityGroups.groupIds);
  // An edit that leaves the groups alone must stay possible after the list was narrowed, or labels could not be changed.
  if (forbidden !== undefined && !keepsSpec(request))
    return forbid(`spec.securityGroups.groupIds: ${forbidden.message}`);
  const untold = request.dryRun === true ? undefined : await announce(request, changeOf(request, namespace), view);
  if (untold !== undefined) return notNow(untold);
  return allow([...warnings, ...exemptWarning(namespace, view)]);
};

const beingDeleted = z.object({ metadata: z.object({ deletionTimestamp: z.string().min(1) }) });

const policySchema = z.object({ spec: z.object({ securityGroups: z.object({ groupIds: z.array(z.string()) }) }) });

const versionSchema = z.object({
  metadata: z.object({ uid: z.string().default(''), generation: z.int().default(1), name: z.string().default('') }),
  spec: z.unknown(),
});

/** What the watch must show before it is believed again. */
function changeOf(request: AdmissionRequest, namespace: string): PolicyChange {
  const after = versionSchema.safeParse(request.object).data;
  const before = versionSchema.safeParse(request.oldObject).data;
  const { name = '', uid = '', generation = 1 } = after?.metadata ?? {};
  // Whether the server counts up before or after it asks us.
  const counted = before === undefined || generation > before.metadata.generation || keepsSpec(request);
  return {
    namespace,
    name: name === '' ? (request.name ?? '') : name,
    uid,
    generation: counted ? generation : generation + 1,
  };
}

function keepsSpec({ operation, object, oldObject }: AdmissionRequest): boolean {
  const before = versionSchema.safeParse(oldObject).data;
  return operation === 'UPDATE' && isDeepStrictEqual(before?.spec, versionSchema.safeParse(object).data?.spec);
}

async function announce(
  request: AdmissionRequest,
  change: PolicyChange,
  view: ClusterView,
): Promise<string | undefined> {
  if (keepsSpec(request)) return undefined;
  try {
    await view.announcePolicy(change);
    return undefined;
  } catch (error) {
    if (error instanceof NotTold)
      return `the policy is not stored, since Pods could still be decided without it: ${error.message}; try again in a moment`;
    throw error;
  }
}

function exemptWarning(name: string, view: ClusterView): readonly string[] {
  const exempt = namespaceExempt({ metadata: { name, labels: view.namespaceLabels(name) } });
  return exempt ? [`Pods of namespace "${name}" are exempt from admission, so this policy has no effect`] : [];
}
