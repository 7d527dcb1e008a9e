// What somebody wants to apply: objects of the cluster and rules of security groups, read from documents with each mistake named. Pure.
import { z } from 'zod';

import { nodeEniConfigSpecSchema } from '../../api/node-eni-config.ts';
import { type SecurityGroupPolicy, securityGroupPolicySpecSchema } from '../../api/security-group-policy.ts';
import { parseSecurityGroup } from '../../securitygroup/parse.ts';
import type { SecurityGroup } from '../../securitygroup/rule.ts';
import { projectPolicy } from '../../planning/policy-view.ts';

/** The calls that change rules; both directions mean a full reset, one means additions (facts of the cloud API, section 10). */
const ruleActions = ['CreateSecurityGroupPolicies', 'ModifySecurityGroupPolicies'] as const;
export type RuleAction = (typeof ruleActions)[number];

export interface RuleChange {
  readonly groupId: string;
  readonly action: RuleAction;
  readonly rules: SecurityGroup;
  /** Where additions go; absent: at the end. */
  readonly at?: number;
}

export interface WorkloadChange {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly hostNetwork: boolean;
  readonly replicas: number;
}

export interface Proposal {
  readonly policies: readonly SecurityGroupPolicy[];
  /** namespace/name. */
  readonly deletedPolicies: readonly string[];
  /** Groups of node ENIs by nec. */
  readonly nodeGroups: ReadonlyMap<string, readonly string[]>;
  readonly workloads: readonly WorkloadChange[];
  /** Labels by namespace/name. */
  readonly serviceAccounts: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly rules: readonly RuleChange[];
  /** Objects that this command does not look into. */
  readonly notLookedAt: readonly string[];
}

export type ReadProposal =
  | { readonly ok: true; readonly proposal: Proposal }
  /** Each says which document, which field, and what is accepted. */
  | { readonly ok: false; readonly problems: readonly string[] };

const text = z.record(z.string(), z.string()).nullish();
const metadata = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().optional(),
  labels: text,
  annotations: text,
});
const objectSchema = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata });
const podSpec = z.looseObject({
  serviceAccountName: z.string().optional(),
  hostNetwork: z.boolean().optional(),
  containers: z
    .array(
      z.looseObject({
        resources: z
          .looseObject({
            requests: z.record(z.string(), z.coerce.string()).nullish(),
            limits: z.record(z.string(), z.coerce.string()).nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
});
const template = z.looseObject({
  metadata: z.looseObject({ labels: text, annotations: text }).nullish(),
  spec: podSpec,
});
const workloadSchema = z.looseObject({
  spec: z.looseObject({ replicas: z.int().min(0).optional(), completions: z.int().min(0).optional(), template }),
});
const ruleDocument = z.looseObject({
  Action: z.enum(ruleActions, { error: `expected ${ruleActions.join(' or ')}` }).optional(),
  SecurityGroupId: z.string().regex(/^sg-[a-z0-9]{8}$/, 'expected a security group id such as "sg-12ab34cd"'),
  SecurityGroupPolicySet: z.looseObject({
    Ingress: z.array(z.looseObject({ PolicyIndex: z.unknown().optional() })).nullish(),
    Egress: z.array(z.looseObject({ PolicyIndex: z.unknown().optional() })).nullish(),
  }),
});

const WORKLOADS = ['Deployment', 'StatefulSet', 'ReplicaSet', 'DaemonSet', 'Job'];

/** `namespace`: of objects that say none. `deletion`: the objects are meant to be deleted; only policies can be. */
export function readProposal(
  documents: readonly unknown[],
  options: { readonly namespace: string; readonly deletion: boolean; readonly nodes: number },
): ReadProposal {
  const draft = {
    policies: [] as SecurityGroupPolicy[],
    deletedPolicies: [] as string[],
    nodeGroups: new Map<string, readonly string[]>(),
    workloads: [] as WorkloadChange[],
    serviceAccounts: new Map<string, Readonly<Record<string, string>>>(),
    rules: [] as RuleChange[],
    notLookedAt: [] as string[],
  };
  const problems: string[] = [];
  const flat = documents.flatMap((document) => itemsOf(document));
  for (const [index, document] of flat.entries()) {
    const where = `document ${index + 1}`;
    if (typeof document === 'object' && document !== null && 'SecurityGroupId' in document)
      problems.push(...readRules(where, document, draft.rules));
    else problems.push(...readObject(where, document, draft, options));
  }
  if (flat.length === 0) problems.push('there is no document in it');
  return problems.length > 0 ? { ok: false, problems } : { ok: true, proposal: draft };
}

/** A List stands for its items. */
function itemsOf(document: unknown): readonly unknown[] {
  const list = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) }).safeParse(document);
  return document === null || document === undefined ? [] : list.success ? list.data.items : [document];
}

function issues(where: string, error: z.ZodError, below = ''): readonly string[] {
  return error.issues.map(
    ({ path, message }) => `${where}: ${[below, ...path].filter((part) => part !== '').join('.')}: ${message}`,
  );
}

function readRules(where: string, document: unknown, into: RuleChange[]): readonly string[] {
  const read = ruleDocument.safeParse(document);
  if (!read.success) return issues(where, read.error);
  const { SecurityGroupId: groupId, SecurityGroupPolicySet: set, Action } = read.data;
  const both = set.Ingress != null && set.Egress != null;
  const action = Action ?? (both ? 'ModifySecurityGroupPolicies' : 'CreateSecurityGroupPolicies');
  if (action === 'ModifySecurityGroupPolicies' && !both)
    return [`${where}: SecurityGroupPolicySet: ${action} is a full reset and needs both Ingress and Egress`];
  if (action === 'CreateSecurityGroupPolicies' && both)
    return [`${where}: SecurityGroupPolicySet: ${action} takes one direction per call`];
  const parsed = parseSecurityGroup(groupId, set);
  if (!parsed.ok)
    return parsed.problems.map(({ path, message }) => `${where}: SecurityGroupPolicySet.${path}: ${message}`);
  const first = [...(set.Ingress ?? []), ...(set.Egress ?? [])][0]?.PolicyIndex;
  const at = first === undefined || first === null ? undefined : Number(first);
  into.push({
    groupId,
    action,
    rules: parsed.value,
    ...(at === undefined || action !== 'CreateSecurityGroupPolicies' ? {} : { at }),
  });
  return [];
}

interface Draft {
  readonly policies: SecurityGroupPolicy[];
  readonly deletedPolicies: string[];
  readonly nodeGroups: Map<string, readonly string[]>;
  readonly workloads: WorkloadChange[];
  readonly serviceAccounts: Map<string, Readonly<Record<string, string>>>;
  readonly notLookedAt: string[];
}

function readObject(
  where: string,
  document: unknown,
  draft: Draft,
  options: { readonly namespace: string; readonly deletion: boolean; readonly nodes: number },
): readonly string[] {
  const read = objectSchema.safeParse(document);
  if (!read.success)
    return [
      `${where}: expected an object of Kubernetes (apiVersion, kind, metadata.name) or rules of the cloud (SecurityGroupId, SecurityGroupPolicySet)`,
    ];
  const { kind } = read.data;
  const { name, namespace = options.namespace } = read.data.metadata;
  const at = `${where} (${kind} ${name})`;
  if (kind === 'SecurityGroupPolicy') {
    if (options.deletion) draft.deletedPolicies.push(`${namespace}/${name}`);
    else return readPolicy(at, read.data, namespace, draft.policies);
    return [];
  }
  if (options.deletion) {
    draft.notLookedAt.push(`deletion of ${kind} ${name}`);
    return [];
  }
  if (kind === 'NodeENIConfig') {
    const spec = nodeEniConfigSpecSchema.safeParse(read.data['spec'] ?? {});
    if (!spec.success) return issues(at, spec.error, 'spec');
    if (spec.data.securityGroups !== undefined) draft.nodeGroups.set(name, spec.data.securityGroups);
    return [];
  }
  if (kind === 'ServiceAccount') {
    draft.serviceAccounts.set(`${namespace}/${name}`, read.data.metadata.labels ?? {});
    return [];
  }
  if (kind === 'Pod' || WORKLOADS.includes(kind))
    return readWorkload(at, read.data, namespace, draft.workloads, options.nodes);
  draft.notLookedAt.push(`${kind} ${name}`);
  return [];
}

function readPolicy(
  where: string,
  document: z.output<typeof objectSchema>,
  namespace: string,
  into: SecurityGroupPolicy[],
): readonly string[] {
  const spec = securityGroupPolicySpecSchema.safeParse(document['spec']);
  if (!spec.success) return issues(where, spec.error, 'spec');
  const policy: SecurityGroupPolicy = {
    apiVersion: document.apiVersion,
    kind: document.kind,
    metadata: { name: document.metadata.name, namespace },
    // The schema has just said so; optional members differ in what they call absent.
    spec: document['spec'] as SecurityGroupPolicy['spec'],
  };
  const { selection } = projectPolicy(policy);
  if (selection.kind === 'unreadable') return [`${where}: ${selection.problem}`];
  into.push(policy);
  return [];
}

function readWorkload(
  where: string,
  document: z.output<typeof objectSchema>,
  namespace: string,
  into: WorkloadChange[],
  nodes: number,
): readonly string[] {
  const { kind } = document;
  const { name } = document.metadata;
  const read =
    kind === 'Pod'
      ? template.safeParse({ metadata: document.metadata, spec: document['spec'] })
      : workloadSchema.safeParse(document);
  if (!read.success) return issues(where, read.error);
  const spec = 'template' in read.data.spec ? (read.data.spec as z.output<typeof workloadSchema>['spec']) : undefined;
  const pod = spec?.template ?? (read.data as z.output<typeof template>);
  into.push({
    kind,
    namespace,
    name,
    labels: pod.metadata?.labels ?? {},
    serviceAccount: pod.spec.serviceAccountName ?? 'default',
    hostNetwork: pod.spec.hostNetwork === true,
    replicas: kind === 'Pod' ? 1 : kind === 'DaemonSet' ? nodes : (spec?.replicas ?? spec?.completions ?? 1),
  });
  return [];
}
