// Which fields a write cannot own, because its endpoint puts back what was there: the strategies' reset fields.
import type { Definition, Subresource } from '../registry/definition.ts';
import type { FieldSet } from './field-set.ts';
import { emptySet, leaf, node } from './field-set.ts';

const tree = (members: Readonly<Record<string, FieldSet>>): FieldSet =>
  node(false, new Map(Object.entries(members).map(([name, set]) => [`f:${name}`, set])));

/** Kinds whose status endpoint also puts back some of the metadata. */
const statusMetadata: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['labels'],
  Pod: ['deletionTimestamp', 'ownerReferences'],
};

/** The subtrees that a write through `subresource` does not touch (GetResetFields of the kinds' strategies). */
export function resetFieldsOf(definition: Definition, subresource: Subresource | undefined): FieldSet {
  if (subresource === 'status') {
    if (definition.custom) return tree({ metadata: leaf, spec: leaf });
    const metadata = statusMetadata[definition.kind] ?? [];
    return tree({
      spec: leaf,
      ...(metadata.length === 0 ? {} : { metadata: tree(Object.fromEntries(metadata.map((name) => [name, leaf]))) }),
    });
  }
  if (subresource === 'finalize') return tree({ status: leaf });
  return definition.subresources.includes('status') ? tree({ status: leaf }) : emptySet;
}
