// From an admission request to a verdict: decodes what is asked, looks it up, and calls the pure decisions.
import { objectNames } from '../api/keys.ts';
import type { Labels } from '../api/label-selector.ts';
import { z } from 'zod';
import { type AdmissionPod, readAdmissionPod } from './admission-pod.ts';
import { type AdmissionRequest, allow, forbid, invalid, notNow, type Verdict } from './admission-review.ts';
import type { ClusterView } from './cluster-view.ts';
import { takesNodeAddress } from './address-zones.ts';
import { decide } from './decide.ts';
import { guardPodUpdate } from './guard-pod-update.ts';
import { guardNamespaceUpdate } from './guard-namespace.ts';
import { asksServiceAccount } from '../planning/match-policies.ts';
import { type PatchOperation, podPatch } from './pod-patch.ts';
import { zoneAffinityPatch } from './zone-affinity.ts';
import type { PolicyView } from '../planning/policy-view.ts';

/** Answers one request. Throws only when the API server could not be asked; the caller then refuses. */
export type Reviewer = (request: AdmissionRequest, view: ClusterView) => Promise<Verdict> | Verdict;

/** CREATE of a Pod: the marks of DESIGN, decision 6. Other operations pass untouched. Answers at once when the watches know everything. */
export const mutatePod: Reviewer = (request, view) => {
  if (request.operation !== 'CREATE') return allow();
  const decoded = readAdmissionPod(request.object);
  if (!decoded.ok) return invalid(`the Pod cannot be read: ${decoded.problem}`);
  if (!view.synced) return notNow('the security group policies are not loaded yet; try again in a moment');
  const { pod } = decoded;
  const namespace = request.namespace ?? '';
  const judge = (applicable: Applicable): Verdict | Promise<Verdict> => admit(pod, namespace, applicable, view);
  const found = policiesFor(pod, namespace, view);
  return found instanceof Promise ? found.then(judge) : judge(found);
};

function admit(
  pod: AdmissionPod,
  namespace: string,
  { policies, serviceAccountLabels }: Applicable,
  view: ClusterView,
): Verdict | Promise<Verdict> {
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
    allowed: view.allowedGroups(),
    trunking: trunking.ok ? trunking.on : trunking.problem,
    defaultNetworks: view.defaultNetworks(),
    servesEip: view.servesEip,
    furtherEipAttributes: view.furtherEipAttributes(),
  });
  if (decision.kind === 'refuse') return forbid(decision.message);
  const verdictWith = (zones: readonly PatchOperation[]): Verdict => {
    const marks = podPatch(pod, decision);
    const patch = zones.length === 0 ? marks : [...marks, ...zones];
    const { note, warnings } = decision;
    return { allowed: true, patch, warnings, ...(note === undefined ? {} : { note }) };
  };
  if (view.sharesAddresses() || !takesNodeAddress(decision)) return verdictWith([]);
  return zonePatch(pod, namespace, view).then(verdictWith);
}

/** A Pod whose address is in certain zones goes nowhere else. One that could not be looked up goes where it may: ipamd says what is wrong there. */
async function zonePatch(pod: AdmissionPod, namespace: string, view: ClusterView): Promise<readonly PatchOperation[]> {
  const zones = await view.addressZones.of(namespace, pod).catch(() => undefined);
  return zones === undefined ? [] : zoneAffinityPatch(pod, zones);
}

/** UPDATE of a Pod: nobody else changes what admission wrote. */
export const guardPod: Reviewer = (request, view) => {
  if (request.operation !== 'UPDATE') return allow();
  const decoded = bothObjects(request);
  if ('allowed' in decoded) return decoded;
  const reason = guardPodUpdate({
    before: decoded.before.annotations ?? {},
    after: decoded.after.annotations ?? {},
    username: request.userInfo?.username ?? '',
    namespace: request.namespace ?? '',
    allowed: view.allowedGroups(),
  });
  return reason === undefined ? allow() : forbid(reason);
};

/** UPDATE of a namespace that has the label of one with policies. */
export const guardNamespace: Reviewer = async (request, view) => {
  if (request.operation !== 'UPDATE') return allow();
  const decoded = bothObjects(request);
  if ('allowed' in decoded) return decoded;
  const verdict = guardNamespaceUpdate({
    before: decoded.before.labels ?? {},
    after: decoded.after.labels ?? {},
    username: request.userInfo?.username ?? '',
  });
  if (verdict.kind === 'refuse') return forbid(verdict.message);
  if (verdict.kind === 'allow') return allow(verdict.warnings);
  const namespace = request.name ?? '';
  // kube-system has no policies that hold, and the label there is a mistake.
  if (namespace === objectNames.systemNamespace) return allow();
  const policies = await view.readPolicies(namespace);
  if (policies.length > 0 || view.policiesMayLag(namespace))
    return notNow(`namespace "${namespace}" has a SecurityGroupPolicy, or one is being created; look again`);
  return allow();
};

const stringMap = z.record(z.string(), z.string()).nullish();
const metadataSchema = z.object({ metadata: z.object({ labels: stringMap, annotations: stringMap }) });
type Metadata = z.output<typeof metadataSchema>['metadata'];

function bothObjects(request: AdmissionRequest): { readonly before: Metadata; readonly after: Metadata } | Verdict {
  const before = metadataSchema.safeParse(request.oldObject);
  const after = metadataSchema.safeParse(request.object);
  if (!before.success) return invalid(`oldObject cannot be read: ${issueText(before.error)}`);
  if (!after.success) return invalid(`object cannot be read: ${issueText(after.error)}`);
  return { before: before.data.metadata, after: after.data.metadata };
}

interface Applicable {
  readonly policies: readonly PolicyView[];
  /** `undefined`: there is no such ServiceAccount, and a policy asks for it. */
  readonly serviceAccountLabels: Labels | undefined;
}

/** From the watch, and from the API while the watch may lack a policy that passed admission: a late event never costs a Pod its groups. */
function policiesFor(pod: AdmissionPod, namespace: string, view: ClusterView): Applicable | Promise<Applicable> {
  // No policy holds there, and its Pods never wait for us.
  if (namespace === objectNames.systemNamespace) return { policies: [], serviceAccountLabels: {} };
  const applicable = (policies: readonly PolicyView[]): Applicable | Promise<Applicable> => {
    if (!asksServiceAccount(policies)) return { policies, serviceAccountLabels: {} };
    const labels = view.serviceAccountLabels(namespace, accountName(pod));
    return labels instanceof Promise
      ? labels.then((serviceAccountLabels) => ({ policies, serviceAccountLabels }))
      : { policies, serviceAccountLabels: labels };
  };
  return view.policiesMayLag(namespace)
    ? view.readPolicies(namespace).then(applicable)
    : applicable(view.policiesFor(namespace, pod.metadata.labels));
}

const accountName = ({ spec }: AdmissionPod): string =>
  spec.serviceAccountName == null || spec.serviceAccountName === '' ? 'default' : spec.serviceAccountName;

function issueText(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not accepted'}`;
}
