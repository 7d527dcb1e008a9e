// What a Pod asks of its public address, as admission sees it: nothing, something it can have, or words that ipamd would not act on (spec 004).
import { z } from 'zod';
import { annotations as keys } from '../api/keys.ts';
import { anyOfSeveral, ordinalOf, readEipDemand } from '../planning/eip-demand.ts';
import type { AdmissionPod } from './admission-pod.ts';

export type EipWish =
  | { readonly kind: 'none' }
  /** In the words of ipamd's own reader. */
  | { readonly kind: 'wrong'; readonly problem: string }
  /** `warnings`: for the person who creates it. */
  | { readonly kind: 'wanted'; readonly warnings: readonly string[] };

const NONE: EipWish = { kind: 'none' };

const ownersSchema = z.array(z.object({ kind: z.string(), controller: z.boolean().nullish() }));

/** Of a Pod for general nodes: keys of super nodes are not looked at. `furtherAttributes`: add-on value `vpcCni.eip.allowFurtherAttributes`. */
export function eipWish({ metadata }: AdmissionPod, furtherAttributes: boolean): EipWish {
  const marks = metadata.annotations ?? {};
  if (marks[keys.eipAttributes] === undefined && marks[keys.eipIdList] === undefined) return NONE;
  const read = readEipDemand(marks, { furtherAttributes });
  if (read.kind === 'none') return NONE;
  if (read.kind === 'invalid') return { kind: 'wrong', problem: read.problems.join('; ') };
  const { source } = read.demand;
  const several = source.kind === 'designate' && source.eipIds.length > 1;
  if (!several || ordinalOf(metadata.name ?? '', controllerKind(metadata.ownerReferences)) !== undefined)
    return { kind: 'wanted', warnings: [] };
  return { kind: 'wanted', warnings: [anyOfSeveral(source.eipIds)] };
}

/** The annotation by which a Pod asks for an EIP. */
export const eipAnnotation = ({ metadata }: AdmissionPod): string | undefined =>
  [keys.eipAttributes, keys.eipIdList].find((key) => metadata.annotations?.[key] !== undefined);

function controllerKind(owners: unknown): string | undefined {
  const read = ownersSchema.safeParse(owners);
  return read.success ? read.data.find(({ controller }) => controller === true)?.kind : undefined;
}
