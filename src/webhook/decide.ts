// The one decision of admission: what becomes of a Pod, given the policies, its placement and its annotations (DESIGN, decision 6).
import { type AdmissionOutcome, encodeAdmissionDecision } from '../api/admission-decision.ts';
import { annotations as keys, networks, objectNames, resourceNames, WEBHOOK_EXEMPT_LABEL } from '../api/keys.ts';
import type { Labels } from '../api/label-selector.ts';
import { type AdmissionPod, isPinnedToSuperNodes } from './admission-pod.ts';
import type { DefaultNetworks } from './default-networks.ts';
import { type AllowedGroups, forbiddenGroups, groupList } from '../planning/allowed-groups.ts';
import { MAX_GROUPS } from '../planning/group-sync.ts';
import { matchPolicies, type PolicyMatch } from '../planning/match-policies.ts';
import { eipAnnotation, eipWish } from './eip-wish.ts';
import { networkNames } from './pod-networks.ts';
import type { PolicyView } from '../planning/policy-view.ts';

export interface DecideInput {
  readonly pod: AdmissionPod;
  readonly namespace: { readonly name: string; readonly labels: Labels };
  readonly serviceAccountLabels: Labels;
  /** Those of the Pod's namespace. */
  readonly policies: readonly PolicyView[];
  /** Which groups the namespace may use. */
  readonly allowed: AllowedGroups;
  /** The add-on value enableSubEni; a text says why it cannot be read. */
  readonly trunking: boolean | string;
  /** Networks of Pods that name none. */
  readonly defaultNetworks: DefaultNetworks;
  /** Whether Pods that ask for an EIP are counted against their nodes, so that they wait for one. */
  readonly servesEip: boolean;
  /** `vpcCni.eip.allowFurtherAttributes`. */
  readonly furtherEipAttributes: boolean;
}

export interface Admission {
  readonly kind: 'admit';
  /** Present when a policy matched. */
  readonly outcome: AdmissionOutcome | undefined;
  /** Annotations to set; `null` removes. */
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly resources: ResourceChange;
  /** Sentences for the person who creates the Pod. */
  readonly warnings: readonly string[];
  /** For the log: why an ordinary Pod got no resource, in the documented words. */
  readonly note: string | undefined;
}

/** What becomes of the extended resources that count the Pod against its node. */
export interface ResourceChange {
  /** Stands on container 0 alone, in place of any that the Pod brought; `remove` goes from every container. */
  readonly exactly?: { readonly add: string; readonly remove: readonly string[] };
  /** Each is put on container 0, unless a container of the Pod asks for it already. */
  readonly atLeast?: readonly string[];
}

export type Decision = Admission | { readonly kind: 'refuse'; readonly message: string };

type Matched = Extract<PolicyMatch, { kind: 'matched' }>;

const UNTOUCHED: Admission = {
  kind: 'admit',
  outcome: undefined,
  annotations: {},
  resources: {},
  warnings: [],
  note: undefined,
};

/**
 * Pure. Policies win over an explicit `networks`, since a matching Pod must never start with fewer groups than asked; the
 * EIP annotations do not change the outcome, but where nobody could act on them the Pod is refused. Groups and decisions that anybody else wrote
 * are removed.
 */
export function decide(input: DecideInput): Decision {
  const { pod, namespace } = input;
  if (Object.hasOwn(namespace.labels, WEBHOOK_EXEMPT_LABEL)) return UNTOUCHED;
  if (namespace.name === objectNames.systemNamespace) return systemPod(input);
  const match = matchPolicies({
    policies: input.policies,
    podLabels: pod.metadata.labels,
    serviceAccountLabels: input.serviceAccountLabels,
  });
  if (pod.spec.hostNetwork === true) return hostNetwork(input, match);
  if (match.kind === 'unusable') return refuse(unusableText(namespace.name, match));
  if (!isPinnedToSuperNodes(pod)) {
    const wish = eipWish(pod, input.furtherEipAttributes);
    // It would run without the public address that it asks for, and nobody reads its events by then.
    if (wish.kind === 'wrong') return refuse(wish.problem);
  }
  if (match.kind === 'none') return withoutPolicy(input);
  const problem = groupsProblem(input, match);
  if (problem !== undefined) return refuse(problem);
  if (isPinnedToSuperNodes(pod)) return marked(input, match, 'super-node');
  if (typeof input.trunking === 'string')
    return refuse(`whether Trunking is on cannot be read from ${CONFIG_MAP}: ${input.trunking}; correct that value`);
  return input.trunking ? marked(input, match, 'sub-eni') : trunkingOff(input, match);
}

function hostNetwork(input: DecideInput, match: PolicyMatch): Decision {
  const annotation = eipAnnotation(input.pod);
  const noEip =
    annotation === undefined ? [] : [`annotation ${annotation}: the Pod uses its node's network and gets no EIP`];
  if (match.kind !== 'matched') return warned(cleaned(input, {}), noEip);
  const decision = marked(input, match, 'host-network');
  const warning = `${policyText(match)}, but the Pod uses its node's network: no security group applies to it`;
  return { ...decision, warnings: [warning, ...decision.warnings, ...noEip] };
}

/** Of the groups that the matching policies make together. */
function groupsProblem({ allowed, namespace }: DecideInput, match: Matched): string | undefined {
  if (match.groups.length > MAX_GROUPS)
    return `${policyText(match)}, together with ${match.groups.length} security groups; a network interface carries at most ${MAX_GROUPS}: take groups out of the policies, or change their selectors`;
  const forbidden = forbiddenGroups(allowed, namespace.name, match.groups);
  return forbidden === undefined ? undefined : `${policyText(match)}, but ${forbidden.message}`;
}

function withoutPolicy(input: DecideInput): Decision {
  const forbidden = forbiddenGroups(input.allowed, input.namespace.name, handwrittenGroups(input.pod));
  if (forbidden !== undefined) return refuse(`annotation ${keys.eksSecurityGroupId}: ${forbidden.message}`);
  if (isPinnedToSuperNodes(input.pod)) return cleaned(input, {});
  if (asked(input).includes(networks.subEni))
    return refuse(
      `annotation ${keys.networks} asks for ${networks.subEni}, but no SecurityGroupPolicy of namespace "${input.namespace.name}" matches this Pod; create one that does, or remove the annotation`,
    );
  return ordinary(input, cleaned(input, {}));
}

/** The super-node key, which is documented for people to write where no policy matches (facts/tke.md 4.2). */
const handwrittenGroups = ({ metadata }: AdmissionPod): readonly string[] =>
  groupList(metadata.annotations?.[keys.eksSecurityGroupId]);

/** Policies do not hold in kube-system and nothing there is refused, but its Pods count against their nodes like any other. */
function systemPod(input: DecideInput): Admission {
  if (input.pod.spec.hostNetwork === true || isPinnedToSuperNodes(input.pod)) return UNTOUCHED;
  return ordinary(input, UNTOUCHED);
}

function trunkingOff(input: DecideInput, match: Matched): Decision {
  if (asked(input).includes(networks.subEni))
    return refuse(
      `annotation ${keys.networks} asks for ${networks.subEni}, but Trunking is off; set ${SWITCH} to "true" in ${CONFIG_MAP}, or remove the annotation`,
    );
  const decision = marked(input, match, 'trunking-disabled');
  const warning = `${policyText(match)}, but Trunking is off: its security groups take effect on super nodes only`;
  return ordinary(input, { ...decision, warnings: [warning, ...decision.warnings] });
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
      return withEip(input, withNetworksWarning(input, subEni(input, groups, decision)));
    case 'super-node':
      return cleaned(input, { ...decision, [keys.eksSecurityGroupId]: groups });
    case 'trunking-disabled':
      // The Pod may still land on a super node, and there the groups hold (spec 001, note on nodeSelector).
      return cleaned(input, { ...decision, [keys.eksSecurityGroupId]: groups });
    case 'host-network':
      return cleaned(input, decision);
  }
}

function subEni(input: DecideInput, groups: string, decision: Record<string, string>): Admission {
  const own = { ...decision, [keys.networks]: networks.subEni, [keys.securityGroupId]: groups };
  // A super node never gets this Pod, so a group list for one would only mislead.
  const stale =
    input.pod.metadata.annotations?.[keys.eksSecurityGroupId] === undefined ? {} : { [keys.eksSecurityGroupId]: null };
  const exactly = { add: resourceNames.subEni, remove: [resourceNames.eniIp, resourceNames.directEni] };
  return { ...cleaned(input, { ...own, ...stale }), resources: { exactly } };
}

/** Sets `own`, removes what only we may write, and warns about every list of groups that a person wrote. */
function cleaned({ pod }: DecideInput, own: Readonly<Record<string, string | null>>): Admission {
  const present = pod.metadata.annotations ?? {};
  const changes: Record<string, string | null> = { ...own };
  for (const key of [keys.securityGroupId, keys.admissionDecision, keys.eipPublicIp])
    if (present[key] !== undefined) changes[key] ??= null;
  const warnings = [keys.securityGroupId, keys.eksSecurityGroupId].flatMap((key) => {
    const before = present[key];
    if (before === undefined || changes[key] === undefined || changes[key] === before) return [];
    const after = changes[key] === null ? 'removed' : `replaced by "${changes[key]}"`;
    return [`annotation ${key}="${before}" was ${after}: only a SecurityGroupPolicy gives a Pod its groups`];
  });
  return { ...UNTOUCHED, annotations: changes, warnings };
}

/** A Pod without a group of its own counts by the network it names, else by the default one (facts/tke.md 6.5). */
function ordinary(input: DecideInput, admission: Admission): Admission {
  const explicit = asked(input);
  const found: DefaultNetworks = explicit.length > 0 ? { ok: true, names: explicit } : input.defaultNetworks;
  if (!found.ok) {
    const warning = `the default network of Pods is unknown, so this one is not counted against its node: ${found.problem}`;
    return withEip(input, { ...admission, warnings: [...admission.warnings, warning] });
  }
  const resource = resourceOf(found.names);
  if (resource === undefined && explicit.length === 0)
    return withEip(input, { ...admission, note: nothingToPatch(input, found.names) });
  const counted = resource === undefined ? admission : { ...admission, resources: { atLeast: [resource] } };
  return withEip(input, resource === resourceNames.directEni ? withExclusiveWarning(counted) : counted);
}

/** Exclusive before shared, as documented (facts/tke.md 6.5). */
function resourceOf(names: readonly string[]): string | undefined {
  if (names.includes(networks.directEni)) return resourceNames.directEni;
  return names.includes(networks.routeEni) ? resourceNames.eniIp : undefined;
}

/** The words of the documented webhook's log (facts/tke.md 6.5). */
const nothingToPatch = ({ pod, namespace }: DecideInput, names: readonly string[]): string =>
  `pod ${namespace.name}/${pod.metadata.name ?? pod.metadata.generateName ?? ''} doesn't contain annotation ${keys.networks} and default cni is ${names.join(',')}. Nothing to patch`;

/** Counted all the same, so that it waits in the documented words instead of starting with another address than asked for. */
function withExclusiveWarning(admission: Admission): Admission {
  const warning = `network ${networks.directEni}: this version serves no exclusive ENI, and no node offers ${resourceNames.directEni}: the Pod stays Pending; use ${networks.routeEni}, or a SecurityGroupPolicy for an ENI of its own`;
  return { ...admission, warnings: [...admission.warnings, warning] };
}

function withNetworksWarning({ pod }: DecideInput, admission: Admission): Admission {
  const before = pod.metadata.annotations?.[keys.networks];
  if (before === undefined || before === networks.subEni) return admission;
  const warning = `annotation ${keys.networks}="${before}" was replaced by "${networks.subEni}": a SecurityGroupPolicy matches this Pod`;
  return { ...admission, warnings: [...admission.warnings, warning] };
}

/** A Pod that asks for an EIP waits for a node that has one left. */
function withEip({ pod, servesEip, furtherEipAttributes }: DecideInput, admission: Admission): Admission {
  const wish = eipWish(pod, furtherEipAttributes);
  if (wish.kind === 'none') return admission;
  if (wish.kind === 'wrong') return warned(admission, [`${wish.problem}; the Pod gets no EIP`]);
  const { resources } = admission;
  if (resources.exactly === undefined && resources.atLeast === undefined)
    return warned(admission, [
      `annotation ${eipAnnotation(pod) ?? ''}: the network of this Pod gives it no address of the VPC, and so no EIP; use ${networks.routeEni}`,
    ]);
  if (!servesEip) return warned(admission, wish.warnings);
  const atLeast = [...(resources.atLeast ?? []), resourceNames.eip];
  return warned({ ...admission, resources: { ...resources, atLeast } }, wish.warnings);
}

const warned = (admission: Admission, more: readonly string[]): Admission =>
  more.length === 0 ? admission : { ...admission, warnings: [...admission.warnings, ...more] };

const SWITCH = 'vpcCni.trunkingEni.enableSubEni';
const CONFIG_MAP = `ConfigMap ${objectNames.systemNamespace}/${objectNames.addonValues}`;

const asked = ({ pod }: DecideInput): readonly string[] => networkNames(pod.metadata.annotations?.[keys.networks]);

const refuse = (message: string): Decision => ({ kind: 'refuse', message });

const policyText = ({ policies }: Matched): string =>
  `SecurityGroupPolicy ${policies.map(({ metadata }) => metadata.name).join(', ')} matches`;

const unusableText = (namespace: string, { policy, problem }: Extract<PolicyMatch, { kind: 'unusable' }>): string =>
  `SecurityGroupPolicy ${namespace}/${policy.metadata.name} cannot be evaluated, so the Pod's security groups are unknown: ${problem}; correct or delete the policy`;
