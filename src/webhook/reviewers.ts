// From an admission request to a verdict: decodes what is asked, looks it up, and calls the pure decisions.
import { objectNames, WEBHOOK_EXEMPT_LABEL } from '../api/keys.ts';
import type { Labels } from '../api/label-selector.ts';
import { z } from 'zod';
import { type AdmissionPod, admissionPodSchema } from './admission-pod.ts';
import { type AdmissionRequest, allow, forbid, invalid, notNow, type Verdict } from './admission-review.ts';
import type { ClusterView } from './cluster-view.ts';
import { decide } from './decide.ts';
import { guardPodUpdate } from './guard-pod-update.ts';
import { asksServiceAccount, matchPolicies } from './match-policies.ts';
import { podPatch } from './pod-patch.ts';
import type { PolicyView } from './policy-view.ts';
import { policyProblemText, reviewPolicy } from './validate-policy.ts';

/** Answers one request. Throws only when the API server could not be asked; the caller then refuses. */
export type Reviewer = (request: AdmissionRequest, view: ClusterView) => Promise<Verdict> | Verdict;

/** CREATE of a Pod: the marks of DESIGN, decision 6. Other operations pass untouched. */
export const mutatePod: Reviewer = async (request, view) => {
  if (request.operation !== 'CREATE') return allow();
  const decoded = admissionPodSchema.safeParse(request.object);
  if (!decoded.success) return invalid(`the Pod cannot be read: ${issueText(decoded.error)}`);
  if (!view.synced) return notNow('the security group policies are not loaded yet; try again in a moment');
  const pod = decoded.data;
  const namespace = request.namespace ?? '';
  const { policies, serviceAccountLabels } = await policiesFor(pod, namespace, view);
  if (serviceAccountLabels === undefined)
    return notNow(
      `ServiceAccount ${namespace}/${accountName(pod)} does not exist, and a SecurityGroupPolicy selects by its labels; create it first`,
    );
  const trunking = view.trunking();
  const decision = decide({
    pod,
    namespace: { name: namespace, labels: view.namespaceLabels(namespace) },
    serviceAccountLabels,
    policies,
    trunking: trunking.ok ? trunking.on : trunking.problem,
    defaultNetworks: view.defaultNetworks(),
    servesEip: view.servesEip,
    sharesAddresses: view.sharesAddresses(),
  });
  if (decision.kind === 'refuse') return forbid(decision.message);
  const verdict = allow(decision.warnings, podPatch(pod, decision));
  return decision.note === undefined ? verdict : { ...verdict, note: decision.note };
};

const annotatedSchema = z.object({ metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }) });

/** UPDATE of a Pod: nobody else changes what admission wrote. */
export const guardPod: Reviewer = (request) => {
  if (request.operation !== 'UPDATE') return allow();
  const before = annotatedSchema.safeParse(request.oldObject);
  const after = annotatedSchema.safeParse(request.object);
  if (!before.success) return invalid(`oldObject cannot be read: ${issueText(before.error)}`);
  if (!after.success) return invalid(`object cannot be read: ${issueText(after.error)}`);
  const reason = guardPodUpdate({
    before: before.data.metadata.annotations ?? {},
    after: after.data.metadata.annotations ?? {},
    username: request.userInfo?.username ?? '',
  });
  return reason === undefined ? allow() : forbid(reason);
};

/** CREATE and UPDATE of a SecurityGroupPolicy. One that is being deleted passes, so that finalizers can always go. */
export const validatePolicy: Reviewer = (request, view) => {
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return allow();
  if (beingDeleted.safeParse(request.object).success) return allow();
  const { problems, warnings } = reviewPolicy(request.object);
  if (problems.length > 0) return invalid(policyProblemText(problems));
  view.expectPolicyChange(request.namespace ?? '');
  return allow([...warnings, ...exemptWarning(request.namespace ?? '', view)]);
};

const beingDeleted = z.object({ metadata: z.object({ deletionTimestamp: z.string().min(1) }) });

function exemptWarning(namespace: string, view: ClusterView): readonly string[] {
  const exempt =
    namespace === objectNames.systemNamespace || Object.hasOwn(view.namespaceLabels(namespace), WEBHOOK_EXEMPT_LABEL);
  return exempt ? [`Pods of namespace "${namespace}" are exempt from admission, so this policy has no effect`] : [];
}

interface Applicable {
  readonly policies: readonly PolicyView[];
  /** `undefined`: there is no such ServiceAccount, and a policy asks for it. */
  readonly serviceAccountLabels: Labels | undefined;
}

/**
 * From the watch. From the API when a policy of the namespace was just written, or when nothing in the watch selects the Pod (another
 * replica may have admitted the policy): a late watch event never costs a Pod its groups.
 */
async function policiesFor(pod: AdmissionPod, namespace: string, view: ClusterView): Promise<Applicable> {
  // No policy holds there, and its Pods never wait for us.
  if (namespace === objectNames.systemNamespace) return { policies: [], serviceAccountLabels: {} };
  if (view.policiesMayLag(namespace)) return withLabels(await view.readPolicies(namespace));
  const watched = await withLabels(view.policies(namespace));
  if (watched.serviceAccountLabels === undefined || pod.spec.hostNetwork === true || selects(watched)) return watched;
  return withLabels(await view.readPolicies(namespace));

  async function withLabels(policies: readonly PolicyView[]): Promise<Applicable> {
    return { policies, serviceAccountLabels: await labelsOfServiceAccount(pod, namespace, policies, view) };
  }
  function selects({ policies, serviceAccountLabels = {} }: Applicable): boolean {
    return matchPolicies({ policies, podLabels: pod.metadata.labels ?? {}, serviceAccountLabels }).kind !== 'none';
  }
}

async function labelsOfServiceAccount(
  pod: AdmissionPod,
  namespace: string,
  policies: readonly PolicyView[],
  view: ClusterView,
): Promise<Labels | undefined> {
  return asksServiceAccount(policies) ? view.serviceAccountLabels(namespace, accountName(pod)) : {};
}

const accountName = ({ spec }: AdmissionPod): string =>
  spec.serviceAccountName == null || spec.serviceAccountName === '' ? 'default' : spec.serviceAccountName;

function issueText(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not accepted'}`;
}
