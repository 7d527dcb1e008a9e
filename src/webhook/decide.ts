// The one decision of admission: what becomes of a Pod, given the policies, its placement and its annotations (DESIGN, decision 6).
import { type AdmissionOutcome, encodeAdmissionDecision } from '../api/admission-decision.ts';
import { annotations as keys, networks, objectNames, resourceNames, WEBHOOK_EXEMPT_LABEL } from '../api/keys.ts';
import type { Labels } from '../api/label-selector.ts';
import { type AdmissionPod, isPinnedToSuperNodes } from './admission-pod.ts';
import { matchPolicies, type PolicyMatch } from './match-policies.ts';
import { networkNames } from './pod-networks.ts';
import type { PolicyView } from './policy-view.ts';

export interface DecideInput {
  readonly pod: AdmissionPod;
  readonly namespace: { readonly name: string; readonly labels: Labels };
  readonly serviceAccountLabels: Labels;
  /** Those of the Pod's namespace. */
  readonly policies: readonly PolicyView[];
  /** The add-on value enableSubEni; a text says why it cannot be read. */
  readonly trunking: boolean | string;
}

export interface Admission {
  readonly kind: 'admit';
  /** Present when a policy matched. */
  readonly outcome: AdmissionOutcome | undefined;
  /** Annotations to set; `null` removes. */
  readonly annotations: Readonly<Record<string, string | null>>;
  /** The ENI resource to put on container 0, and those to take off every container. */
  readonly resource: { readonly add: string; readonly remove: readonly string[] } | undefined;
  /** Sentences for the person who creates the Pod. */
  readonly warnings: readonly string[];
}

export type Decision = Admission | { readonly kind: 'refuse'; readonly message: string };

type Matched = Extract<PolicyMatch, { kind: 'matched' }>;

const UNTOUCHED: Admission = { kind: 'admit', outcome: undefined, annotations: {}, resource: undefined, warnings: [] };

/**
 * Pure. Policies win over an explicit `networks`, since a matching Pod must never start with fewer groups than asked; the
 * EIP annotations do not change the outcome. Groups and decisions that anybody else wrote are removed.
 */
export function decide(input: DecideInput): Decision {
  const { pod, namespace } = input;
  if (Object.hasOwn(namespace.labels, WEBHOOK_EXEMPT_LABEL)) return UNTOUCHED;
  const match = matchPolicies({
    policies: input.policies,
    podLabels: pod.metadata.labels,
    serviceAccountLabels: input.serviceAccountLabels,
  });
  if (pod.spec.hostNetwork === true) return hostNetwork(input, match);
  if (match.kind === 'unusable') return refuse(unusableText(namespace.name, match));
  if (match.kind === 'none') return withoutPolicy(input);
  if (isPinnedToSuperNodes(pod)) return marked(input, match, 'super-node');
  if (typeof input.trunking === 'string')
    return refuse(`whether Trunking is on cannot be read from ${CONFIG_MAP}: ${input.trunking}; correct that value`);
  return input.trunking ? marked(input, match, 'sub-eni') : trunkingOff(input, match);
}

function hostNetwork(input: DecideInput, match: PolicyMatch): Decision {
  if (match.kind !== 'matched') return cleaned(input, {});
  const decision = marked(input, match, 'host-network');
  const warning = `${policyText(match)}, but the Pod uses its node's network: no security group applies to it`;
  return { ...decision, warnings: [warning, ...decision.warnings] };
}

function withoutPolicy(input: DecideInput): Decision {
  if (isPinnedToSuperNodes(input.pod)) return cleaned(input, {});
  if (asked(input).includes(networks.subEni))
    return refuse(
      `annotation ${keys.networks} asks for ${networks.subEni}, but no SecurityGroupPolicy of namespace "${input.namespace.name}" matches this Pod; create one that does, or remove the annotation`,
    );
  return withEipWarning(input, { ...cleaned(input, {}), resource: explicitResource(input) });
}

function trunkingOff(input: DecideInput, match: Matched): Decision {
  if (asked(input).includes(networks.subEni))
    return refuse(
      `annotation ${keys.networks} asks for ${networks.subEni}, but Trunking is off; set ${SWITCH} to "true" in ${CONFIG_MAP}, or remove the annotation`,
    );
  const decision = marked(input, match, 'trunking-disabled');
  const warning = `${policyText(match)}, but Trunking is off: its security groups take effect on super nodes only`;
  return { ...decision, resource: explicitResource(input), warnings: [warning, ...decision.warnings] };
}

/** The marks of an outcome (spec 002, usage; spec 001 for super nodes). */
function marked(input: DecideInput, match: Matched, outcome: AdmissionOutcome): Admission {
  const groups = match.groups.join(',');
  const policies = match.policies.map(({ metadata }) => ({
    name: metadata.name,
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
  }));
  const decision = {
    [keys.admissionDecision]: encodeAdmissionDecision({ policies, groups: [...match.groups], outcome }),
  };
  return { ...marks(input, outcome, groups, decision), outcome };
}

function marks(
  input: DecideInput,
  outcome: AdmissionOutcome,
  groups: string,
  decision: Record<string, string>,
): Admission {
  switch (outcome) {
    case 'sub-eni':
      return withEipWarning(input, withNetworksWarning(input, subEni(input, groups, decision)));
    case 'super-node':
      return cleaned(input, { ...decision, [keys.eksSecurityGroupId]: groups });
    case 'trunking-disabled':
      // The Pod may still land on a super node, and there the groups hold (spec 001, note on nodeSelector).
      return withEipWarning(input, cleaned(input, { ...decision, [keys.eksSecurityGroupId]: groups }));
    case 'host-network':
      return cleaned(input, decision);
  }
}

function subEni(input: DecideInput, groups: string, decision: Record<string, string>): Admission {
  const own = { ...decision, [keys.networks]: networks.subEni, [keys.securityGroupId]: groups };
  // A super node never gets this Pod, so a group list for one would only mislead.
  const stale =
    input.pod.metadata.annotations?.[keys.eksSecurityGroupId] === undefined ? {} : { [keys.eksSecurityGroupId]: null };
  const resource = { add: resourceNames.subEni, remove: [resourceNames.eniIp, resourceNames.directEni] };
  return { ...cleaned(input, { ...own, ...stale }), resource };
}

/** Sets `own`, removes what only we may write, and warns about every list of groups that a person wrote. */
function cleaned({ pod }: DecideInput, own: Readonly<Record<string, string | null>>): Admission {
  const present = pod.metadata.annotations ?? {};
  const changes: Record<string, string | null> = { ...own };
  for (const key of [keys.securityGroupId, keys.admissionDecision])
    if (present[key] !== undefined) changes[key] ??= null;
  const warnings = [keys.securityGroupId, keys.eksSecurityGroupId].flatMap((key) => {
    const before = present[key];
    if (before === undefined || changes[key] === undefined || changes[key] === before) return [];
    const after = changes[key] === null ? 'removed' : `replaced by "${changes[key]}"`;
    return [`annotation ${key}="${before}" was ${after}: only a SecurityGroupPolicy gives a Pod its groups`];
  });
  return { kind: 'admit', outcome: undefined, annotations: changes, resource: undefined, warnings };
}

/** Documented for Pods that choose a network themselves: exclusive before shared (facts, webhook). */
function explicitResource(input: DecideInput): Admission['resource'] {
  const names = asked(input);
  if (names.includes(networks.directEni)) return { add: resourceNames.directEni, remove: [] };
  return names.includes(networks.routeEni) ? { add: resourceNames.eniIp, remove: [] } : undefined;
}

function withNetworksWarning({ pod }: DecideInput, admission: Admission): Admission {
  const before = pod.metadata.annotations?.[keys.networks];
  if (before === undefined || before === networks.subEni) return admission;
  const warning = `annotation ${keys.networks}="${before}" was replaced by "${networks.subEni}": a SecurityGroupPolicy matches this Pod`;
  return { ...admission, warnings: [...admission.warnings, warning] };
}

function withEipWarning({ pod }: DecideInput, admission: Admission): Admission {
  const present = [keys.eipAttributes, keys.eipIdList].find((key) => pod.metadata.annotations?.[key] !== undefined);
  if (present === undefined) return admission;
  const warning = `annotation ${present}: this version serves no EIP on general and native nodes; the Pod starts without one`;
  return { ...admission, warnings: [...admission.warnings, warning] };
}

const SWITCH = 'vpcCni.trunkingEni.enableSubEni';
const CONFIG_MAP = `ConfigMap ${objectNames.systemNamespace}/${objectNames.addonValues}`;

const asked = ({ pod }: DecideInput): readonly string[] => networkNames(pod.metadata.annotations?.[keys.networks]);

const refuse = (message: string): Decision => ({ kind: 'refuse', message });

const policyText = ({ policies }: Matched): string =>
  `SecurityGroupPolicy ${policies.map(({ metadata }) => metadata.name).join(', ')} matches`;

const unusableText = (namespace: string, { policy, problem }: Extract<PolicyMatch, { kind: 'unusable' }>): string =>
  `SecurityGroupPolicy ${namespace}/${policy.metadata.name} cannot be evaluated, so the Pod's security groups are unknown: ${problem}; correct or delete the policy`;
