// What a Pod's annotations ask of its public address (spec 004; facts/tke.md 4.1, 4.2 and 8). Pure.
import { claimDurationMs } from '../api/claim-duration.ts';
import { annotations } from '../api/keys.ts';
import { claimDeletePolicies, type ClaimDeletePolicy } from '../api/vpc-ip-claim.ts';
import { EIP_ID } from '../cloud/eip-calls.ts';
import { readEipAttributes } from './eip-attributes.ts';

export interface EipDemand {
  /** A new EIP, by the text of the annotation, or existing ones in their order. */
  readonly source:
    | {
        readonly kind: 'create';
        readonly attributes: string;
        readonly parameters: Readonly<Record<string, unknown>>;
        readonly bandwidth: number;
      }
    | { readonly kind: 'designate'; readonly eipIds: readonly string[] };
  readonly deletePolicy: ClaimDeletePolicy;
  readonly expiredDuration?: string;
}

export type EipDemandResult =
  | { readonly kind: 'none' }
  | { readonly kind: 'demand'; readonly demand: EipDemand }
  /** One sentence each: annotation, value, what is accepted. Nothing is bought. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

export interface EipDemandOptions {
  /** The keys with prefix `eks.` are read too; those without win. Only on super nodes, or where the node is not known yet. */
  readonly superNode?: boolean;
  /** `vpcCni.eip.allowFurtherAttributes` (ADR 0026). */
  readonly furtherAttributes?: boolean;
}

type Marks = Readonly<Record<string, string>>;

/** `none`: neither annotation is there. The words themselves are judged, not whether the cloud has what they name. */
export function readEipDemand(marks: Marks, options: EipDemandOptions = {}): EipDemandResult {
  const { superNode = false, furtherAttributes = false } = options;
  const find = (key: string, eksKey: string): readonly [string, string] | undefined => {
    if (marks[key] !== undefined) return [key, marks[key]];
    return superNode && marks[eksKey] !== undefined ? [eksKey, marks[eksKey]] : undefined;
  };
  const attributes = find(annotations.eipAttributes, annotations.eksEipAttributes);
  const list = find(annotations.eipIdList, annotations.eksEipIdList);
  if (attributes === undefined && list === undefined) return { kind: 'none' };
  const problems: string[] = [];
  const refuse = (key: string, value: string, what: string): undefined =>
    void problems.push(`annotation ${key}="${value}": ${what}`);

  if (attributes !== undefined && list !== undefined)
    problems.push(
      `annotations ${attributes[0]} and ${list[0]} exclude each other: the first asks for a new EIP, the second for existing ones; keep one`,
    );
  const created = attributes === undefined ? undefined : createOf(attributes, furtherAttributes, refuse);
  const eipIds = list === undefined ? undefined : idsOf(list, refuse);
  const rest = keepingOf(find(annotations.eipClaimDeletePolicy, annotations.eksEipClaimDeletePolicy), marks, refuse);
  if (problems.length > 0) return { kind: 'invalid', problems };
  const source = created ?? (eipIds === undefined ? undefined : { kind: 'designate' as const, eipIds });
  return source === undefined ? { kind: 'none' } : { kind: 'demand', demand: { source, ...rest } };
}

type Refuse = (key: string, value: string, what: string) => undefined;

function createOf(
  [key, value]: readonly [string, string],
  further: boolean,
  refuse: Refuse,
): Extract<EipDemand['source'], { kind: 'create' }> | undefined {
  const read = readEipAttributes(value, further);
  if (read.ok)
    return { kind: 'create', attributes: value.trim(), parameters: read.parameters, bandwidth: read.bandwidth };
  for (const problem of read.problems) refuse(key, value, problem);
  return undefined;
}

function idsOf([key, value]: readonly [string, string], refuse: Refuse): readonly string[] | undefined {
  const ids = value.split(',').map((id) => id.trim());
  const example = 'a comma list of EIP ids such as eip-12ab34cd,eip-56ef78gh';
  if (ids.every((id) => id === '')) return refuse(key, value, `it is empty; expected ${example}`);
  // The place in the list is what an ordinal means: nothing is left out silently.
  if (ids.includes('')) return refuse(key, value, `an entry is empty; expected ${example}`);
  const wrong = ids.find((id) => !EIP_ID.test(id));
  if (wrong !== undefined) return refuse(key, value, `"${wrong}" is not an EIP id; expected ${example}`);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) return refuse(key, value, `"${twice}" is there twice; one EIP serves one Pod`);
  return ids;
}

function keepingOf(
  policy: readonly [string, string] | undefined,
  marks: Marks,
  refuse: Refuse,
): Pick<EipDemand, 'deletePolicy' | 'expiredDuration'> {
  const asked = policy?.[1].trim() ?? '';
  const deletePolicy = asked === '' ? 'Immediate' : claimDeletePolicies.find((known) => known === asked);
  if (deletePolicy === undefined && policy !== undefined)
    refuse(policy[0], policy[1], 'expected "Immediate" or "Never"');
  const text = marks[annotations.claimExpiredDuration]?.trim() ?? '';
  const duration = text === '' ? undefined : claimDurationMs(text);
  if (duration?.ok === false) refuse(annotations.claimExpiredDuration, text, duration.problem);
  return { deletePolicy: deletePolicy ?? 'Immediate', ...(text === '' ? {} : { expiredDuration: text }) };
}

/** Workloads whose Pods end in letters and digits that mean nothing, even where they are digits alone (spec 004: a Deployment). */
const WITHOUT_ORDINALS: ReadonlySet<string> = new Set(['ReplicaSet', 'ReplicationController', 'DaemonSet', 'Job']);

/** The number at the end of a Pod's name (spec 004); undefined for Pods of workloads without ordinals. GUESS beyond ReplicaSets. */
export function ordinalOf(podName: string, controllerKind: string | undefined): number | undefined {
  if (controllerKind !== undefined && WITHOUT_ORDINALS.has(controllerKind)) return undefined;
  const digits = /-(\d{1,9})$/.exec(podName)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** For the person who made a Pod without an ordinal that names several. */
export const anyOfSeveral = (eipIds: readonly string[]): string =>
  `annotation ${annotations.eipIdList} names ${eipIds.length} EIPs, and the name of this Pod has no ordinal: it gets any that is free, and where Pods outnumber them the others wait; use a StatefulSet, or name one EIP`;

export type Candidates =
  | { readonly ok: true; readonly eipIds: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** Which of the designated EIPs the Pod may have: the one of its ordinal, or any. */
export function candidatesOf(eipIds: readonly string[], ordinal: number | undefined): Candidates {
  if (ordinal === undefined) return { ok: true, eipIds };
  const own = eipIds[ordinal];
  if (own !== undefined) return { ok: true, eipIds: [own] };
  return {
    ok: false,
    problem: `annotation ${annotations.eipIdList} names ${eipIds.length} EIP${eipIds.length === 1 ? '' : 's'} (${eipIds.join(', ')}), and a Pod with ordinal ${ordinal} needs number ${ordinal + 1}; name as many as there are replicas`,
  };
}
